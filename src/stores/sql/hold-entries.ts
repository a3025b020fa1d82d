/**
 * The entries of holds: the freeze, the steps, and the end.
 *
 * The hold's row contains the freeze, and an end that was no step. Steps have rows of their own, which `hold_steps` lists in order.
 */
import type { Compilable } from 'kysely'
import { endingKeysOf, endingOf, eventOfStep, eventsOfRow, openingKeyOf, openingOf } from '../../domain/hold-history.ts'
import type { HoldRecord } from '../../domain/hold.ts'
import { isRequestId, type RequestId } from '../../domain/ids.ts'
import { endOfHold, showEntry, type Entry, type EntryRecord, type HoldEvent } from '../../domain/journal.ts'
import type { HoldHistoryQuery, Page } from '../../engine/reader.ts'
import type { QueryBuilder } from './dialect.ts'
import type { SqlJournal } from './journal.ts'
import { rowBytes } from '../page-bytes.ts'
import { lastKey, oneMoreThan, pageOf } from './pages.ts'
import { entryOf, postingKeysOf, stepOf } from './entry-row.ts'
import { holdOf } from './hold-row.ts'
import { whole, type Row } from './values.ts'

/** A hold, and whether a step was its end. */
interface HoldFound {
  readonly hold: HoldRecord
  readonly isEndStep: boolean
}

export class HoldEntries {
  readonly #builder: QueryBuilder
  readonly #rows: (statement: Compilable) => Promise<readonly Row[]>
  readonly #journal: SqlJournal

  constructor(builder: QueryBuilder, rows: (statement: Compilable) => Promise<readonly Row[]>, journal: SqlJournal) {
    this.#builder = builder
    this.#rows = rows
    this.#journal = journal
  }

  /** Reads no more steps than the page shows. */
  async history(query: HoldHistoryQuery): Promise<Page<HoldEvent> | null> {
    const last = lastKey('holdHistory', query)
    const found = await this.#find(query.hold)
    if (found === null) return null
    const ofRow = eventsOfRow(found.hold, found.isEndStep)
    const after = last === null ? -1 : last[0]
    const events = ofRow.filter(({ number }) => number > after)
    const before = ofRow.length - 1
    const { steps } = found.hold
    if (after < steps + before && events.length <= query.limit) {
      const rows = await this.#steps(query.hold, Math.max(0, after - before), query.limit)
      events.push(...rows.map((row) => stepEventOf(row, ofRow.length)))
    }
    return pageOf(events, {
      list: 'holdHistory',
      limit: query.limit,
      keyOf: ({ number }) => [number],
      bytesOf: ({ hold }) => rowBytes(hold),
    })
  }

  /** Up to `stepsMax` steps of a hold, with its freeze and its end; null when it has more. */
  async all(id: RequestId, stepsMax: number): Promise<readonly Entry[] | null> {
    const found = await this.#find(id)
    if (found === null) return []
    const { hold, isEndStep } = found
    if (hold.steps > stepsMax) return null
    const rows = hold.steps === 0 ? [] : await this.#steps(id, 0, stepsMax)
    const keys = rows.map(postingKeysOf)
    const postings = await this.#journal.postingsAt(keys.flat())
    let next = 0
    const steps = rows.map((row, index) => showEntry(entryOf(row, postings.slice(next, (next += keys[index]!.length)))))
    const end = isEndStep ? null : await this.ending(hold)
    return [await this.opening(hold), ...(end === null ? [] : [end]), ...steps]
  }

  async opening(hold: HoldRecord): Promise<Entry> {
    return openingOf(hold, await this.#journal.postingsAt([openingKeyOf(hold)]))
  }

  /** The entry of an end that was no step; null while the hold is open. */
  async ending(hold: HoldRecord): Promise<Entry | null> {
    return endingOf(hold, await this.#journal.postingsAt(endingKeysOf(hold)))
  }

  async #find(id: RequestId): Promise<HoldFound | null> {
    // No other text has a row, and not every database can compare any text with the column.
    if (!isRequestId(id)) return null
    const rows = await this.#rows(
      this.#builder
        .selectFrom('requests')
        .leftJoin('balances', 'balances.id', 'requests.balance_id')
        .selectAll('requests')
        .select(['balances.account', 'balances.asset'])
        .where('requests.id', 'in', [id, endOfHold(id, 'settle'), endOfHold(id, 'release')]),
    )
    const row = rows.find((each) => each['id'] === id)
    return row?.['kind'] === 'freeze' ? { hold: holdOf(row), isEndStep: rows.length > 1 } : null
  }

  /** Entries of the steps after `after`, `rowsMax` and one more, each with its `step`. The outer join fixes the order of the tables. */
  async #steps(hold: RequestId, after: number, rowsMax: number): Promise<readonly Row[]> {
    return await this.#rows(
      this.#builder
        .selectFrom('hold_steps')
        .leftJoin('requests', 'requests.id', 'hold_steps.entry_id')
        .selectAll('requests')
        .select('hold_steps.step')
        .where('hold_steps.hold', '=', hold)
        .where('hold_steps.step', '>', after)
        .orderBy('hold_steps.step')
        .limit(oneMoreThan(rowsMax)),
    )
  }
}

function stepEventOf(row: Row, ofRowCount: number): HoldEvent {
  const { after } = stepOf(row['hold_after'])!
  const entry = { id: row['id'] as string, kind: row['kind'] as EntryRecord['kind'], at: whole(row['at']) }
  return eventOfStep(entry, { number: whole(row['step']), after }, ofRowCount)
}
