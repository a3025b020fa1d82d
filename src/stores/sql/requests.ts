/** Requests by id and by number, each with everything that its record needs. */
import { sql, type Compilable, type RawBuilder } from 'kysely'
import type { HoldRecord } from '../../domain/hold-record.ts'
import { isRequestId, type AssetCode, type Instant, type RequestId } from '../../domain/ids.ts'
import type { DueQuery, ExpiryPlace } from '../../engine/reader.ts'
import type { QueryBuilder } from './dialect.ts'
import { holdOf } from './hold-row.ts'
import { assertSameId, idOf, requestIdOf, requestKeyBuffer } from './request-key.ts'
import { REQUEST_COLUMNS, REQUEST_JOINS } from './request-select.ts'
import { isHoldRow } from './snapshot-rows.ts'
import { whole, type Row } from './values.ts'

/** Requests that are read by their numbers in one statement. */
const SEQS_PER_STATEMENT = 500

/** The change of a hold after the one that request `r` made. */
const IS_LATER = sql`later.hold_seq = COALESCE(r.hold_seq, r.seq) AND later.number = COALESCE(r.hold_number, 0) + 1`

/** An open hold, at the place of its expiry. */
export interface Expiring extends ExpiryPlace {
  readonly id: RequestId
  readonly holdSeq: number
}

export interface ExpiryWindow extends Omit<DueQuery, 'until'> {
  /** Null: to the last place. */
  readonly until: Instant | null
}

export class SqlRequests {
  readonly #builder: QueryBuilder
  readonly #rows: (statement: Compilable) => Promise<readonly Row[]>

  constructor(builder: QueryBuilder, rows: (statement: Compilable) => Promise<readonly Row[]>) {
    this.#builder = builder
    this.#rows = rows
  }

  /** The row of an entry's id, as `holdOf` and `entryOf` read it. */
  async byId(id: string): Promise<Row | null> {
    const [row] = await this.select(sql`r.id = ${requestKeyBuffer(id)}`)
    if (row === undefined) return null
    assertSameId(id, idOf(row))
    return row
  }

  /** The hold or charge with this id. */
  async hold(id: RequestId): Promise<HoldRecord | null> {
    // No other text is the id of a hold.
    const row = isRequestId(id) ? await this.byId(id) : null
    return row !== null && isHoldRow(row) ? holdOf(row) : null
  }

  /** The holds of these numbers, in no particular order. */
  async holds(seqs: readonly number[]): Promise<readonly HoldRecord[]> {
    const found: HoldRecord[] = []
    for (let start = 0; start < seqs.length; start += SEQS_PER_STATEMENT) {
      const some = seqs.slice(start, start + SEQS_PER_STATEMENT)
      found.push(...(await this.select(sql`r.seq IN (${sql.join(some)})`)).map(holdOf))
    }
    return found
  }

  /** Rows of requests `r`. @param end of the statement, after its condition */
  async select(condition: RawBuilder<unknown>, end: RawBuilder<unknown> = sql``): Promise<readonly Row[]> {
    const [columns, joins] = [sql.raw(REQUEST_COLUMNS), sql.raw(REQUEST_JOINS)]
    return await this.#ask(sql`SELECT ${columns} FROM requests r ${joins} WHERE ${condition} ${end}`)
  }

