/** What of the ledger is compared with a list: holds, or the entries of one kind. */
import { LedgerError } from '../api/error.ts'
import type { Ledger } from '../api/ledger.ts'
import type { Overage } from '../domain/command.ts'
import { HOLD_STATES, type HoldState } from '../domain/hold.ts'
import type { AccountName, Instant, RequestId } from '../domain/ids.ts'
import { extraEntry, judgeEntry, type EntryRules } from './entry-judgement.ts'
import type { Finding } from './finding.ts'
import { extraFinding, judge } from './judgement.ts'
import type { ListRow } from './list.ts'
import type { Notebook } from './notebook.ts'

/** What can be extra: created between these instants, both included. */
export interface Period {
  /** Null: only open holds can be extra. */
  readonly since: Instant | null
  readonly until: Instant
}

export interface Books {
  /** Whether anything is looked for that the list does not have. */
  readonly hasExtras: boolean
  /** The open holds that the list should have, so far. Null if no holds are compared. */
  readonly openCount: number | null
  /** Returns null if both sides agree. */
  judge(row: ListRow): Promise<Finding | null>
  /** The findings for what the list does not have. */
  extras(notebook: Notebook, period: Period): AsyncGenerator<Finding>
}

/** The states of ended holds. Released and expired holds can also have settled coins, in parts or late. */
const ENDED = HOLD_STATES.filter((state) => state !== 'open')
const PAGE_ROWS = 1_000

export interface HoldRules {
  /** The rule for completed work that cost more than is held. `reject` plans no fix. */
  readonly overage: Overage
  /** Extra open holds that were created before this instant are released. Null: none. */
  readonly releaseBefore: Instant | null
}

export class HoldBooks implements Books {
  readonly #ledger: Ledger
  readonly #rules: HoldRules
  #openCount = 0
  readonly hasExtras = true

  constructor(ledger: Ledger, rules: HoldRules) {
    this.#ledger = ledger
    this.#rules = rules
  }

  get openCount(): number {
    return this.#openCount
  }

  async judge(row: ListRow): Promise<Finding | null> {
    return judge(row, await orNull(this.#ledger.hold(row.requestId), 'hold_not_found'), this.#rules.overage)
  }

  async *extras(notebook: Notebook, period: Period): AsyncGenerator<Finding> {
    yield* this.#extrasIn('open', notebook, period)
    if (period.since !== null) for (const state of ENDED) yield* this.#extrasIn(state, notebook, period)
  }

  async *#extrasIn(state: HoldState, notebook: Notebook, { since, until }: Period): AsyncGenerator<Finding> {
    const { releaseBefore } = this.#rules
    for (let cursor: string | null = null; ;) {
      const from = cursor === null ? {} : { cursor }
      const page = await this.#ledger.holds({ state, limit: PAGE_ROWS, ...from })
      for (const hold of page.items) {
        const { id, createdAt } = hold
        // A released or expired hold without a settled amount is not extra.
        if (hold.settled === 0n && (state === 'released' || state === 'expired')) continue
        if (createdAt > until || (since !== null && createdAt < since)) continue
        if (state === 'open') this.#openCount += 1
        if (notebook.lineOf(id) !== null) continue
        yield extraFinding(hold, releaseBefore !== null && createdAt < releaseBefore)
      }
      if (page.next === null) return
      cursor = page.next
    }
  }
}

export class EntryBooks implements Books {
  readonly #ledger: Ledger
  readonly #rules: EntryRules
  readonly #accounts: readonly AccountName[]
  readonly openCount = null

  /** @param accounts their statements are searched for entries that the list does not have */
  constructor(ledger: Ledger, rules: EntryRules, accounts: readonly AccountName[]) {
    this.#ledger = ledger
    this.#rules = rules
    this.#accounts = accounts
  }

  get hasExtras(): boolean {
    return this.#accounts.length > 0
  }

  async judge(row: ListRow): Promise<Finding | null> {
    return judgeEntry(row, await this.#entryOf(row.requestId), this.#rules)
  }

  async *extras(notebook: Notebook, { since, until }: Period): AsyncGenerator<Finding> {
    if (since === null) return
    for (const account of this.#accounts) {
      // `until` of a statement is not included.
      const lines = this.#ledger.exportPostings(account, { kind: this.#rules.kind, from: since, until: until + 1 })
      for await (const { entryId } of lines) {
        if (notebook.lineOf(entryId) !== null || !notebook.meet(entryId)) continue
        const entry = await this.#entryOf(entryId)
        if (entry !== null) yield extraEntry(entry)
      }
    }
  }

  async #entryOf(id: RequestId) {
    return await orNull(this.#ledger.entry(id), 'entry_not_found')
  }
}

/** Returns null for an error with this code; other errors are thrown. */
async function orNull<Value>(call: Promise<Value>, code: LedgerError['code']): Promise<Value | null> {
  try {
    return await call
  } catch (error) {
    if (error instanceof LedgerError && error.code === code) return null
    throw error
  }
}
