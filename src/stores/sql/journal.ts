/**
 * The journal of balances, read by version and by time.
 *
 * A balance's lines are numbered without gaps (law 3), so the number of lines in a range of versions is known before it is read. That
 * bounds every statement. A line is found in the run with the greatest first version that is not above its own. No index covers the time
 * of a run; a binary search over the versions finds it, with about 25 look-ups by key in a journal of 10 million lines.
 */
import { sql, type Compilable, type RawBuilder } from 'kysely'
import type { BalanceRecord } from '../../domain/balance.ts'
import { showAuthor, type Author } from '../../domain/by.ts'
import type { PostingKey } from '../../domain/hold-history.ts'
import type { AccountName, AssetCode, Instant, RequestId } from '../../domain/ids.ts'
import {
  endOfHold,
  requestOfEntry,
  showLine,
  type EntryRecord,
  type Posting,
  type StatementLine,
} from '../../domain/journal.ts'
import { CLOCK_DIFFERENCE_MS_MAX, type Page, type Period, type PostingQuery } from '../../engine/reader.ts'
import { filtersAttached, matchesAttached, type Attached } from '../attached.ts'
import type { CursorKeys } from '../cursor.ts'
import { lineBytes } from '../page-bytes.ts'
import { AUTHOR, authorOf, ENDER, LINE_AUTHORS } from './author-row.ts'
import {
  BalanceNamesById,
  balancesOpposite,
  COUNTERPARTY_COLUMNS,
  counterpartiesOfLine,
  linksOf,
  type Links,
} from './counterparties.ts'
import type { QueryBuilder } from './dialect.ts'
import { lastKey, PageInProgress, pageOf } from './pages.ts'
import { idOf, requestIdOf } from './request-key.ts'
import { linesOf, postingIn, postingOf, type Line } from './run-row.ts'
import { entriesWith, runPlacesIn } from './snapshot-rows.ts'
import { big, metadataOf, whole, type Row } from './values.ts'
import { LookWidths, Walk, WALK_LIMITS, type VersionRange, type WalkLimits } from './walk.ts'

/** One balance of an account: a house account has one for each of its stripes. */
export interface Stripe {
  readonly id: number
  readonly stripe: number
  readonly held: bigint
  readonly version: number
}

/** Requests in one statement, and rows of one statement where each has to be read to apply a filter. */
const REQUESTS_PER_STATEMENT = 500
export const ROWS_READ_THROUGH = REQUESTS_PER_STATEMENT - 1

/**
 * Runs that are read by their keys in one statement. It has two parameters and one term of an OR for each; SQLite nests at most
 * 1,000 terms (https://www.sqlite.org/limits.html), and a transfer of 1,000 legs has up to 2,000 postings.
 */
const RUNS_PER_STATEMENT = 200

/** Runs that are looked up in one statement, with a subquery for each. */
const LOOKUPS_PER_STATEMENT = 50

export class SqlJournal {
  readonly #builder: QueryBuilder
  readonly #rows: (statement: Compilable) => Promise<readonly Row[]>
  readonly #limits: WalkLimits

  constructor(
    builder: QueryBuilder,
    rows: (statement: Compilable) => Promise<readonly Row[]>,
    limits: WalkLimits = WALK_LIMITS,
  ) {
    this.#builder = builder
    this.#rows = rows
    this.#limits = limits
  }

