/**
 * Compares the list of an external system with the holds of the ledger and plans fixes, where a rule exists. The comparison changes
 * nothing; the planned fixes are applied in a separate step.
 */
import { LedgerError } from '../api/error.ts'
import type { Ledger } from '../api/ledger.ts'
import type { Overage } from '../domain/command.ts'
import { HOLD_STATES, type Hold, type HoldState } from '../domain/hold.ts'
import type { Instant } from '../domain/ids.ts'
import { EndCheck } from './end-check.ts'
import { extraFinding, judge, type Finding, type FindingCode, type Fix } from './judgement.ts'
import { readList, type ListRow, type ListShape, type UnreadableRow } from './list.ts'
import type { Notebook } from './notebook.ts'

export interface ReconcileOptions {
  /** The rule for completed work that cost more than is held. `reject` plans no fix. */
  readonly overage: Overage
  /** Only holds that were created between `since` and `until` can be extra. Without `since`, only open holds can be extra. */
  readonly since: Instant | null
  readonly until: Instant
  /** Extra open holds that were created before this instant are released. Null: none. */
  readonly releaseBefore: Instant | null
}

export interface ReconcileListener {
  finding(finding: Finding): void
  unreadable(row: UnreadableRow): void
  progress(rowsCount: number): void
}

export interface Total {
  readonly code: FindingCode
  readonly asset: string | null
  count: number
  theirs: bigint
  ours: bigint
}

export interface ReconcileSummary {
  rowsCount: number
  /** Whether the list has an end row, which proves that it is complete. */
  isCounted: boolean
  agreedCount: number
  unreadableCount: number
  plannedCount: number
  findingsCount: number
  /** By finding code and asset. */
  readonly totals: readonly Total[]
}

/** The states of ended holds. Released and expired holds can also have settled coins, in parts or late. */
const ENDED = HOLD_STATES.filter((state) => state !== 'open')
const READS_MAX = 16
const PAGE_ROWS = 1_000
const COMMANDS_PER_BATCH = 500

export class Reconciliation {
  readonly #ledger: Ledger
  readonly #notebook: Notebook
  readonly #options: ReconcileOptions
  readonly #listener: ReconcileListener
  readonly #totals = new Map<string, Total>()
  readonly #counts = { rowsCount: 0, agreedCount: 0, unreadableCount: 0, plannedCount: 0, findingsCount: 0 }

  constructor(ledger: Ledger, notebook: Notebook, options: ReconcileOptions, listener: ReconcileListener) {
    this.#ledger = ledger
    this.#notebook = notebook
    this.#options = options
    this.#listener = listener
  }

  /** @throws ListError, LedgerError */
  async compare(path: string, shape: ListShape): Promise<ReconcileSummary> {
    const end = new EndCheck()
    for await (const rows of readList(path, shape, end)) await this.#compareRows(rows)
    await this.#findExtra('open')
    if (this.#options.since !== null) for (const state of ENDED) await this.#findExtra(state)
    return { ...this.#counts, isCounted: end.isCounted, totals: [...this.#totals.values()] }
  }

  /** Applies the planned fixes and reports rejections. Running it again has no second effect. @throws LedgerError for a fault */
  async apply(onRefusal: (fix: Fix, error: LedgerError) => void): Promise<number> {
    let appliedCount = 0
    for (const fixes of this.#notebook.planned(COMMANDS_PER_BATCH)) {
      const outcomes = await this.#ledger.batch(fixes)
      for (const [index, outcome] of outcomes.entries()) {
        if (outcome.status === 'applied') appliedCount += 1
        else if (outcome.status === 'faulted') throw outcome.error
        else onRefusal(fixes[index]!, outcome.error)
      }
    }
    return appliedCount
  }

  async #compareRows(rows: readonly (ListRow | UnreadableRow)[]): Promise<void> {
    for (let from = 0; from < rows.length; from += READS_MAX) {
      const some = rows.slice(from, from + READS_MAX)
      const holds = await Promise.all(some.map(async (row) => ('problem' in row ? null : await this.#holdOf(row))))
      // The rows are judged in the order of the list, because a duplicate removes the fix that was planned for the first row.
      for (const [index, row] of some.entries()) if (this.#isFirst(row)) this.#judge(row, holds[index]!)
      this.#counts.rowsCount += some.length
      this.#listener.progress(some.length)
    }
  }

  /** Whether the row can be compared. Unreadable rows and duplicates are reported here. */
  #isFirst(row: ListRow | UnreadableRow): row is ListRow {
    if ('problem' in row) {
      this.#counts.unreadableCount += 1
      this.#listener.unreadable(row)
      return false
    }
    const { requestId, line, amount: theirs } = row
    const firstLine = this.#notebook.see(requestId, line)
    if (firstLine === null) return true
    // There is no rule for which of the two lines is right.
    if (this.#notebook.forget(requestId)) this.#counts.plannedCount -= 1
    const message = `the list already has this request in line ${firstLine}, so neither row is fixed`
    this.#report({ code: 'duplicate', requestId, line, asset: null, theirs, ours: null, message, fix: null })
    return false
  }

  #judge(row: ListRow, hold: Hold | null): void {
    const finding = judge(row, hold, this.#options.overage)
    if (finding === null) this.#counts.agreedCount += 1
    else this.#report(finding)
  }

  async #holdOf({ requestId }: ListRow): Promise<Hold | null> {
    try {
      return await this.#ledger.hold(requestId)
    } catch (error) {
      if (error instanceof LedgerError && error.code === 'hold_not_found') return null
      throw error
    }
  }

  async #findExtra(state: HoldState): Promise<void> {
    const { since, until, releaseBefore } = this.#options
    for (let cursor: string | null = null; ;) {
      const from = cursor === null ? {} : { cursor }
      const page = await this.#ledger.holds({ state, limit: PAGE_ROWS, ...from })
      for (const hold of page.items) {
        const { id, createdAt } = hold
        // A released or expired hold without a settled amount is not extra.
        if (hold.settled === 0n && (state === 'released' || state === 'expired')) continue
        if (createdAt > until || (since !== null && createdAt < since) || this.#notebook.lineOf(id) !== null) continue
        this.#report(extraFinding(hold, releaseBefore !== null && createdAt < releaseBefore))
      }
      if (page.next === null) return
      cursor = page.next
    }
  }

  #report(finding: Finding): void {
    const { code, asset, theirs, ours, fix } = finding
    const key = `${code} ${asset}`
    const total = this.#totals.get(key) ?? { code, asset, count: 0, theirs: 0n, ours: 0n }
    total.count += 1
    total.theirs += theirs ?? 0n
    total.ours += ours ?? 0n
    this.#totals.set(key, total)
    this.#counts.findingsCount += 1
    if (fix !== null) {
      this.#notebook.plan(fix)
      this.#counts.plannedCount += 1
    }
    this.#listener.finding(finding)
  }
}
