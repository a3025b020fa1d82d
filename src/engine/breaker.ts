/**
 * A store with a circuit breaker: after `breakerFailures` consecutive failures, calls fail immediately until a probe succeeds. A
 * database that is down does not receive a retry from every caller.
 *
 * A commit that was contended is no failure, but a success: the database has answered. A row that many want is no reason to stop serving
 * the others, and the engine has its own pauses for it (recovery.ts).
 */
import {
  BrokenCircuitError,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  handleWhen,
  type CircuitBreakerPolicy,
  type IBackoff,
} from 'cockatiel'
import type { BalanceName } from '../domain/balance.ts'
import type { FaultCode } from '../domain/outcome.ts'
import type { Snapshot } from '../domain/snapshot.ts'
import type { Changes } from '../domain/changes.ts'
import type { Footprint } from '../domain/footprint.ts'
import type { Clock } from './clock.ts'
import { Fault } from './faults.ts'
import type { EngineLimits } from './limits.ts'
import type { Measures, Operation } from './measures.ts'
import type { Circuit, Observer } from './observer.ts'
import type { CommitResult, Store, StoreClock } from './store.ts'

export class BreakerStore implements Store {
  readonly #store: Store
  /** Reads and writes have separate circuits: with a full disk, or on a read-only replica, a database can be read but not written. */
  readonly #reads: CircuitBreakerPolicy
  readonly #writes: CircuitBreakerPolicy
  readonly #openMs: number
  /** The most recent failure of each circuit. */
  readonly #lastFailure = new Map<CircuitBreakerPolicy, Fault>()

  readonly #measures: Measures

  constructor(
    store: Store,
    clock: Clock,
    limits: Pick<EngineLimits, 'breakerFailures' | 'breakerOpenMs'>,
    measures: Measures,
    observer: Observer | null = null,
  ) {
    this.#store = store
    this.#measures = measures
    this.#openMs = limits.breakerOpenMs
    const watched = { clock, limits, measures, observer }
    this.#reads = policyOf('reads', watched)
    this.#writes = policyOf('writes', watched)
  }

  get connectionsLost(): number {
    return this.#store.connectionsLost
  }

  load(footprint: Footprint): Promise<Snapshot> {
    return this.#guard(this.#reads, 'load', () => this.#store.load(footprint))
  }

  commit(changes: Changes): Promise<CommitResult> {
    return this.#guard(this.#writes, 'commit', () => this.#store.commit(changes))
  }

  exclusive(footprint: Footprint, plan: (snapshot: Snapshot) => Changes): Promise<CommitResult> {
    return this.#guard(this.#writes, 'exclusive', () => this.#store.exclusive(footprint, plan))
  }

  locked(balances: ReadonlyMap<string, BalanceName>): Promise<ReadonlySet<string>> {
    return this.#guard(this.#writes, 'locked', () => this.#store.locked(balances))
  }

  ping(): Promise<void> {
    return this.#guard(this.#writes, 'ping', () => this.#store.ping())
  }

  clock(): Promise<StoreClock> {
    return this.#guard(this.#reads, 'clock', () => this.#store.clock())
  }

  /** Whether one of the circuits is open, or waits for its probe. */
  get isOpen(): boolean {
    return [this.#reads, this.#writes].some(({ state }) => state !== CircuitState.Closed)
  }

  async #guard<Result>(
    policy: CircuitBreakerPolicy,
    operation: Operation,
    call: () => Promise<Result>,
  ): Promise<Result> {
    try {
      return await policy.execute(() => this.#measures.operation(operation, call))
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) {
        if (isFailure(error)) this.#lastFailure.set(policy, error)
        throw error
      }
      throw this.#broken(policy, error)
    }
  }

  /** The fault while a circuit is open. A misconfiguration keeps its own code, because only an operator can remove its cause. */
  #broken(policy: CircuitBreakerPolicy, cause: BrokenCircuitError): Fault {
    const last = this.#lastFailure.get(policy)
    if (last?.code === 'store_misconfigured') return new Fault(last.code, last.message, { cause: last })
    const message = 'The database failed several times in a row. It is not called again until a pause has passed.'
    return new Fault('store_unavailable', message, { retryAfterMs: this.#openMs, cause })
  }
}

interface Watched {
  readonly clock: Clock
  readonly limits: Pick<EngineLimits, 'breakerFailures' | 'breakerOpenMs'>
  readonly measures: Measures
  readonly observer: Observer | null
}

/** A circuit that opens again after its probe has failed counts as open all the time. */
function policyOf(circuit: Circuit, { clock, limits, measures, observer }: Watched): CircuitBreakerPolicy {
  const policy = circuitBreaker(handleWhen(isFailure), {
    halfOpenAfter: { next: () => new Pause(clock, limits.breakerOpenMs) },
    breaker: new ConsecutiveBreaker(limits.breakerFailures),
  })
  let openedAt: number | null = null
  policy.onBreak((reason) => {
    if (openedAt !== null) return
    openedAt = clock.elapsed()
    measures.breakerOpened[circuit]++
    const fault = 'error' in reason && reason.error instanceof Fault ? reason.error : null
    observer?.onTrouble?.({ kind: 'breaker_opened', circuit, fault })
  })
  policy.onReset(() => {
    if (openedAt === null) return
    observer?.onTrouble?.({ kind: 'breaker_closed', circuit, openMs: clock.elapsed() - openedAt })
    openedAt = null
  })
  return policy
}

/**
 * How long the circuit stays open, measured by the engine's clock. cockatiel uses the time of day, which can be set back: it compares
 * `duration` with the time since the circuit opened. So `duration` is infinite until the pause has passed, and then -Infinity.
 */
class Pause implements IBackoff<unknown> {
  readonly #clock: Clock
  readonly #ms: number
  readonly #until: number

  constructor(clock: Clock, ms: number) {
    this.#clock = clock
    this.#ms = ms
    this.#until = clock.elapsed() + ms
  }

  get duration(): number {
    return this.#clock.elapsed() < this.#until ? Infinity : -Infinity
  }

  next(): Pause {
    return new Pause(this.#clock, this.#ms)
  }
}

const FAILURES: ReadonlySet<FaultCode> = new Set(['store_unavailable', 'store_misconfigured', 'commit_in_doubt'])

function isFailure(error: unknown): error is Fault {
  return error instanceof Fault && FAILURES.has(error.code)
}
