/**
 * Looks at the whole ledger that an operator starts by hand: a verification of the books, and an examination of the database.
 *
 * Both read a lot, so each runs once at a time in a process, has a time limit, and ends when its caller is gone (law 8). A law that is being
 * checked is checked to its end first: until then no other verification begins.
 */
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { LedgerError } from '../api/error.ts'
import type { FindingWire, VerificationLine } from '../api/examination.ts'
import type { Auditor, Violation } from '../engine/auditor.ts'
import type { HttpLimits } from './limits.ts'
import { errorOf } from './trouble.ts'

/** Examines the database. Ends early when the signal is aborted. */
export type Examine = (signal: AbortSignal) => Promise<readonly FindingWire[]>

/** Rows that are shown of a broken law. */
const VIOLATIONS_MAX = 10

export class Checks {
  readonly #auditor: Auditor
  readonly #examine: Examine | null
  readonly #limits: HttpLimits
  readonly #end = new AbortController()
  #isVerifying = false
  #isExamining = false

  constructor(auditor: Auditor, examine: Examine | null, limits: HttpLimits) {
    this.#auditor = auditor
    this.#examine = examine
    this.#limits = limits
  }

  /**
   * The lines of a verification, as they come. Destroying the stream ends it.
   *
   * @throws LedgerError `overloaded`
   */
  verify(): Readable {
    if (this.#isVerifying) throw new LedgerError('overloaded', 'A verification is already in progress.')
    this.#isVerifying = true
    const release = (): void => void (this.#isVerifying = false)
    const signal = AbortSignal.any([this.#end.signal, AbortSignal.timeout(this.#limits.verificationMsMax)])
    const run = new Run(this.#auditor, { signal, beatMs: this.#limits.verificationBeatMs, release })
    const lines = Readable.from(run.lines(), { objectMode: true, highWaterMark: 1 })
    // What was never begun has nothing to end.
    lines.once('close', () => run.hasBegun || release())
    return lines
  }

  /** @throws LedgerError `route_not_found` where the process cannot do it, `overloaded`, `store_unavailable` */
  async examine(gone: AbortSignal): Promise<readonly FindingWire[]> {
    if (this.#examine === null) {
      throw new LedgerError(
        'route_not_found',
        'This process does not examine its database. Use: holdfast doctor --store URL',
      )
    }
    if (this.#isExamining) throw new LedgerError('overloaded', 'An examination is already in progress.')
    this.#isExamining = true
    const { examinationMsMax } = this.#limits
    const late = AbortSignal.timeout(examinationMsMax)
    try {
      return await this.#examine(AbortSignal.any([gone, late, this.#end.signal]))
    } catch (error) {
      if (this.#end.signal.aborted) throw this.#end.signal.reason as LedgerError
      if (!late.aborted) throw error
      throw new LedgerError('store_unavailable', `The examination took longer than ${examinationMsMax} ms.`)
    } finally {
      this.#isExamining = false
    }
  }

  /** The service stops: what is under way ends. */
  end(): void {
    this.#end.abort(new LedgerError('shutting_down', 'This process takes no more work.'))
  }
}

interface RunOptions {
  readonly signal: AbortSignal
  /** How often a long check says that it goes on. */
  readonly beatMs: number
  /** Called when nothing of it is left. */
  readonly release: () => void
}

class Run {
  hasBegun = false
  readonly #auditor: Auditor
  readonly #options: RunOptions
  #check: Promise<readonly Violation[]> | null = null

  constructor(auditor: Auditor, options: RunOptions) {
    this.#auditor = auditor
    this.#options = options
  }

  async *lines(): AsyncGenerator<string> {
    this.hasBegun = true
    try {
      yield* this.#checks()
    } catch (error) {
      yield text({ error: { ...errorOf(error).toJSON() } })
    } finally {
      // The database is still at work on it, whether or not anybody waits.
      await this.#check?.catch(() => undefined)
      this.#options.release()
    }
  }

  async *#checks(): AsyncGenerator<string> {
    const { checks } = this.#auditor
    let broken = 0
    for (const [index, check] of checks.entries()) {
      if (this.#options.signal.aborted) throw endedBy(this.#options.signal)
      const place = { id: check.id, title: check.title, number: index + 1, count: checks.length }
      const running = text({ state: 'running', ...place })
      yield running
      this.#check = this.#auditor.run(check, VIOLATIONS_MAX)
      while (!(await this.#isSettled())) yield running
      const violations = await this.#check
      if (violations.length > 0) broken += 1
      yield text({ state: 'done', ...place, violations })
    }
    yield text({ end: true, checks: checks.length, broken })
  }

  /** Resolves when the check is settled, or after a beat. */
  async #isSettled(): Promise<boolean> {
    const timer = new AbortController()
    const beat = sleep(this.#options.beatMs, false, { signal: timer.signal }).catch(() => false)
    const settled = this.#check!.then(
      () => true,
      () => true,
    )
    const result = await Promise.race([settled, beat])
    timer.abort()
    return result
  }
}

function endedBy({ reason }: AbortSignal): LedgerError {
  return reason instanceof LedgerError
    ? reason
    : new LedgerError('store_unavailable', 'The verification took too long, and was ended.')
}

function text(line: VerificationLine): string {
  return `${JSON.stringify(line)}\n`
}
