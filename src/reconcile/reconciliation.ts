/**
 * Compares the list of an external system with the ledger and plans fixes, where a rule exists. The comparison changes nothing; the
 * planned fixes are applied in a separate step.
 *
 * The list is read to its end first, so that nothing is compared with a list that is cut, or that has a row nobody can read.
 */
import type { LedgerError } from '../api/error.ts'
import type { Ledger } from '../api/ledger.ts'
import type { Instant } from '../domain/ids.ts'
import type { Books } from './books.ts'
import { EndCheck, type Proof } from './end-check.ts'
import type { Finding, FindingCode, Fix } from './finding.ts'
import { ListError } from './list-error.ts'
import type { Notebook, NotedRow } from './notebook.ts'
import type { UnreadableRow } from './records.ts'

export interface ReconcileOptions {
  /** The number of rows that the list should have; null if the caller does not know it. */
  readonly rowsCount: number | null
  readonly since: Instant | null
  /** When the list was made. Null: its end row says it. */
  readonly until: Instant | null
  /** Whether fixes rest on what the list does not have, so that the list must be proven to be complete. */
  readonly needsProof: boolean
  /** The largest part of the open holds, in percent, that is released because the list does not have them. */
  readonly releasePercentMax: number
}

export interface ReconcileListener {
  finding(finding: Finding): void
  unreadable(row: UnreadableRow): void
}

export interface Total {
  readonly code: FindingCode
  readonly asset: string | null
  count: number
  theirs: bigint
  ours: bigint
}

export interface ReconcileSummary {
  readonly rowsCount: number
  /** What shows that the list is complete. Null: it may be truncated. */
  readonly proof: Proof | null
  readonly agreedCount: number
  readonly unreadableCount: number
  readonly plannedCount: number
  readonly findingsCount: number
  /** By finding code and asset. */
  readonly totals: readonly Total[]
  /** Why the planned fixes must not be applied. Null: they may. */
  readonly obstacle: string | null
}

const READS_MAX = 16
const COMMANDS_PER_BATCH = 500
/** Of the transfers of a batch. 1,000 legs with the longest names are less than half of the body that a service accepts. */
const LEGS_PER_BATCH = 1_000

/** Reads a list: its rows in order, some at a time. The check gets every row of the file, and its end row. */
export type ListReader<Row> = (end: EndCheck) => AsyncIterable<readonly (Row | UnreadableRow)[]>

/** A row of a list, or an order that can have several rows. */
export interface ComparedRow extends NotedRow {
  readonly amount?: bigint | null
}

export interface ReconcileParts<Row extends ComparedRow> {
  /** Where planned fixes are applied; null: nowhere. */
  readonly ledger: Pick<Ledger, 'batch'> | null
  readonly books: Books<Row>
  readonly notebook: Notebook<Row>
  readonly options: ReconcileOptions
  readonly listener: ReconcileListener
}

export class Reconciliation<Row extends ComparedRow> {
  readonly #parts: ReconcileParts<Row>
  readonly #totals = new Map<string, Total>()
  readonly #counts = { agreedCount: 0, unreadableCount: 0, plannedCount: 0, findingsCount: 0 }
  #releasesCount = 0

  constructor(parts: ReconcileParts<Row>) {
    this.#parts = parts
  }

