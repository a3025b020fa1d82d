/**
 * Compares the clock of this process with the database's. The life of every hold depends on it.
 *
 *            comparison: nothing is wrong                the time of day jumped
 *   unknown ──────────────────────────────▶ right ──────────────────────────────▶ unknown
 *      │                                     │ ▲
 *      └───────── comparison: wrong ────────▶▼ │ comparison: nothing is wrong
 *                                           wrong ── at most every `clockRetryMs`, on demand ──▶ comparison
 *
 * While the clock is right, it is compared every `clockCheckIntervalMs` in the background, and a comparison that fails proves nothing.
 * While it is unknown, callers wait for a comparison. While it is wrong, nothing is decided by it. A jump is found without the database:
 * the time of day and `elapsed` advance at the same rate unless the clock is set. Upholds laws 5 and 8.
 */
import type { Instant } from '../domain/ids.ts'
import { judge, setAheadText, type Verdict } from './clock-verdict.ts'
import type { Clock } from './clock.ts'
import { Fault } from './faults.ts'
import type { EngineLimits } from './limits.ts'
import type { Store } from './store.ts'

export interface ClockWatchParts {
  readonly store: Pick<Store, 'clock'>
  readonly clock: Pick<Clock, 'now' | 'elapsed'>
  readonly limits: Pick<
    EngineLimits,
    'clockDifferenceMsMax' | 'clockJumpMsMax' | 'clockCheckIntervalMs' | 'clockRetryMs' | 'clockRestMs'
  >
}

export interface ClockWatchOptions {
  readonly acceptRowsAhead: boolean
  readonly onClockEvent?: ((event: ClockEvent) => void) | undefined
}

export type ClockEvent =
  /** Nothing is served and no hold is ended; the message gives the reason and the remedy. */
  | { readonly kind: 'wrong'; readonly message: string }
  | { readonly kind: 'right' }
  /** The clock is right, but rows of the database are ahead of it. */
  | { readonly kind: 'rows_ahead'; readonly message: string }
  /** The clock was set ahead, and nothing can confirm that; no hold is ended for `clockRestMs`. */
  | { readonly kind: 'set_ahead'; readonly message: string }

type Wrong = Extract<Verdict, { readonly message: string }>

/** The time of day and `elapsed` at one instant. */
interface Reading {
  readonly now: Instant
  readonly elapsed: number
}

/** The most comparisons in one `check`: a clock that keeps jumping must not keep it from ending. */
const COMPARISONS_MAX = 3

export class ClockWatch {
  readonly #parts: ClockWatchParts
  readonly #options: ClockWatchOptions
  /** When the last comparison that was answered began; before the first one, when this object was created. */
  #reading: Reading
  /** When the last comparison ended, with success or not, on the clock's `elapsed`. */
  #comparedAt = -Infinity
  #isKnown = false
  #wrong: Wrong | null = null
  #warning: string | null = null
  #setBackFrom: Instant | null = null
  #lastNow: Instant = 0
  /** Until when no hold is ended, on the clock's `elapsed`, and why. */
  #resting: { readonly until: number; readonly message: string } | null = null
  #comparison: Promise<void> | null = null

  constructor(parts: ClockWatchParts, options: ClockWatchOptions) {
    this.#parts = parts
    this.#options = options
    this.#reading = this.#read()
  }

  /** As of the last comparison. */
  get isWrong(): boolean {
    return this.#wrong !== null
  }

