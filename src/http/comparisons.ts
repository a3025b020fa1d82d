/**
 * Compares a list that an operator sends with the ledger. Nothing is changed.
 *
 * The list is received first, into a file, so that a list that is too large or broken off is refused with a problem. Then the lines of the
 * answer are written as they come. One comparison runs at a time in a process; it has a time limit, reads no faster than its caller takes the lines,
 * and ends when its caller is gone (law 8).
 */
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { LedgerError } from '../api/error.ts'
import type { LedgerReads } from '../api/ledger-reads.ts'
import type { AccountInput, HoldsInput, StatementInput } from '../api/ledger.ts'
import { LIST_FORMATS, type ListType, type ReconcileTerms } from '../api/reconciliation.ts'
import { PAGE_LIMIT_MAX } from '../domain/page.ts'
import type { Books, ComparedReads } from '../reconcile/books.ts'
import type { ListRow } from '../reconcile/list.ts'
import { ListError } from '../reconcile/list-error.ts'
import { EXTRAS_OF, MOVEMENT_KINDS } from '../reconcile/movements.ts'
import { Lines, Progress, Report, type State } from './comparison-lines.ts'
import type { HttpLimits } from './limits.ts'
import { errorOf } from './trouble.ts'

export interface SentList {
  readonly content: Readable
  readonly type: ListType
}

interface ReceivedList {
  readonly path: string
  readonly format: (typeof LIST_FORMATS)[ListType]
  readonly linesCount: number
}

export class Comparisons {
  readonly #reads: LedgerReads
  readonly #limits: HttpLimits
  readonly #end = new AbortController()
  #isComparing = false

  constructor(reads: LedgerReads, limits: HttpLimits) {
    this.#reads = reads
    this.#limits = limits
  }

  /**
   * Receives the list. Returns the lines of the comparison; destroying them ends it.
   *
   * @throws LedgerError `overloaded`, `payload_too_large`
   */
  async compare(list: SentList, terms: ReconcileTerms): Promise<Readable> {
    if (this.#isComparing) throw new LedgerError('overloaded', 'A comparison is already in progress.')
    this.#isComparing = true
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-list-')).catch((error: unknown) => {
      this.#isComparing = false
      throw error
    })
    const leave = async (): Promise<void> => {
      this.#isComparing = false
      // What cannot be deleted now, the system deletes.
      await rm(folder, { recursive: true, force: true }).catch(() => undefined)
    }
    try {
      const path = join(folder, 'list')
      const linesCount = await this.#receive(list.content, path)
      const lines = new Lines()
      void this.#run({ path, format: LIST_FORMATS[list.type], linesCount }, terms, lines)
        .then(leave)
        // What a caller sees last is that the place is free.
        .finally(() => lines.push(null))
      return lines
    } catch (error) {
      await leave()
      throw error
    }
  }

  /** The service stops: what is under way ends. */
  end(): void {
    this.#end.abort(new LedgerError('shutting_down', 'This process takes no more work.'))
  }

  /** Returns the number of line breaks. */
  async #receive(content: Readable, path: string): Promise<number> {
    const { listBytesMax } = this.#limits
    let bytesCount = 0
    let linesCount = 0
    async function* counted(): AsyncGenerator<Buffer> {
      // The connection is still needed, for the refusal of a list that is too large.
      for await (const chunk of content.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        bytesCount += chunk.length
        if (bytesCount > listBytesMax) throw tooLarge(listBytesMax)
        for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, at + 1)) linesCount += 1
        yield chunk
      }
    }
    await pipeline(counted, createWriteStream(path))
    return linesCount
  }

  /** Never rejects: a failure is the last line. */
  async #run(list: ReceivedList, terms: ReconcileTerms, lines: Lines): Promise<void> {
    const { comparisonMsMax } = this.#limits
    const signal = AbortSignal.any([lines.gone, this.#end.signal, AbortSignal.timeout(comparisonMsMax)])
    try {
      await this.#compare(list, terms, { lines, signal })
    } catch (error) {
      lines.say({ error: { ...problemOf(error, signal).toJSON() } })
    }
  }

  async #compare(
    { path, format, linesCount }: ReceivedList,
    terms: ReconcileTerms,
    { lines, signal }: { readonly lines: Lines; readonly signal: AbortSignal },
  ): Promise<void> {
    // The parts of a comparison are loaded by the first one.
    const { Notebook } = await import('../reconcile/notebook.ts')
    const { Reconciliation } = await import('../reconcile/reconciliation.ts')
    const { readList } = await import('../reconcile/list.ts')
    using notebook = new Notebook()
    const { comparisonFindingsMax: linesMax, comparisonBeatMs } = this.#limits
    const progress = new Progress(lines, { linesCount, beatMs: comparisonBeatMs })
    progress.become('reading')
    const reads = new PacedReads(this.#reads, progress, async () => await lines.room(signal))
    const books = await booksOf(reads, terms)
    const report = new Report(lines, linesMax)
    const { rowsCount, since, until } = terms
    const options = { rowsCount, since, until, needsProof: false, releasePercentMax: 100 }
    const reconciliation = new Reconciliation({ ledger: null, books, notebook, options, listener: report })
    const summary = await reconciliation.compare((end) => readList(path, { ...terms, format }, end))
    lines.say({ type: 'summary', ...summary, leftOutCount: report.leftOutCount })
  }
}