  /** @throws ListError, LedgerError */
  async compare(list: ListReader<Row>): Promise<ReconcileSummary> {
    const { books, options } = this.#parts
    const end = new EndCheck(options.rowsCount)
    await this.#read(list, end)
    const obstacle = this.#isClear() ? null : 'the list has rows that cannot be read, or that are there twice'
    if (obstacle !== null) return this.#summary(end, obstacle)
    if (options.needsProof && end.proof === null) {
      throw new ListError(
        'The list does not prove that it is complete, so nothing is released because the list does not have it. ' +
          'Give the number of its rows with --rows, or end it with an end row.',
      )
    }
    const until = this.#untilOf(end)
    await this.#compareRows()
    if (books.hasExtras && until !== null) {
      for await (const finding of books.extras(this.#parts.notebook, { since: options.since, until })) {
        if (finding.fix?.kind === 'release') this.#releasesCount += 1
        this.#report(finding)
      }
    }
    return this.#summary(end, this.#shareObstacle())
  }

  /**
   * Applies the planned fixes and reports rejections: a hold that has changed since it was compared is left alone. Running it again has no
   * second effect.
   *
   * @throws LedgerError for a fault
   */
  async apply(onRefusal: (fix: Fix, error: LedgerError) => void): Promise<number> {
    const { ledger, notebook } = this.#parts
    if (ledger === null) throw new Error('This comparison has no ledger to which it could apply anything.')
    let appliedCount = 0
    for (const fixes of batchesOf(notebook.planned(READS_MAX))) {
      const outcomes = await ledger.batch(fixes)
      for (const [index, outcome] of outcomes.entries()) {
        if (outcome.status === 'applied') appliedCount += 1
        else if (outcome.status === 'faulted') throw outcome.error
        else onRefusal(fixes[index]!, outcome.error)
      }
    }
    return appliedCount
  }

  async #read(list: ListReader<Row>, end: EndCheck): Promise<void> {
    const { notebook, listener } = this.#parts
    for await (const rows of list(end)) {
      for (const row of rows) {
        if ('problem' in row) {
          this.#counts.unreadableCount += 1
          listener.unreadable(row)
          continue
        }
        const firstLine = notebook.add(row)
        if (firstLine === null) continue
        const { requestId, line, amount: theirs = null } = row
        const message = `the list already has this request in line ${firstLine}`
        this.#report({ code: 'duplicate', requestId, line, asset: null, theirs, ours: null, message, fix: null })
      }
    }
  }

  #isClear(): boolean {
    return this.#counts.unreadableCount === 0 && this.#counts.findingsCount === 0
  }

  /** When the list was made; null if it makes no difference. */
  #untilOf({ at }: EndCheck): Instant | null {
    const { books, options } = this.#parts
    const until = options.until ?? at
    if (until !== null || !books.hasExtras || (books.openCount === null && options.since === null)) return until
    throw new ListError(
      'The list does not say when it was made, so it cannot be known what it should have. Add --until, or write the ' +
        'instant into its end row: #end,ROWS,2030-01-31T12:00:00Z.',
    )
  }

  async #compareRows(): Promise<void> {
    const { books, notebook } = this.#parts
    // Rows are read as they are compared, because an order can have a thousand legs.
    for (const rows of notebook.rows(READS_MAX)) {
      const findings = await Promise.all(rows.map((row) => books.judge(row)))
      for (const finding of findings) {
        if (finding === null) this.#counts.agreedCount += 1
        else this.#report(finding)
      }
    }
  }

  #shareObstacle(): string | null {
    const { openCount } = this.#parts.books
    const { releasePercentMax } = this.#parts.options
    if (openCount === null || this.#releasesCount * 100 <= releasePercentMax * openCount) return null
    const share = `${this.#releasesCount} of the ${openCount} open holds`
    return (
      `it would release ${share} because the list does not have them; at most ${releasePercentMax} % are allowed. ` +
      'If the list is right, set --release-percent-max'
    )
  }

  #summary({ proof, rowsCount }: EndCheck, obstacle: string | null): ReconcileSummary {
    return { rowsCount, ...this.#counts, proof, totals: [...this.#totals.values()], obstacle }
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
      this.#parts.notebook.plan(fix)
      this.#counts.plannedCount += 1
    }
    this.#parts.listener.finding(finding)
  }
}

function* batchesOf(pages: Iterable<readonly Fix[]>): Generator<readonly Fix[]> {
  let batch: Fix[] = []
  let legsCount = 0
  for (const page of pages) {
    for (const fix of page) {
      const own = fix.kind === 'transfer' ? fix.legs.length : 0
      if (batch.length === COMMANDS_PER_BATCH || (batch.length > 0 && legsCount + own > LEGS_PER_BATCH)) {
        yield batch
        batch = []
        legsCount = 0
      }
      batch.push(fix)
      legsCount += own
    }
  }
  if (batch.length > 0) yield batch
}