  get warnings(): readonly string[] {
    return [this.#warning, this.#rest?.message ?? null].filter((warning) => warning !== null)
  }

  /** Whether the clock is known to be right. Costs no query; when this is false, `check` compares the clocks. */
  isSure(): boolean {
    if (!this.#isKnown || this.#wrong !== null || this.#jumpMs(this.#read()) !== 0) return false
    if (this.#isOld(this.#parts.limits.clockCheckIntervalMs)) {
      // Callers do not wait for this comparison, and its failure does not concern them.
      this.#compareOnce().catch(() => undefined)
    }
    return true
  }

  /** Resolves when the clock is right. @throws Fault `clock_wrong`, and the faults of `Store.clock` */
  async check(): Promise<void> {
    for (let count = 0; count < COMPARISONS_MAX; count++) {
      if (this.isSure()) return
      const isRecent =
        this.#wrong !== null && this.#jumpMs(this.#read()) === 0 && !this.#isOld(this.#parts.limits.clockRetryMs)
      if (isRecent) break
      await this.#compareOnce()
    }
    const message = this.#wrong?.message ?? 'The clock of this process changes repeatedly.'
    throw new Fault('clock_wrong', message, { retryAfterMs: this.#parts.limits.clockRetryMs })
  }

  /**
   * The current time, for the rules. When the clock is set back by at most `clockDifferenceMsMax`, this time stands still until the clock
   * has caught up, so that reads by time stay exact. When the clock is set back by more, this time follows it.
   */
  now(): Instant {
    const now = this.#parts.clock.now()
    const isStep = this.#lastNow - now > this.#parts.limits.clockDifferenceMsMax
    this.#lastNow = isStep ? now : Math.max(this.#lastNow, now)
    return this.#lastNow
  }

  /** Checks that due holds may be ended, which cannot be undone. @throws Fault `clock_wrong` */
  requireSettled(): void {
    const rest = this.#rest
    if (rest !== null) throw new Fault('clock_wrong', rest.message, { retryAfterMs: this.#parts.limits.clockRetryMs })
  }

  get #rest() {
    return this.#resting !== null && this.#parts.clock.elapsed() < this.#resting.until ? this.#resting : null
  }

  /** By how much the time of day was set since the last comparison; 0 when that is at most `clockJumpMsMax`. */
  #jumpMs({ now, elapsed }: Reading): number {
    const jumpMs = now - this.#reading.now - (elapsed - this.#reading.elapsed)
    return Math.abs(jumpMs) > this.#parts.limits.clockJumpMsMax ? jumpMs : 0
  }

  #isOld(ageMs: number): boolean {
    return this.#parts.clock.elapsed() - this.#comparedAt >= ageMs
  }

  #read(): Reading {
    const { clock } = this.#parts
    return { now: clock.now(), elapsed: clock.elapsed() }
  }

  /** Starts a comparison, or joins the one that is in progress. */
  #compareOnce(): Promise<void> {
    this.#comparison ??= this.#compare().finally(() => (this.#comparison = null))
    return this.#comparison
  }

  async #compare(): Promise<void> {
    const reading = this.#read()
    const { store, clock, limits } = this.#parts
    try {
      const answer = await store.clock()
      const jumpMs = this.#jumpMs(reading)
      if (jumpMs < 0) this.#setBackFrom = Math.max(this.#setBackFrom ?? 0, reading.now - jumpMs)
      if (jumpMs !== 0) this.#resting = null
      // A clock that was behind the newest rows had to be set ahead.
      const isDoubtful = answer.serverAt === null && this.#wrong === null
      if (isDoubtful && jumpMs > limits.clockDifferenceMsMax) this.#beginRest(jumpMs)
      this.#reading = reading
      const timed = { ...answer, askedAt: reading.now, tookMs: clock.elapsed() - reading.elapsed }
      const { acceptRowsAhead } = this.#options
      const { clockDifferenceMsMax } = limits
      this.#conclude(judge(timed, { clockDifferenceMsMax, acceptRowsAhead, setBackFrom: this.#setBackFrom }))
    } finally {
      this.#comparedAt = clock.elapsed()
    }
  }

  #beginRest(jumpMs: number): void {
    const { clock, limits } = this.#parts
    const message = setAheadText(jumpMs, limits.clockRestMs)
    this.#resting = { until: clock.elapsed() + limits.clockRestMs, message }
    this.#emit({ kind: 'set_ahead', message })
  }

  #conclude(verdict: Verdict): void {
    const before = this.#wrong
    const warnedBefore = this.#warning !== null
    this.#isKnown = true
    if (verdict.kind !== 'right') {
      this.#wrong = verdict
      if (before?.kind !== verdict.kind) this.#emit({ kind: 'wrong', message: verdict.message })
      return
    }
    // An answer that took too long to prove anything does not revoke what was proven before.
    if (before !== null && !verdict.isSure) return
    this.#wrong = null
    this.#warning = verdict.warning
    if (before !== null) this.#emit({ kind: 'right' })
    if (verdict.warning !== null && !warnedBefore) this.#emit({ kind: 'rows_ahead', message: verdict.warning })
  }

  #emit(event: ClockEvent): void {
    try {
      this.#options.onClockEvent?.(event)
    } catch {
      // An error of a listener must not affect commands.
    }
  }
}
