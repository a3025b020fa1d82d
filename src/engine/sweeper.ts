/**
 * The sweeper: ends the holds that are due, in rounds.
 *
 *   pause ─▶ look: a page of due holds ─▶ submit a release for each ─▶ answers ─▶ look again … ─▶ pause
 *
 * Its states:
 *
 *   new ──start──▶ pausing ──the pause is over──▶ sweeping ──stop──▶ stopping
 *    │              │   ▲                            │                  │
 *    │              │   └─────the round is over──────┘          the round is over
 *    │              ▼                                                   ▼
 *    └────stop────▶ stopped ◀───────────────────────────────────────────┘
 *
 * Every process has one, and they know nothing of each other: several may submit the same hold, the rules let one of the
 * releases through. Nothing is remembered that a restart could lose: what is due is a question to the database. Upholds laws 5
 * and 8.
 */
import { assertTransition, type Transitions } from '../domain/assert.ts'
import type { ReleaseCommand } from '../domain/command.ts'
import type { Instant, RequestId } from '../domain/ids.ts'
import type { FaultCode, Outcome, RejectionCode } from '../domain/outcome.ts'
import type { Clock } from './clock.ts'
import { asFault, type Fault } from './faults.ts'
import type { EngineLimits } from './limits.ts'
import type { Reader } from './reader.ts'

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
>

export interface SweeperOptions {
  readonly reader: Pick<Reader, 'due' | 'overdue'>
  /** The engine's. @throws Fault */
  readonly submit: (release: ReleaseCommand) => Promise<Outcome>
  /** The engine's, by which it decides what is due. @throws Fault `clock_wrong`, and what the store throws */
  readonly now: () => Promise<Instant>
  readonly clock: Clock
  readonly limits: SweeperLimits
  /** Hears what an operator should know. */
  readonly onEvent?: ((event: ExpiryEvent) => void) | undefined
}

/** What the sweeper of one process knows, and what it has done since it was made. */
export interface ExpiryStatus {
  readonly rounds: number
  /** Holds that it ended; those that another process was faster with are not among them. */
  readonly swept: number
  /** Rounds that a fault ended. */
  readonly faults: number
  /** Holds that could not be ended and are left aside for `expiryAsideMs`. */
  readonly aside: number
  /** How long ago the oldest hold that is left over had come due, in milliseconds; 0 when none is. As of the last look. */
  readonly lagMs: number
  /** How many were left over, counted as far as the reader does; null when that is not known. */
  readonly backlog: number | null
  /** How long ago the database was last asked, in milliseconds; since the start, when it never was. */
  readonly lookAgeMs: number
  /** The lag is more than `expiryLagMsMax`, or nobody could look for so long. */
  readonly isBehind: boolean
}

export type ExpiryEvent =
  | { readonly kind: 'behind'; readonly status: ExpiryStatus }
  | { readonly kind: 'caught_up'; readonly status: ExpiryStatus }
  /** A round ended early. */
  | { readonly kind: 'faulted'; readonly fault: Fault }
  /** So many holds of one round could not be ended; the first of them, and why. */
  | { readonly kind: 'refused'; readonly holdsCount: number; readonly hold: RequestId; readonly reason: Refusal }

type DueHold = Awaited<ReturnType<Reader['due']>>['holds'][number]

type Refusal = RejectionCode | FaultCode

/**
 * - `ended`: by this process.
 * - `passed`: somebody else has ended it, or given it more time.
 * - otherwise why not.
 */
type Result = 'ended' | 'passed' | { readonly refusal: Refusal } | { readonly fault: Fault }

