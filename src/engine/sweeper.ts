/**
 * The sweeper: ends due holds, in rounds.
 *
 *   pause ─▶ read a page of due holds ─▶ submit a release for each ─▶ answers ─▶ read the next page … ─▶ pause
 *
 * Its states:
 *
 *   new ──start──▶ pausing ──the pause is over──▶ sweeping ──stop──▶ stopping
 *    │              │   ▲                            │                  │
 *    │              │   └─────the round is over──────┘          the round is over
 *    │              ▼                                                   ▼
 *    └────stop────▶ stopped ◀───────────────────────────────────────────┘
 *
 * Every process has one, and they do not know each other: several may submit the same hold, and the rules accept one of the releases.
 * A restart loses nothing, because due holds are read from the database. expiry-walk.ts says where a round looks. Upholds laws 5 and 8.
 */
import { assertTransition, type Transitions } from '../domain/assert.ts'
import type { ReleaseCommand } from '../domain/command.ts'
import type { Instant, RequestId } from '../domain/ids.ts'
import type { FaultCode, Outcome, RejectionCode } from '../domain/outcome.ts'
import type { Clock } from './clock.ts'
import { asFault, type Fault } from './faults.ts'
import type { EngineLimits } from './limits.ts'
import { ExpiryWalks, type ExpiryWalk, type Stretch, type WalkLimits } from './expiry-walk.ts'
import { OVERDUE_COUNT_MAX, type Reader } from './reader.ts'

type SweeperLimits = Pick<
  EngineLimits,
  | 'queueCommandsMax'
  | 'drainMsMax'
  | 'expiryIntervalMs'
  | 'expiryPageMax'
  | 'expiryRoundMax'
  | 'expiryLagMsMax'
  | 'expiryAsideMs'
  | 'expiryAsideMax'
> &
  WalkLimits

export interface SweeperOptions {
  readonly reader: Pick<Reader, 'due'>
  /** `Engine.submit`. @throws Fault */
  readonly submit: (release: ReleaseCommand) => Promise<Outcome>
  /** `Engine.now`: the time that decides which holds are due. @throws Fault `clock_wrong`, and the faults of `Store.clock` */
  readonly now: () => Promise<Instant>
  readonly clock: Clock
  readonly limits: SweeperLimits
  /** Called with what an operator should know. Errors that it throws are ignored. */
  readonly onEvent?: ((event: ExpiryEvent) => void) | undefined
}

/** The state of one process's sweeper, and its counters since the start. */
export interface ExpiryStatus {
  readonly rounds: number
  /** Holds that this sweeper ended, not counting those that another process ended first. */
  readonly swept: number
  /** Rounds that ended with a fault. */
  readonly faults: number
  /** Holds that could not be ended and are set aside for `expiryAsideMs`. */
  readonly aside: number
  /** How long ago the oldest remaining hold became due, in milliseconds; 0 when none remains. As of the last read. */
  readonly lagMs: number
  /** How many due holds remained, up to `OVERDUE_COUNT_MAX`; null when that is unknown. */
  readonly backlog: number | null
  /** How long ago due holds were last read, in milliseconds; time since the start when they never were. */
  readonly lookAgeMs: number
  /** The lag is more than `expiryLagMsMax`, or due holds could not be read for that long. */
  readonly isBehind: boolean
}

export type ExpiryEvent =
  | { readonly kind: 'behind'; readonly status: ExpiryStatus }
  | { readonly kind: 'caught_up'; readonly status: ExpiryStatus }
  /** A fault ended a round early. */
  | { readonly kind: 'faulted'; readonly fault: Fault }
  /** `holdsCount` holds of one page could not be ended; `hold` is the first of them, and `reason` why. */
  | { readonly kind: 'refused'; readonly holdsCount: number; readonly hold: RequestId; readonly reason: Refusal }

type DueHold = Awaited<ReturnType<Reader['due']>>['holds'][number]

type Refusal = RejectionCode | FaultCode

interface Aside {
  readonly expiresAt: Instant
  /** When the hold is submitted again, on the clock's `elapsed`. */
  readonly until: number
}

/** What one look came to. */
interface Looked {
  /** What ended the round. */
  readonly fault: Fault | null
  /** Whether another process ended most of what was found. */
  readonly isPassed: boolean
  /** How many holds were submitted. */
  readonly endedCount: number
}

/**
 * - `ended`: by this sweeper.
 * - `passed`: another process or a caller has ended it, or extended it.
 * - otherwise why it was not ended.
 */
type Result = 'ended' | 'passed' | { readonly refusal: Refusal } | { readonly fault: Fault }

/** The sweeper as a caller of its engine: it takes turns with the others. */
export const SWEEPER = 'sweeper'

/** An event that repeats is emitted again only after this time. */
const REPEAT_MS = 60_000

type State = 'new' | 'pausing' | 'sweeping' | 'stopping' | 'stopped'

const TRANSITIONS: Transitions<State> = {
  new: ['pausing', 'stopped'],
  pausing: ['sweeping', 'stopped'],
  sweeping: ['pausing', 'stopping'],
  stopping: ['stopped'],
  stopped: [],
}