  /** The balances of an account and asset: one, or the stripes of a house account. */
  async stripes(account: AccountName, asset: AssetCode): Promise<readonly Stripe[]> {
    const rows = await this.#rows(
      this.#builder
        .selectFrom('balances')
        .select(['id', 'stripe', 'held', 'version'])
        .where('account', '=', account)
        .where('asset', '=', asset)
        .orderBy('stripe'),
    )
    return rows.map((row) => ({
      id: whole(row['id']),
      stripe: whole(row['stripe']),
      held: big(row['held']),
      version: whole(row['version']),
    }))
  }

  /** Stripe after stripe, each a range of the primary key: one statement over all stripes would sort the whole journal. */
  async page(query: PostingQuery): Promise<Page<StatementLine>> {
    const last = lastKey('postings', query)
    const { account, asset, limit, hold = null } = query
    const stripes = await this.stripes(account, asset)
    const page = new PageInProgress<StatementLine>(limit, lineBytes)
    const isReadThrough = hold !== null || filtersAttached(query)
    const isFiltered = query.kind !== null || (query.from ?? null) !== null || (query.until ?? null) !== null
    const walk = this.walk(isReadThrough)
    const widths = new LookWidths()
    const names = new BalanceNamesById(this.#builder, this.#rows)
    for (const balance of stripes.filter((each) => last === null || each.stripe >= last[0])) {
      if (page.isFull) break
      const { stripe } = balance
      const below = last !== null && stripe === last[0] ? last[1] : null
      const own = { id: balance.id, account, asset, stripe }
      const stoppedAt = await walk.down(await this.range(balance, query, below), async ({ low, high }) => {
        if (page.isFull) return null
        const portionMax = isReadThrough ? ROWS_READ_THROUGH : undefined
        const portion = page.portion(portionMax)
        const from = Math.max(low, high - (isFiltered ? Math.max(portion, widths.next()) : portion))
        const wanted = (await this.linesIn({ low: from, high }, balance.id)).filter((line) => passes(line, query))
        for (let start = 0; start < wanted.length && !page.isFull;) {
          const some = wanted.slice(start, start + page.portion(portionMax))
          start += some.length
          const found = await this.#lines(some, own, names)
          page.add(found, (line) => (hold === null || line.hold === hold) && matchesAttached(line, query))
        }
        return from
      })
      if (stoppedAt !== null) return pageOfLines(page.rows, limit, [stripe, stoppedAt])
    }
    return pageOfLines(page.rows, limit)
  }

  /** The walk of one page; shorter where every row has to be read to apply a filter. */
  walk(isReadThrough: boolean): Walk {
    return new Walk(isReadThrough ? this.#limits.requestsMax : this.#limits.linesMax)
  }

  /** The lines of these versions of a balance, newest first. */
  async linesIn({ low, high }: VersionRange, balanceId: number): Promise<readonly Line[]> {
    if (low >= high) return []
    const rows = await this.#rows(
      this.#builder
        .selectFrom('journal')
        .selectAll()
        .where('balance_id', '=', balanceId)
        .where('first_version', '<', high)
        .where('first_version', '>=', firstVersionUpTo(balanceId, low))
        .orderBy('first_version', 'desc'),
    )
    const lines: Line[] = []
    for (const row of rows) {
      for (const line of linesOf(row).toReversed()) if (line.version >= low && line.version < high) lines.push(line)
    }
    return lines
  }

  /** What is attached to each line by its request: the id of its entry, memo, metadata, and the hold of a step. */
  async #attached(lines: readonly Line[]): Promise<ReadonlyMap<number, Attachment>> {
    const seqs = [...new Set(lines.map(({ seq }) => seq))]
    const attached = new Map<number, Attachment>()
    for (let start = 0; start < seqs.length; start += REQUESTS_PER_STATEMENT) {
      const rows = await this.#rows(
        this.#builder
          .selectFrom('requests')
          .leftJoin('requests as hold', 'hold.seq', 'requests.hold_seq')
          .leftJoin('hold_changes as ended', (join) =>
            // An end that is no step is the first change of its hold.
            join.onRef('ended.hold_seq', '=', 'requests.seq').on('ended.number', '=', sql.lit(1)),
          )
          .select(['requests.seq', 'requests.id', 'requests.id_text', 'requests.kind', 'requests.memo'])
          .select(['requests.metadata', 'hold.id as hold_id', 'hold.id_text as hold_id_text'])
          .select('hold.metadata as hold_metadata')
          .select(COUNTERPARTY_COLUMNS)
          .select(LINE_AUTHORS)
          .where('requests.seq', 'in', seqs.slice(start, start + REQUESTS_PER_STATEMENT)),
      )
      for (const row of rows) {
        const id = idOf(row)
        // The end of a hold, and its late settle, are named after it and have its metadata.
        const isNamedAfterHold = requestOfEntry(id) !== id
        attached.set(whole(row['seq']), {
          id,
          isFreeze: row['kind'] === 'freeze',
          memo: row['memo'] as string | null,
          metadata: metadataOf(row[isNamedAfterHold ? 'hold_metadata' : 'metadata']),
          step: row['hold_id'] === null ? null : requestIdOf(row['hold_id'], row['hold_id_text']),
          links: linksOf(row),
          author: authorOf(row, AUTHOR),
          ender: authorOf(row, ENDER),
        })
      }
    }
    return attached
  }

  /** Lines with their counterparties and the memo and metadata of their requests, in their order. @param own their balance */
  async #lines(lines: readonly Line[], own: BalanceName, names: BalanceNamesById): Promise<readonly StatementLine[]> {
    const attached = await this.#attached(lines)
    const found = lines.map((line) => {
      const own = attached.get(line.seq)
      if (own === undefined) throw new Error(`The request of version ${line.version} of a balance is gone.`)
      return own
    })
    await names.load(lines.flatMap((line, index) => balancesOpposite(line, own.id, found[index]!.links)))
    return lines.map((line, index) => {
      const request = found[index]!
      const counterparties = counterpartiesOfLine(line, own, request.links, names)
      const by = showAuthor(request.isFreeze && line.kind !== 'freeze' ? request.ender : request.author)
      return showLine(
        postingOf(line, entryIdOf(line, request), own),
        { ...request, ...counterparties, by },
        request.step,
      )
    })
  }

  /** Each balance after its last posting up to the instant; balances without one are left out. */
  async balancesAt(balances: readonly BalanceRecord[], at: Instant): Promise<readonly BalanceRecord[]> {
    const ends = await this.#firstAfter(balances, at + CLOCK_DIFFERENCE_MS_MAX)
    const begun = balances.filter(({ id }) => ends.get(id)! > 1)
    const newest = await this.#runsAt(begun.map(({ id }) => [id, ends.get(id)! - 1]))
    const found: BalanceRecord[] = []
    for (const [index, balance] of begun.entries()) {
      // The search ends within some seconds of the instant. A run after the instant needs a search by the time itself.
      const top = newest[index]!
      const last =
        whole(top['at']) <= at ? lastOf(top) : await this.#lastUpTo(balance.id, whole(top['first_version']), at)
      if (last !== null) found.push({ ...balance, ...last })
    }
    return found
  }

  async #lastUpTo(balanceId: number, below: number, at: Instant): Promise<BalanceAfter | null> {
    const [row] = await this.#rows(
      this.#builder
        .selectFrom('journal')
        .select(['last_version', 'available', 'held'])
        .where('balance_id', '=', balanceId)
        .where('first_version', '<', below)
        .where('at', '<=', at)
        .orderBy('first_version', 'desc')
        .limit(sql.lit(1)),
    )
    return row === undefined ? null : lastOf(row)
  }

  /**
   * The versions that include every posting of the period; a few around its ends may be outside of it.
   *
   * @param below the version at which the previous page ended
   */
  async range({ id, version }: Stripe, { from, until }: Period, below: number | null): Promise<VersionRange> {
    const last = below === null ? version : Math.min(below - 1, version)
    const bound = async (instant: Instant): Promise<number> =>
      (await this.#firstAfter([{ id, version: last }], instant)).get(id)!
    // The previous page was already below the end of the period.
    const isOpen = below !== null || until === null || until === undefined
    const high = isOpen ? last + 1 : await bound(until - 1 + CLOCK_DIFFERENCE_MS_MAX)
    const low = from === null || from === undefined ? 1 : await bound(from - 1 - CLOCK_DIFFERENCE_MS_MAX)
    return { low, high }
  }

  /**
   * For each balance a version whose posting is later than the instant while the previous one is not; the version after the last when
   * none is. Where time runs back there can be several; all of them are within the difference of the clocks.
   */
  async #firstAfter(
    balances: readonly { readonly id: number; readonly version: number }[],
    instant: Instant,
  ): Promise<ReadonlyMap<number, number>> {
    const searches = balances.map(({ id, version }) => ({ id, low: 0, high: version + 1, probe: version }))
    for (;;) {
      const open = searches.filter(({ low, high }) => high - low > 1)
      if (open.length === 0) return new Map(searches.map(({ id, high }) => [id, high]))
      const runs = await this.#runsAt(open.map(({ id, probe }) => [id, probe]))
      for (const [index, search] of open.entries()) {
        const run = runs[index]
        if (run === undefined) throw new Error(`The posting ${search.id}/${search.probe} is gone.`)
        // All lines of a run have one time.
        if (whole(run['at']) > instant) search.high = whole(run['first_version'])
        else search.low = whole(run['last_version'])
        search.probe = Math.floor((search.low + search.high) / 2)
      }
    }
  }

  /** The postings of an entry at these keys, in their order. */
  async postingsAt(keys: readonly PostingKey[], entryId: string): Promise<readonly Posting[]> {
    const runs = await this.#runsAt(keys)
    return keys.map((key, index) => postingIn(runs[index], key, entryId))
  }

  /** The entry of a row, with its postings. @param row of another kind than `freeze`, as request-select.ts reads it */
  async entryOf(row: Row): Promise<EntryRecord> {
    const [entry] = await this.entriesOf([row])
    return entry!
  }

  /** In the order of the rows. */
  async entriesOf(rows: readonly Row[]): Promise<readonly EntryRecord[]> {
    const places = runPlacesIn({ entries: rows })
    const runs: Row[] = []
    for (let start = 0; start < places.length; start += RUNS_PER_STATEMENT) {
      runs.push(...(await this.#runs(places.slice(start, start + RUNS_PER_STATEMENT))))
    }
    return entriesWith(rows, runs)
  }

  /** For each key the run that has it, joined with its balance; undefined where there is none. */
  async #runsAt(keys: readonly PostingKey[]): Promise<readonly (Row | undefined)[]> {
    const runs = new Map<number, Row[]>()
    for (let start = 0; start < keys.length; start += LOOKUPS_PER_STATEMENT) {
      const some = keys.slice(start, start + LOOKUPS_PER_STATEMENT)
      const rows = await this.#runs(
        some.map(([balanceId, version]) => [balanceId, firstVersionUpTo(balanceId, version)] as const),
      )
      for (const row of rows) {
        const balanceId = whole(row['balance_id'])
        const own = runs.get(balanceId)
        if (own === undefined) runs.set(balanceId, [row])
        else own.push(row)
      }
    }
    return keys.map(([balanceId, version]) =>
      runs
        .get(balanceId)
        ?.find((row) => whole(row['first_version']) <= version && version <= whole(row['last_version'])),
    )
  }

  /** Runs by their keys, joined with their balances. */
  async #runs(keys: readonly (readonly [balanceId: number, firstVersion: FirstVersion])[]): Promise<readonly Row[]> {
    return await this.#rows(
      this.#builder
        .selectFrom('journal')
        .leftJoin('balances', 'balances.id', 'journal.balance_id')
        .selectAll('journal')
        .select(['balances.account', 'balances.asset', 'balances.stripe'])
        .where((where) =>
          where.or(
            keys.map(([balanceId, firstVersion]) =>
              where.and([
                where('journal.balance_id', '=', balanceId),
                where('journal.first_version', '=', firstVersion),
              ]),
            ),
          ),
        ),
    )
  }
}