  /**
   * Open holds by expiry, from an index that also has those which ended: a bounded number of places is looked at.
   *
   * A place is that of a freeze, or of a step that left its hold open. The one after which nothing else happened to the hold is the
   * hold's own: it has its present expiry, and the hold is open.
   *
   * @returns also the place up to which the index was looked at; null when it was looked at to the end of the window
   */
  async expiring(
    window: ExpiryWindow,
  ): Promise<{ readonly holds: readonly Expiring[]; readonly reached: ExpiryPlace | null }> {
    const { limit, placesMax } = window
    const within = placesIn(window)
    const last = await this.#placeAt(within, placesMax)
    const upTo = last === null ? sql`` : sql`AND ${isUpTo(last)}`
    const rows = await this.#ask(
      sql`SELECT r.expires_at, r.seq, COALESCE(h.seq, r.seq) AS hold_seq, COALESCE(h.id, r.id) AS hold_id,
          CASE WHEN h.seq IS NULL THEN r.id_text ELSE h.id_text END AS hold_id_text
        FROM requests r
        LEFT JOIN requests h ON h.seq = r.hold_seq
        LEFT JOIN hold_changes later ON ${IS_LATER}
        WHERE ${within} ${upTo} AND later.number IS NULL
        ORDER BY r.expires_at, r.seq LIMIT ${sql.lit(limit)}`,
    )
    const holds = rows.map((row) => ({
      ...placeOf(row),
      holdSeq: whole(row['hold_seq']),
      id: requestIdOf(row['hold_id'], row['hold_id_text']),
    }))
    return { holds, reached: rows.length === limit ? placeOf(rows.at(-1)!) : last }
  }

  /**
   * How many holds are open by asset, among the places after one.
   *
   * @returns also the last of `placesMax` places; null when there were fewer
   */
  async openFrom(
    after: ExpiryPlace,
    placesMax: number,
  ): Promise<{ readonly assets: ReadonlyMap<AssetCode, number>; readonly reached: ExpiryPlace | null }> {
    const within = placesIn({ after, until: null, limit: placesMax, placesMax })
    const reached = await this.#placeAt(within, placesMax)
    const upTo = reached === null ? sql`` : sql`AND ${isUpTo(reached)}`
    const rows = await this.#ask(
      sql`SELECT b.asset, COUNT(*) AS holds
        FROM requests r
        LEFT JOIN requests h ON h.seq = r.hold_seq
        LEFT JOIN hold_changes later ON ${IS_LATER}
        JOIN balances b ON b.id = COALESCE(r.balance_id, h.balance_id)
        WHERE ${within} ${upTo} AND later.number IS NULL GROUP BY b.asset`,
    )
    return { assets: new Map(rows.map((row) => [row['asset'] as string, whole(row['holds'])])), reached }
  }

  /** Whether there are at least this many places after one. */
  async hasPlaces(after: ExpiryPlace, count: number): Promise<boolean> {
    return (await this.#placeAt(placesIn({ after, until: null, limit: count, placesMax: count }), count)) !== null
  }

  /** The last of this many places; null when there are fewer. */
  async #placeAt(within: RawBuilder<unknown>, placesMax: number): Promise<ExpiryPlace | null> {
    const [end] = await this.#ask(
      sql`SELECT r.expires_at, r.seq FROM requests r WHERE ${within}
        ORDER BY r.expires_at, r.seq LIMIT 1 OFFSET ${sql.lit(placesMax - 1)}`,
    )
    return end === undefined ? null : placeOf(end)
  }

  /** Whether any hold ever had a step. */
  async hasSteps(): Promise<boolean> {
    return (await this.#ask(sql`SELECT 1 AS one FROM requests WHERE hold_seq IS NOT NULL LIMIT 1`)).length > 0
  }

  async #ask(statement: RawBuilder<unknown>): Promise<readonly Row[]> {
    return await this.#rows({ compile: () => statement.compile(this.#builder) })
  }
}

/** Written so that every planner sees a range of the index. */
function placesIn({ after, until }: ExpiryWindow): RawBuilder<unknown> {
  const conditions = [sql`r.expires_at IS NOT NULL`]
  if (after !== null) {
    const { expiresAt, seq } = after
    conditions.push(sql`r.expires_at >= ${expiresAt} AND (r.expires_at > ${expiresAt} OR r.seq > ${seq})`)
  }
  if (until !== null) conditions.push(sql`r.expires_at <= ${until}`)
  return sql.join(conditions, sql` AND `)
}

function isUpTo({ expiresAt, seq }: ExpiryPlace): RawBuilder<unknown> {
  return sql`r.expires_at <= ${expiresAt} AND (r.expires_at < ${expiresAt} OR r.seq <= ${seq})`
}

function placeOf(row: Row): ExpiryPlace {
  return { expiresAt: whole(row['expires_at']), seq: whole(row['seq']) }
}