const LINE_FEED = 0x0a

export function tooLarge(bytesMax: number): LedgerError {
  const how = 'Compare a larger one with: holdfast reconcile FILE'
  return new LedgerError('payload_too_large', `A list has at most ${bytesMax} bytes. ${how}`)
}

function problemOf(error: unknown, signal: AbortSignal): LedgerError {
  if (error instanceof ListError) return LedgerError.invalidParameter('list', error.message)
  if (signal.aborted && error === signal.reason && !(error instanceof LedgerError)) {
    return new LedgerError('store_unavailable', 'The comparison took too long, and was ended.')
  }
  return errorOf(error)
}

async function booksOf(reads: ComparedReads, { of, asset, assetColumn }: ReconcileTerms): Promise<Books<ListRow>> {
  const { entryBooks, HoldBooks } = await import('../reconcile/books.ts')
  if (of === 'holds') return new HoldBooks(reads, { overage: 'reject', releaseBefore: null })
  const kind = MOVEMENT_KINDS[of]
  const statements = { accounts: EXTRAS_OF[kind], asset: assetColumn === null ? asset : null }
  return entryBooks(reads, { kind, asset, bookMissing: false }, statements)
}

/** Reads no faster than the lines are taken. */
class PacedReads implements ComparedReads {
  readonly #reads: LedgerReads
  readonly #progress: Progress
  readonly #room: () => Promise<void>

  constructor(reads: LedgerReads, progress: Progress, room: () => Promise<void>) {
    this.#reads = reads
    this.#progress = progress
    this.#room = room
  }

  async account(account: string, input?: AccountInput) {
    await this.#step('searching')
    return await this.#reads.account(account, input)
  }

  async hold(id: string) {
    await this.#step('comparing')
    return await this.#reads.hold(id)
  }

  async entry(id: string) {
    await this.#step('comparing')
    return await this.#reads.entry(id)
  }

  async holds(input?: HoldsInput) {
    await this.#step('searching')
    return await this.#reads.holds(input)
  }

  async *exportPostings(account: string, input: StatementInput = {}) {
    for (let cursor: string | null = null; ;) {
      await this.#step('searching')
      const from = cursor === null ? {} : { cursor }
      const page = await this.#reads.postings(account, { ...input, limit: PAGE_LIMIT_MAX, ...from })
      yield* page.items
      if (page.next === null) return
      cursor = page.next
    }
  }

  async #step(state: State): Promise<void> {
    await this.#room()
    this.#progress.step(state)
  }
}
