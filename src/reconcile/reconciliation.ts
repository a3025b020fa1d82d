/**
 * Compares the other side's list with the ledger's holds, and brings the ledger to where the other side is, as far as rules say
 * how. Nothing is changed while it compares: what would be is planned, shown, and done when somebody says so.
 */
import { LedgerError } from '../api/error.ts'
import type { Ledger } from '../api/ledger.ts'
import type { Overage } from '../domain/command.ts'
import type { Hold, HoldState } from '../domain/hold.ts'
import type { Instant } from '../domain/ids.ts'
import { EndCheck } from './end-check.ts'
import { extraFinding, judge, type Finding, type FindingCode, type Remedy } from './judgement.ts'
import { readList, type ListRow, type ListShape, type UnreadableRow } from './list.ts'
import type { Notebook } from './notebook.ts'

export interface ReconcileOptions {
  /** For what was done at more than is held; `reject` plans nothing. */
  readonly overage: Overage
  /** Holds that were created outside of these are no extra ones. Without `since`, extra are open holds only. */
  readonly since: Instant | null
  readonly until: Instant
  /** Holds that the other side does not know are given back when they were created before; null: never. */
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
  /** Whether the list has an end row, which proves that it is whole. */
  isCounted: boolean
  agreedCount: number
  unreadableCount: number
  plannedCount: number
  findingsCount: number
  /** By what was found and the kind of coin. */
  readonly totals: readonly Total[]
}

/** Holds that were released or expired may have been settled before, in parts, or late. */
const ENDED = ['settled', 'released', 'expired'] as const satisfies readonly HoldState[]
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

  /** Does what was planned; gives what the ledger refused. Run again, it does nothing twice. @throws LedgerError a fault */
  async apply(onRefusal: (remedy: Remedy, error: LedgerError) => void): Promise<number> {
    let appliedCount = 0
    for (const remedies of this.#notebook.planned(COMMANDS_PER_BATCH)) {
      const outcomes = await this.#ledger.batch(remedies)
      for (const [index, outcome] of outcomes.entries()) {
        if (outcome.status === 'applied') appliedCount += 1
        else if (outcome.status === 'faulted') throw outcome.error
        else onRefusal(remedies[index]!, outcome.error)
      }
    }
    return appliedCount
  }

  async #compareRows(rows: readonly (ListRow | UnreadableRow)[]): Promise<void> {
    for (let from = 0; from < rows.length; from += READS_MAX) {
      const some = rows.slice(from, from + READS_MAX)
      const holds = await Promise.all(some.map(async (row) => ('problem' in row ? null : await this.#holdOf(row))))
      // In the order of the list: a row that stands twice takes back what the first one planned.
      for (const [index, row] of some.entries()) if (this.#isFirst(row)) this.#judge(row, holds[index]!)
      this.#counts.rowsCount += some.length
      this.#listener.progress(some.length)
    }
  }

  /** Tells what cannot be compared, or was already. */
  #isFirst(row: ListRow | UnreadableRow): row is ListRow {
    if ('problem' in row) {
      this.#counts.unreadableCount += 1
      this.#listener.unreadable(row)
      return false
    }
    const { requestId, line, amount: theirs } = row
    const firstLine = this.#notebook.see(requestId, line)
    if (firstLine === null) return true
    // Which of the two lines is right, no rule says.
    if (this.#notebook.forget(requestId)) this.#counts.plannedCount -= 1
    const message = `the list has it in line ${firstLine} already, so nothing is done about it`
    this.#tell({ code: 'duplicate', requestId, line, asset: null, theirs, ours: null, message, remedy: null })
    return false
  }

  #judge(row: ListRow, hold: Hold | null): void {
    const finding = judge(row, hold, this.#options.overage)
    if (finding === null) this.#counts.agreedCount += 1
    else this.#tell(finding)
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
        // What took nothing is nothing to ask the other side about, unless somebody settled it.
        if (hold.settled === 0n && (state === 'released' || state === 'expired')) continue
        if (createdAt > until || (since !== null && createdAt < since) || this.#notebook.lineOf(id) !== null) continue
        this.#tell(extraFinding(hold, releaseBefore !== null && createdAt < releaseBefore))
      }
      if (page.next === null) return
      cursor = page.next
    }
  }

  #tell(finding: Finding): void {
    const { code, asset, theirs, ours, remedy } = finding
    const key = `${code} ${asset}`
    const total = this.#totals.get(key) ?? { code, asset, count: 0, theirs: 0n, ours: 0n }
    total.count += 1
    total.theirs += theirs ?? 0n
    total.ours += ours ?? 0n
    this.#totals.set(key, total)
    this.#counts.findingsCount += 1
    if (remedy !== null) {
      this.#notebook.plan(remedy)
      this.#counts.plannedCount += 1
    }
    this.#listener.finding(finding)
  }
}
