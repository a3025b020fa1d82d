/** What of the ledger is compared with a list: holds, the entries of one kind, or transfers with their legs. */
import { LedgerError } from '../api/error.ts'
import type { AccountInput, AccountView, Ledger } from '../api/ledger.ts'
import type { Overage } from '../domain/command.ts'
import { HOLD_STATES, type HoldState } from '../domain/hold.ts'
import type { AccountName, AssetCode, Instant, RequestId } from '../domain/ids.ts'
import type { Entry } from '../domain/journal.ts'
import { extraEntry, judgeEntry, type EntryRules, type MovementKind } from './entry-judgement.ts'
import type { Finding } from './finding.ts'
import { extraFinding, judge } from './judgement.ts'
import type { ListRow } from './list.ts'
import type { Notebook } from './notebook.ts'
import type { Order } from './order.ts'
import { judgeOrder, type OrderRules } from './order-judgement.ts'

/** What can be extra: created between these instants, both included. */
export interface Period {
  /** Null: only open holds can be extra. */
  readonly since: Instant | null
  readonly until: Instant
}

/** The request ids of the list, and the entries that were met. */
type Known = Pick<Notebook<never>, 'lineOf' | 'meet'>

export interface Books<Row> {
  /** Whether anything is looked for that the list does not have. */
  readonly hasExtras: boolean
  /** The open holds that the list should have, so far. Null if no holds are compared. */
  readonly openCount: number | null
  /** Returns null if both sides agree. */
  judge(row: Row): Promise<Finding | null>
  /** The findings for what the list does not have. */
  extras(known: Known, period: Period): AsyncGenerator<Finding>
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

/** The reads of a ledger that a comparison needs. */
export type ComparedReads = Pick<Ledger, 'account' | 'hold' | 'holds' | 'entry' | 'exportPostings'>

export class HoldBooks implements Books<ListRow> {
  readonly #ledger: ComparedReads
  readonly #rules: HoldRules
  #openCount = 0
  readonly hasExtras = true

  constructor(ledger: ComparedReads, rules: HoldRules) {
    this.#ledger = ledger
    this.#rules = rules
  }

  get openCount(): number {
    return this.#openCount
  }

  async judge(row: ListRow): Promise<Finding | null> {
    return judge(row, await orNull(this.#ledger.hold(row.requestId), 'hold_not_found'), this.#rules.overage)
  }

  async *extras(known: Known, period: Period): AsyncGenerator<Finding> {
    yield* this.#extrasIn('open', known, period)
    if (period.since !== null) for (const state of ENDED) yield* this.#extrasIn(state, known, period)
  }

  async *#extrasIn(state: HoldState, known: Known, { since, until }: Period): AsyncGenerator<Finding> {
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
        if (known.lineOf(id) !== null) continue
        yield extraFinding(hold, releaseBefore !== null && createdAt < releaseBefore)
      }
      if (page.next === null) return
      cursor = page.next
    }
  }
}

/** The statements that are searched for entries that the list does not have. */
export interface Statements {
  readonly accounts: readonly AccountName[]
  /** Null: of every asset that the account has. */
  readonly asset: AssetCode | null
}

/** The entries of one kind, each compared with the row that has its request id. */
class EntryBooks<Row extends { readonly requestId: RequestId }> implements Books<Row> {
  readonly #ledger: ComparedReads
  readonly #kind: MovementKind
  readonly #judge: (row: Row, entry: Entry | null) => Finding | null
  readonly #statements: Statements
  readonly openCount = null

  constructor(
    ledger: ComparedReads,
    kind: MovementKind,
    judgeRow: (row: Row, entry: Entry | null) => Finding | null,
    statements: Statements,
  ) {
    this.#ledger = ledger
    this.#kind = kind
    this.#judge = judgeRow
    this.#statements = statements
  }

  get hasExtras(): boolean {
    return this.#statements.accounts.length > 0
  }

  async judge(row: Row): Promise<Finding | null> {
    return this.#judge(row, await entryOf(this.#ledger, row.requestId))
  }

  async *extras(known: Known, period: Period): AsyncGenerator<Finding> {
    yield* extraEntries(this.#ledger, { kind: this.#kind, statements: this.#statements, known, period })
  }
}

export function entryBooks(ledger: ComparedReads, rules: EntryRules, statements: Statements): Books<ListRow> {
  return new EntryBooks(ledger, rules.kind, (row: ListRow, entry) => judgeEntry(row, entry, rules), statements)
}

export function orderBooks(ledger: ComparedReads, rules: OrderRules, statements: Statements): Books<Order> {
  return new EntryBooks(ledger, 'transfer', (order: Order, entry) => judgeOrder(order, entry, rules), statements)
}

interface ExtrasInput {
  readonly kind: MovementKind
  readonly statements: Statements
  readonly known: Known
  readonly period: Period
}

async function* extraEntries(
  ledger: ComparedReads,
  { kind, statements, known, period: { since, until } }: ExtrasInput,
): AsyncGenerator<Finding> {
  if (since === null) return
  for (const account of statements.accounts) {
    const assets = statements.asset === null ? assetsOf(ledger, account) : [statements.asset]
    for await (const asset of assets) {
      // `until` of a statement is not included.
      const lines = ledger.exportPostings(account, { asset, kind, from: since, until: until + 1 })
      for await (const { entryId } of lines) {
        if (known.lineOf(entryId) !== null || !known.meet(entryId)) continue
        const entry = await entryOf(ledger, entryId)
        if (entry !== null) yield extraEntry(entry)
      }
    }
  }
}

/** The assets of which an account has a balance; none if there is no such account. */
async function* assetsOf(ledger: ComparedReads, account: AccountName): AsyncGenerator<AssetCode> {
  for (let cursor: string | null = null; ;) {
    const input: AccountInput = cursor === null ? { limit: PAGE_ROWS } : { limit: PAGE_ROWS, cursor }
    const page: AccountView | null = await orNull(ledger.account(account, input), 'account_not_found')
    if (page === null) return
    for (const { asset } of page.balances) yield asset
    if (page.next === null) return
    cursor = page.next
  }
}

async function entryOf(ledger: ComparedReads, id: RequestId): Promise<Entry | null> {
  return await orNull(ledger.entry(id), 'entry_not_found')
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
