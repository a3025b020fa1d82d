/**
 * The entries of holds: the freeze, the steps, and the end.
 *
 * The freeze, and an end that was no step, belong to the hold's own request; steps have requests of their own.
 */
import { sql, type Compilable } from 'kysely'
import {
  endingKeysOf,
  endingOf,
  eventOfChange,
  frozenEvent,
  openingKeyOf,
  openingOf,
} from '../../domain/hold-history.ts'
import { isCharge, kindOfEnd, type HoldRecord } from '../../domain/hold-record.ts'
import type { RequestId } from '../../domain/ids.ts'
import { endOfHold, showEntry, type Entry, type EntryRecord, type HoldEvent } from '../../domain/journal.ts'
import type { HoldHistoryQuery, Page } from '../../engine/reader.ts'
import { rowBytes } from '../page-bytes.ts'
import { AUTHOR, AUTHOR_COLUMNS, authorOf } from './author-row.ts'
import type { QueryBuilder } from './dialect.ts'
import { changedHoldOf, HOLD_STEPPED } from './hold-row.ts'
import type { SqlJournal } from './journal.ts'
import { lastKey, oneMoreThan, pageOf } from './pages.ts'
import { idOf } from './request-key.ts'
import { columnsOf } from './request-select.ts'
import type { SqlRequests } from './requests.ts'
import { whole, type Row } from './values.ts'

export class HoldEntries {
  readonly #builder: QueryBuilder
  readonly #rows: (statement: Compilable) => Promise<readonly Row[]>
  readonly #journal: SqlJournal
  readonly #requests: SqlRequests

  constructor(
    builder: QueryBuilder,
    rows: (statement: Compilable) => Promise<readonly Row[]>,
    { journal, requests }: { readonly journal: SqlJournal; readonly requests: SqlRequests },
  ) {
    this.#builder = builder
    this.#rows = rows
    this.#journal = journal
    this.#requests = requests
  }

  /** Reads no more changes than the page shows. */
  async history(query: HoldHistoryQuery): Promise<Page<HoldEvent> | null> {
    const last = lastKey('holdHistory', query)
    const hold = await this.#requests.hold(query.hold)
    if (hold === null) return null
    const after = last === null ? -1 : last[0]
    const events = after < 0 ? [frozenEvent(hold)] : []
    if (after < hold.changes) {
      const rows = await this.#changes(hold, Math.max(0, after), query.limit)
      events.push(...rows.map((row) => eventOfChange(changedHoldOf(hold, row), stepIn(row))))
    }
    return pageOf(events, {
      list: 'holdHistory',
      limit: query.limit,
      keyOf: ({ number }) => [number],
      bytesOf: ({ hold: shown }) => rowBytes(shown),
    })
  }

  /** The entries of a hold, with up to `changesMax` changes; null when it has more. */
  async all(id: RequestId, changesMax: number): Promise<readonly Entry[] | null> {
    const hold = await this.#requests.hold(id)
    if (hold === null) return []
    if (hold.changes > changesMax) return null
    // The entry of a charge is no entry of a hold.
    const entries = isCharge(hold) ? [] : [await this.opening(hold)]
    if (hold.changes === 0) return entries
    const isStep = new Set<number>()
    for (const row of await this.#requests.select(sql`r.seq IN (
      SELECT s.seq FROM hold_changes s WHERE s.hold_seq = ${hold.seq} AND s.seq IS NOT NULL)`)) {
      isStep.add(whole(row['hold_number']))
      entries.push(showEntry(await this.#journal.entryOf(row)))
    }
    const end = hold.end === null || isStep.has(hold.end.number) ? null : await this.ending(hold)
    return end === null ? entries : [...entries, end]
  }

  async opening(hold: HoldRecord): Promise<Entry> {
    return openingOf(hold, await this.#journal.postingsAt([openingKeyOf(hold)], hold.id))
  }

  /** The entry of an end that was no step; null while the hold is open. */
  async ending(hold: HoldRecord): Promise<Entry | null> {
    const id = endOfHold(hold.id, kindOfEnd(hold))
    return endingOf(hold, await this.#journal.postingsAt(endingKeysOf(hold), id))
  }

  /** The changes after `after`, `rowsMax` and one more, each with the request of its step and with the end before it. */
  async #changes(hold: HoldRecord, after: number, rowsMax: number): Promise<readonly Row[]> {
    const columns = sql.raw(
      `${columnsOf('c', HOLD_STEPPED.columns, 'change_')}, ${columnsOf('e', HOLD_STEPPED.columns, 'end_')}, ${AUTHOR_COLUMNS}`,
    )
    const statement = sql`SELECT ${columns}, r.id, r.id_text, r.kind, r.at FROM hold_changes c
      LEFT JOIN hold_changes e ON e.hold_seq = c.hold_seq AND e.number = c.end_number
      LEFT JOIN requests r ON r.seq = c.seq
      WHERE c.hold_seq = ${hold.seq} AND c.number > ${after} ORDER BY c.number LIMIT ${oneMoreThan(rowsMax)}`
    return await this.#rows({ compile: () => statement.compile(this.#builder) })
  }
}

/** The step that made a change; null for an end that is no step. */
function stepIn(row: Row): Pick<EntryRecord, 'id' | 'kind' | 'at' | 'by'> | null {
  if (row['change_seq'] === null) return null
  return { id: idOf(row), kind: row['kind'] as EntryRecord['kind'], at: whole(row['at']), by: authorOf(row, AUTHOR) }
}