/** The number of a first version, or a subquery for it. */
type FirstVersion = number | RawBuilder<number>

/** A balance after a run. */
type BalanceAfter = Pick<BalanceRecord, 'available' | 'held' | 'version'>

function lastOf(run: Row): BalanceAfter {
  return { available: big(run['available']), held: big(run['held']), version: whole(run['last_version']) }
}

/** A balance and its names. */
interface BalanceName extends Pick<Posting, 'account' | 'asset' | 'stripe'> {
  readonly id: number
}

interface Attachment extends Attached {
  /** The request id. */
  readonly id: string
  readonly isFreeze: boolean
  /** The hold of a step. */
  readonly step: RequestId | null
  readonly links: Links
  readonly author: Author | null
  /** Who ended the hold that the request opened, if the end was no step. */
  readonly ender: Author | null
}

/** The first version of the run that has this version of a balance. Every planner finds the greatest key below a bound by itself. */
function firstVersionUpTo(balanceId: number, version: number): RawBuilder<number> {
  return sql<number>`(SELECT MAX(run.first_version) FROM journal AS run WHERE run.balance_id = ${balanceId} AND run.first_version <= ${version})`
}

function entryIdOf({ kind }: Line, { id, isFreeze }: Attachment): string {
  return isFreeze && (kind === 'settle' || kind === 'release') ? endOfHold(id, kind) : id
}

function passes({ kind, at }: Line, { kind: wanted, from = null, until = null }: PostingQuery): boolean {
  return (wanted === null || kind === wanted) && (from === null || at >= from) && (until === null || at < until)
}

export function pageOfLines(
  lines: readonly StatementLine[],
  limit: number,
  walkedTo: CursorKeys['postings'] | null = null,
): Page<StatementLine> {
  const keyOf = ({ stripe, version }: StatementLine) => [stripe, version] as const
  return pageOf(lines, { list: 'postings', limit, keyOf, bytesOf: lineBytes, walkedTo })
}