export class Sweeper {
  readonly #options: SweeperOptions
  readonly #pageMax: number
  readonly #createdAt: number
  readonly #walks: ExpiryWalks
  /** Holds that could not be ended, those that are submitted again first at the front. */
  readonly #aside = new Map<RequestId, Aside>()
  readonly #counts = { rounds: 0, swept: 0, faults: 0 }
  /** When the oldest remaining hold became due, on the clock's `elapsed`; null when none remained. */
  #lagSince: number | null = null
  #backlog: number | null = null
  #readAt: number | null = null
  #round: Promise<void> | null = null
  #cancelPause: (() => void) | null = null
  #state: State = 'new'
  /** When `behind` and `faulted` may be emitted again, on the clock's `elapsed`; null while there is no such problem. */
  #nextBehindAt: number | null = null
  #nextFaultAt: number | null = null

  constructor(options: SweeperOptions) {
    this.#options = options
    const { queueCommandsMax, expiryPageMax } = options.limits
    // Half of the queue is reserved for callers.
    this.#pageMax = Math.max(1, Math.min(expiryPageMax, Math.floor(queueCommandsMax / 2)))
    this.#walks = new ExpiryWalks(options.limits)
    this.#createdAt = options.clock.elapsed()
  }

  get status(): ExpiryStatus {
    const { clock, limits } = this.#options
    const lagMs = this.#lagSince === null ? 0 : Math.max(0, clock.elapsed() - this.#lagSince)
    const lookAgeMs = clock.elapsed() - (this.#readAt ?? this.#createdAt)
    const isBehind = lagMs > limits.expiryLagMsMax || lookAgeMs > limits.expiryLagMsMax + 2 * limits.expiryIntervalMs
    return { ...this.#counts, aside: this.#aside.size, lagMs, backlog: this.#backlog, lookAgeMs, isBehind }
  }

  /** Starts the first round within one interval. Does not keep the process alive. */
  start(): void {
    if (this.#state !== 'new') return
    const { clock, limits } = this.#options
    this.#pause(clock.random() * limits.expiryIntervalMs)
  }

  /** Starts no more rounds, and waits for the page in progress, at most for `drainMsMax`. */
  async stop(): Promise<void> {
    if (this.#state === 'sweeping') this.#become('stopping')
    else if (this.#state === 'new' || this.#state === 'pausing') this.#become('stopped')
    this.#cancelPause?.()
    if (this.#round === null) return
    const { clock, limits } = this.#options
    let cancel = (): void => {}
    const late = new Promise<void>((resolve) => {
      cancel = clock.after(limits.drainMsMax, resolve)
    })
    await Promise.race([this.#round, late])
    cancel()
  }

  #pause(ms: number): void {
    this.#become('pausing')
    this.#cancelPause = this.#options.clock.after(ms, () => {
      this.#become('sweeping')
      this.#round = this.#runRound()
    })
  }

  /** Never rejects. */
  async #runRound(): Promise<void> {
    const { clock, limits } = this.#options
    let fault: Fault | null = null
    try {
      fault = await this.#sweep()
    } catch (error) {
      fault = asFault(error)
      this.#backlog = null
    }
    this.#counts.rounds++
    if (fault !== null) this.#counts.faults++
    this.#round = null
    if (this.#isStopping()) return this.#become('stopped')
    this.#report(fault)
    this.#pause(limits.expiryIntervalMs * (0.75 + clock.random() / 2))
  }

  #isStopping(): boolean {
    return this.#state === 'stopping'
  }

  #become(state: State): void {
    assertTransition(TRANSITIONS, this.#state, state)
    this.#state = state
  }

  /** One round. @returns the fault that ended it, after all answers of its page */
  async #sweep(): Promise<Fault | null> {
    const { limits } = this.#options
    const again = this.#recall()
    if (again.length > 0) {
      const { fault, remaining } = await this.#endPage(again)
      for (const { id, expiresAt } of again) if (remaining.has(id)) this.#aside.set(id, { expiresAt, until: 0 })
      if (fault !== null) return fault
    }
    let left = limits.expiryRoundMax
    for (const walk of this.#walks.begin()) {
      while (left > 0 && !this.#isStopping()) {
        const now = await this.#options.now()
        const stretch = walk.next(now)
        if (stretch === null) break
        const { fault, isPassed, endedCount } = await this.#look(walk, stretch, Math.min(this.#pageMax, left), now)
        if (fault !== null) return fault
        left -= endedCount
        // Another process ends the same holds and is faster: it continues, so that the two do not compete.
        if (isPassed) left = 0
      }
    }
    if (!this.#isStopping()) await this.#count()
    return null
  }

  async #look(walk: ExpiryWalk, stretch: Stretch, limit: number, now: Instant): Promise<Looked> {
    const { holds, reached } = await this.#options.reader.due({ ...stretch, limit })
    this.#readAt = this.#options.clock.elapsed()
    this.#setLag(holds[0]?.expiresAt, now)
    if (this.#isStopping()) return { fault: null, isPassed: false, endedCount: 0 }
    const page = holds.filter(({ id }) => !this.#aside.has(id))
    const { fault, passedCount, remaining } = await this.#endPage(page)
    if (fault === null) walk.looked(stretch, reached)
    else {
      this.#setLag(page.find(({ id }) => remaining.has(id))?.expiresAt, now)
      this.#backlog = null
    }
    return { fault, isPassed: passedCount * 2 > page.length, endedCount: page.length }
  }

  /** Counts what a round has left. */
  async #count(): Promise<void> {
    const now = await this.#options.now()
    const expiries = [...this.#aside.values()].map(({ expiresAt }) => expiresAt)
    let isCounted = true
    let oldest = Infinity
    for (const stretch of this.#walks.left(now)) {
      const { holds, reached } = await this.#options.reader.due({ ...stretch, limit: OVERDUE_COUNT_MAX })
      expiries.push(...holds.map(({ expiresAt }) => expiresAt))
      if (reached === null || holds.length === OVERDUE_COUNT_MAX) continue
      isCounted = false
      // What is left up to the present may be due since then.
      if (stretch.until === now) oldest = reached.expiresAt
    }
    this.#backlog = isCounted ? Math.min(expiries.length, OVERDUE_COUNT_MAX) : null
    for (const expiresAt of expiries) oldest = Math.min(oldest, expiresAt)
    this.#setLag(oldest === Infinity ? undefined : oldest, now)
  }

  /** Remembers since when the oldest remaining hold is due, by `elapsed`, so that a change of the time of day does not change the lag. */
  #setLag(oldestExpiresAt: Instant | undefined, now: Instant): void {
    this.#lagSince = oldestExpiresAt === undefined ? null : this.#options.clock.elapsed() - (now - oldestExpiresAt)
  }

  async #endPage(page: readonly DueHold[]) {
    const results = await Promise.all(page.map(({ id }) => this.#end(id)))
    const remaining = new Set<RequestId>()
    const refused: { readonly hold: DueHold; readonly reason: Refusal }[] = []
    let fault: Fault | null = null
    let endedCount = 0
    let passedCount = 0
    for (const [index, result] of results.entries()) {
      const hold = page[index]!
      if (result === 'ended') endedCount++
      else if (result === 'passed') passedCount++
      else if ('refusal' in result) refused.push({ hold, reason: result.refusal })
      else {
        fault ??= result.fault
        remaining.add(hold.id)
      }
    }
    this.#counts.swept += endedCount
    for (const { hold } of refused) this.#putAside(hold)
    const [first] = refused
    if (first !== undefined) {
      this.#emit({ kind: 'refused', holdsCount: refused.length, hold: first.hold.id, reason: first.reason })
    }
    return { fault, passedCount, remaining }
  }

  async #end(hold: RequestId): Promise<Result> {
    try {
      const outcome = await this.#options.submit({ kind: 'release', hold, cause: 'expiry' })
      if (outcome.status === 'applied') return outcome.replayed ? 'passed' : 'ended'
      const { code } = outcome.rejection
      return code === 'hold_not_due' || code === 'hold_not_open' ? 'passed' : { refusal: code }
    } catch (error) {
      const fault = asFault(error)
      // A fault of this hold alone will happen again, and must not keep the other holds waiting.
      const isItsOwn = fault.code === 'store_refused' || fault.code === 'internal'
      return isItsOwn ? { refusal: fault.code } : { fault }
    }
  }

  #putAside({ id, expiresAt }: DueHold): void {
    const { clock, limits } = this.#options
    this.#aside.set(id, { expiresAt, until: clock.elapsed() + limits.expiryAsideMs })
    if (this.#aside.size <= limits.expiryAsideMax) return
    const [oldest] = this.#aside.keys()
    this.#aside.delete(oldest!)
  }

  /** Takes back the holds that were set aside long enough: they are submitted again. */
  #recall(): readonly DueHold[] {
    const now = this.#options.clock.elapsed()
    const recalled: DueHold[] = []
    for (const [id, { expiresAt, until }] of this.#aside) {
      if (until > now || recalled.length === this.#pageMax) break
      this.#aside.delete(id)
      recalled.push({ id, expiresAt })
    }
    return recalled
  }

  #report(fault: Fault | null): void {
    const now = this.#options.clock.elapsed()
    const { status } = this
    // The clock watch has an event of its own for a wrong clock.
    if (fault === null || fault.code === 'clock_wrong') this.#nextFaultAt = null
    else if (this.#nextFaultAt === null || now >= this.#nextFaultAt) {
      this.#nextFaultAt = now + REPEAT_MS
      this.#emit({ kind: 'faulted', fault })
    }
    if (status.isBehind) {
      if (this.#nextBehindAt !== null && now < this.#nextBehindAt) return
      this.#nextBehindAt = now + REPEAT_MS
      this.#emit({ kind: 'behind', status })
    } else if (this.#nextBehindAt !== null) {
      this.#nextBehindAt = null
      this.#emit({ kind: 'caught_up', status })
    }
  }

  #emit(event: ExpiryEvent): void {
    try {
      this.#options.onEvent?.(event)
    } catch {
      // An error of a listener must not affect the sweeper.
    }
  }
}
