/**
 * Watches the clock of this process, by which holds live and end: it is compared with the database's.
 *
 *              look: nothing is wrong                    the time of day jumped
 *   unknown ──────────────────────────▶ right ──────────────────────────────────▶ unknown
 *      │                                 │ ▲
 *      └────────── look: wrong ─────────▶▼ │ look: nothing is wrong
 *                                       wrong ── every `clockRetryMs`, when it is asked for ──▶ look
 *
 * While it is right, a look every `clockCheckIntervalMs` keeps nobody waiting, and one that fails proves nothing. While it is unknown,
 * everybody waits for a look. While it is wrong, nothing is decided by it. A jump is seen without asking anybody: the time of day and
 * `elapsed` run at one pace, but for being set. Upholds laws 5 and 8.
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
  /** Nothing is served or swept; the message says why, and what to do. */
  | { readonly kind: 'wrong'; readonly message: string }
  | { readonly kind: 'right' }
  /** It is right, but rows are not. */
  | { readonly kind: 'rows_ahead'; readonly message: string }
  /** Nobody else can say whether it is right; no hold is ended for a while. */
  | { readonly kind: 'set_ahead'; readonly message: string }

type Wrong = Extract<Verdict, { readonly message: string }>

/** The two clocks of a process at one moment. */
interface Reading {
  readonly now: Instant
  readonly elapsed: number
}

/** Looks of one `check`, so that a clock which jumps all the time ends it. */
const LOOKS_MAX = 3

export class ClockWatch {
  readonly #parts: ClockWatchParts
  readonly #options: ClockWatchOptions
  /** When the last look that was answered began; when the watch was made, before the first one. */
  #reading: Reading
  /** When the last look ended, however it did, on the clock's `elapsed`. */
  #lookedAt = -Infinity
  #isKnown = false
  #wrong: Wrong | null = null
  #warning: string | null = null
  #setBackFrom: Instant | null = null
  #lastNow: Instant = 0
  /** How long no hold is ended, on the clock's `elapsed`, and why. */
  #resting: { readonly until: number; readonly message: string } | null = null
  #look: Promise<void> | null = null

  constructor(parts: ClockWatchParts, options: ClockWatchOptions) {
    this.#parts = parts
    this.#options = options
    this.#reading = this.#read()
  }

  get warnings(): readonly string[] {
    return [this.#warning, this.#rest?.message ?? null].filter((warning) => warning !== null)
  }

  /** Whether the clock is right as far as is known, at no cost; where not, `check` finds out. */
  isSure(): boolean {
    if (!this.#isKnown || this.#wrong !== null || this.#jumpMs(this.#read()) !== 0) return false
    if (this.#isOld(this.#parts.limits.clockCheckIntervalMs)) {
      // Whoever can be answered without it does not wait, and is told of nothing that goes wrong with it.
      this.#lookOnce().catch(() => undefined)
    }
    return true
  }

  /** Resolves when the clock is right. @throws Fault `clock_wrong`, and what the store throws where it has to be asked */
  async check(): Promise<void> {
    for (let looks = 0; looks < LOOKS_MAX; looks++) {
      if (this.isSure()) return
      const isTold =
        this.#wrong !== null && this.#jumpMs(this.#read()) === 0 && !this.#isOld(this.#parts.limits.clockRetryMs)
      if (isTold) break
      await this.#lookOnce()
    }
    const message = this.#wrong?.message ?? 'The clock of this process is being set again and again.'
    throw new Fault('clock_wrong', message, { retryAfterMs: this.#parts.limits.clockRetryMs })
  }

  /**
   * The present, for the rules. It does not run backwards where the clock is set back a little: it waits for the clock then, at most for
   * `clockDifferenceMsMax`, within which reads by time are exact. A clock that is set back by more is followed.
   */
  now(): Instant {
    const now = this.#parts.clock.now()
    const isStep = this.#lastNow - now > this.#parts.limits.clockDifferenceMsMax
    this.#lastNow = isStep ? now : Math.max(this.#lastNow, now)
    return this.#lastNow
  }

  /** Whether what is due may be ended, which nobody can take back. @throws Fault `clock_wrong` */
  requireSettled(): void {
    const rest = this.#rest
    if (rest !== null) throw new Fault('clock_wrong', rest.message, { retryAfterMs: this.#parts.limits.clockRetryMs })
  }

  get #rest() {
    return this.#resting !== null && this.#parts.clock.elapsed() < this.#resting.until ? this.#resting : null
  }

  /** By how much the time of day was set since the last look; 0 within `clockJumpMsMax`. */
  #jumpMs({ now, elapsed }: Reading): number {
    const jumpMs = now - this.#reading.now - (elapsed - this.#reading.elapsed)
    return Math.abs(jumpMs) > this.#parts.limits.clockJumpMsMax ? jumpMs : 0
  }

  #isOld(ageMs: number): boolean {
    return this.#parts.clock.elapsed() - this.#lookedAt >= ageMs
  }

  #read(): Reading {
    const { clock } = this.#parts
    return { now: clock.now(), elapsed: clock.elapsed() }
  }

  /** One look at a time; whoever comes meanwhile waits for it too. */
  #lookOnce(): Promise<void> {
    this.#look ??= this.#lookAgain().finally(() => (this.#look = null))
    return this.#look
  }

  async #lookAgain(): Promise<void> {
    const reading = this.#read()
    const { store, clock, limits } = this.#parts
    try {
      const answer = await store.clock()
      const jumpMs = this.#jumpMs(reading)
      if (jumpMs < 0) this.#setBackFrom = Math.max(this.#setBackFrom ?? 0, reading.now - jumpMs)
      if (jumpMs !== 0) this.#resting = null
      // A clock that was behind the rows is expected to be set ahead.
      const isDoubtful = answer.serverAt === null && this.#wrong === null
      if (isDoubtful && jumpMs > limits.clockDifferenceMsMax) this.#beginRest(jumpMs)
      this.#reading = reading
      const look = { ...answer, askedAt: reading.now, tookMs: clock.elapsed() - reading.elapsed }
      const { acceptRowsAhead } = this.#options
      const { clockDifferenceMsMax } = limits
      this.#conclude(judge(look, { clockDifferenceMsMax, acceptRowsAhead, setBackFrom: this.#setBackFrom }))
    } finally {
      this.#lookedAt = clock.elapsed()
    }
  }

  #beginRest(jumpMs: number): void {
    const { clock, limits } = this.#parts
    const message = setAheadText(jumpMs, limits.clockRestMs)
    this.#resting = { until: clock.elapsed() + limits.clockRestMs, message }
    this.#tell({ kind: 'set_ahead', message })
  }

  #conclude(verdict: Verdict): void {
    const before = this.#wrong
    const warnedBefore = this.#warning !== null
    this.#isKnown = true
    if (verdict.kind !== 'right') {
      this.#wrong = verdict
      if (before?.kind !== verdict.kind) this.#tell({ kind: 'wrong', message: verdict.message })
      return
    }
    // An answer that took too long to prove anything does not end what was proven.
    if (before !== null && !verdict.isSure) return
    this.#wrong = null
    this.#warning = verdict.warning
    if (before !== null) this.#tell({ kind: 'right' })
    if (verdict.warning !== null && !warnedBefore) this.#tell({ kind: 'rows_ahead', message: verdict.warning })
  }

  #tell(event: ClockEvent): void {
    try {
      this.#options.onClockEvent?.(event)
    } catch {
      // Whoever listens cannot keep commands waiting.
    }
  }
}