/** The same trouble is told again only after this time. */
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
  readonly #bornAt: number
  /** By hold, when it is looked at again, on the clock's `elapsed`; the earliest first. */
  readonly #aside = new Map<RequestId, number>()
  readonly #counts = { rounds: 0, swept: 0, faults: 0 }
  /** Since when the oldest hold that was left over is due, on the clock's `elapsed`; null when none was. */
  #lagSince: number | null = null
  #backlog: number | null = null
  #lookedAt: number | null = null
  #round: Promise<void> | null = null
  #cancelPause: (() => void) | null = null
  #state: State = 'new'
  /** When each trouble may be told again, on the clock's `elapsed`; null while there is none. */
  #nextBehindAt: number | null = null
  #nextFaultAt: number | null = null

  constructor(options: SweeperOptions) {
    this.#options = options
    const { queueCommandsMax, expiryPageMax } = options.limits
    // Half of the queue is left to callers.
    this.#pageMax = Math.max(1, Math.min(expiryPageMax, Math.floor(queueCommandsMax / 2)))
    this.#bornAt = options.clock.elapsed()
  }

  get status(): ExpiryStatus {
    const { clock, limits } = this.#options
    const lagMs = this.#lagSince === null ? 0 : Math.max(0, clock.elapsed() - this.#lagSince)
    const lookAgeMs = clock.elapsed() - (this.#lookedAt ?? this.#bornAt)
    const isBehind = lagMs > limits.expiryLagMsMax || lookAgeMs > limits.expiryLagMsMax + 2 * limits.expiryIntervalMs
    return { ...this.#counts, aside: this.#aside.size, lagMs, backlog: this.#backlog, lookAgeMs, isBehind }
  }

  /** Begins with a round within the first interval. Does not keep the process alive. */
  start(): void {
    if (this.#state !== 'new') return
    const { clock, limits } = this.#options
    this.#pause(clock.random() * limits.expiryIntervalMs)
  }

  /** Begins no more rounds, and waits for the page that is under way, at most for `drainMsMax`. */
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

  /** One round. @returns the fault that ended it, after every answer of its page has come */
  async #sweep(): Promise<Fault | null> {
    const { reader, clock, limits } = this.#options
    for (let left = limits.expiryRoundMax; left > 0 && !this.#isStopping();) {
      this.#recall()
      const pageMax = Math.min(this.#pageMax, left)
      // Those that are left aside are among what is found.
      const limit = pageMax + this.#aside.size
      const now = await this.#options.now()
      const { holds } = await reader.due(now, limit)
      this.#lookedAt = clock.elapsed()
      this.#leave(holds[0]?.expiresAt, now)
      if (this.#isStopping()) return null
      const found = holds.filter(({ id }) => !this.#aside.has(id))
      const page = found.slice(0, pageMax)
      const { fault, passedCount, remaining } = await this.#endPage(page)
      left -= page.length
      const isLast = holds.length < limit && page.length === found.length
      if (fault !== null || isLast) {
        const over = holds.filter(({ id }) => remaining.has(id) || this.#aside.has(id))
        this.#leave(over[0]?.expiresAt, now)
        this.#backlog = fault === null ? over.length : null
        return fault
      }
      // Another process sweeps the same holds and was faster: it goes on, so that they do not work against each other.
      if (passedCount * 2 > page.length) break
    }
    if (this.#isStopping()) return null
    const now = await this.#options.now()
    const { count, oldestExpiresAt } = await reader.overdue(now)
    this.#backlog = count
    this.#leave(oldestExpiresAt ?? undefined, now)
    return null
  }

  /** What is left over counts by the moment at which it was due, whatever becomes of the time of day. */
  #leave(oldestExpiresAt: Instant | undefined, now: Instant): void {
    this.#lagSince = oldestExpiresAt === undefined ? null : this.#options.clock.elapsed() - (now - oldestExpiresAt)
  }

  async #endPage(page: readonly DueHold[]) {
    const results = await Promise.all(page.map(({ id }) => this.#end(id)))
    const remaining = new Set<RequestId>()
    const refused: { readonly hold: RequestId; readonly reason: Refusal }[] = []
    let fault: Fault | null = null
    let endedCount = 0
    let passedCount = 0
    for (const [index, result] of results.entries()) {
      const { id } = page[index]!
      if (result === 'ended') endedCount++
      else if (result === 'passed') passedCount++
      else if ('refusal' in result) refused.push({ hold: id, reason: result.refusal })
      else {
        fault ??= result.fault
        remaining.add(id)
      }
    }
    this.#counts.swept += endedCount
    for (const { hold } of refused) this.#putAside(hold)
    if (refused.length > 0) this.#tell({ kind: 'refused', holdsCount: refused.length, ...refused[0]! })
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
      // What this one hold is refused for will not pass, and must not keep the others waiting.
      const isItsOwn = fault.code === 'store_refused' || fault.code === 'internal'
      return isItsOwn ? { refusal: fault.code } : { fault }
    }
  }

  #putAside(hold: RequestId): void {
    const { clock, limits } = this.#options
    this.#aside.set(hold, clock.elapsed() + limits.expiryAsideMs)
    if (this.#aside.size <= limits.expiryAsideMax) return
    const [oldest] = this.#aside.keys()
    this.#aside.delete(oldest!)
  }

  /** Those whose time aside is over are submitted again. */
  #recall(): void {
    const now = this.#options.clock.elapsed()
    for (const [hold, until] of this.#aside) {
      if (until > now) break
      this.#aside.delete(hold)
    }
  }

  #report(fault: Fault | null): void {
    const now = this.#options.clock.elapsed()
    const { status } = this
    // A wrong clock is told by whoever watches it.
    if (fault === null || fault.code === 'clock_wrong') this.#nextFaultAt = null
    else if (this.#nextFaultAt === null || now >= this.#nextFaultAt) {
      this.#nextFaultAt = now + REPEAT_MS
      this.#tell({ kind: 'faulted', fault })
    }
    if (status.isBehind) {
      if (this.#nextBehindAt !== null && now < this.#nextBehindAt) return
      this.#nextBehindAt = now + REPEAT_MS
      this.#tell({ kind: 'behind', status })
    } else if (this.#nextBehindAt !== null) {
      this.#nextBehindAt = null
      this.#tell({ kind: 'caught_up', status })
    }
  }

  #tell(event: ExpiryEvent): void {
    try {
      this.#options.onEvent?.(event)
    } catch {
      // Whoever listens cannot keep coins frozen.
    }
  }
}
