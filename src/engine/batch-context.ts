/** The state that the stages of a batch share. Each engine has one. */
import type { BalanceName } from '../domain/balance.ts'
import { decideBatch, type Plan } from '../domain/batch.ts'
import type { Work } from '../domain/command.ts'
import type { Instant, RequestId } from '../domain/ids.ts'
import { HouseStripes } from '../domain/house-stripes.ts'
import { type Snapshot } from '../domain/snapshot.ts'
import { footprint, holdsOf } from '../domain/rules.ts'
import { FootprintKeys, NOTHING_KNOWN, type Footprint } from '../domain/footprint.ts'
import { RunningNumbers } from '../domain/running-numbers.ts'
import type { BatchRecord } from './batch-record.ts'
import { BreakerStore } from './breaker.ts'
import { Cache } from './cache.ts'
import { ClockWatch, type ClockWatchOptions } from './clock-watch.ts'
import type { Clock } from './clock.ts'
import { Contention } from './contention.ts'
import { asFault, Fault } from './faults.ts'
import type { EngineLimits } from './limits.ts'
import { LockedBalances } from './locked-balances.ts'
import { Measures } from './measures.ts'
import type { Observer, Try } from './observer.ts'
import { assertLawful } from './plan-laws.ts'
import { EngineStats } from './stats.ts'
import { isContended, type CommitResult, type Store } from './store.ts'
import { Succession } from './succession.ts'

export class BatchContext {
  readonly store: BreakerStore
  readonly clock: Clock
  readonly limits: EngineLimits
  readonly succession: Succession
  readonly cache: Cache
  readonly contention: Contention
  readonly locked: LockedBalances
  readonly stats = new EngineStats()
  readonly measures: Measures
  readonly watch: ClockWatch
  readonly observer: Observer | null
  /** Of the batch that is being finished: one at a time is. Null while nobody observes batches. */
  record: BatchRecord | null = null
  readonly #seqs: RunningNumbers

  constructor(
    store: Store,
    clock: Clock,
    limits: EngineLimits,
    options: { houseStripe: number; observer?: Observer | null } & ClockWatchOptions,
  ) {
    this.measures = new Measures(clock)
    this.observer = options.observer ?? null
    this.store = new BreakerStore(store, clock, limits, this.measures, this.observer)
    this.clock = clock
    this.limits = limits
    this.succession = new Succession(this.store, new HouseStripes(options.houseStripe))
    this.cache = new Cache(limits)
    this.contention = new Contention(clock, limits.contendedMs)
    this.locked = new LockedBalances(this.store, clock, limits)
    this.#seqs = new RunningNumbers(
      () => clock.now(),
      () => clock.random(),
    )
    this.watch = new ClockWatch({ store: this.store, clock, limits }, options)
  }

  /** The footprint of `work`, including the balances that only rows in the cache name. */
  knownKeys(work: readonly Work[]): Footprint {
    return footprint(work, this.succession.stripes, this.cache)
  }

  readonly knownKeysOf = (item: Work): Footprint => this.knownKeys([item])

  /** Keys of the balances of its footprint; none of work whose rows cannot be named, which fails in its batch. */
  knownBalancesOf(item: Work): Iterable<string> {
    try {
      return this.knownKeysOf(item).balances.keys()
    } catch {
      return []
    }
  }

  /** By work, the balances of its footprint, also those that only rows of holds name. @throws as `Store.load` */
  async balancesOf(work: readonly Work[]): Promise<readonly ReadonlyMap<string, BalanceName>[]> {
    const holds = holdsOf(work)
    const areCached = holds.every((hold) => this.cache.requests.has(hold))
    const known = areCached ? this.cache : await this.store.load(this.keysOfHolds(holds))
    return work.map((item) => footprint([item], this.succession.stripes, known).balances)
  }

  /** The footprint of a look at holds. */
  keysOfHolds(holds: readonly RequestId[]): Footprint {
    const keys = new FootprintKeys(this.succession.stripes, NOTHING_KNOWN)
    for (const hold of holds) keys.addRequest(hold)
    keys.complete()
    return keys
  }

  /** A transaction of the batch that is being finished has ended. */
  tried(path: Try['path'], at: number, result: CommitResult | Fault): void {
    if (this.record === null) return
    const ms = this.clock.elapsed() - at
    this.record.tried({ path, at, ms, result: result instanceof Fault ? result.code : result })
  }

  /** A commit was refused because of other writers. */
  conflicted(path: Try['path'], result: Exclude<CommitResult, 'committed'>): void {
    this.stats[result]++
    if (isContended(result)) this.observer?.onTrouble?.({ kind: result, path })
  }

  /** After a stale commit: its running numbers may have been those of another process. */
  leap(): void {
    this.#seqs.leap()
  }

  /**
   * Decides `work` as of `now`, on the house stripes that the snapshot's footprint names.
   *
   * @throws Fault `internal` when a rule throws, or the plan would break a law
   */
  plan(work: readonly Work[], snapshot: Snapshot, { houseStripes }: Footprint, now: Instant): Plan {
    const { holdTtlMsDefault, holdTtlMsMax } = this.limits
    try {
      const moment = { now, nextSeq: this.#seqs.next, holdTtlMsDefault, holdTtlMsMax }
      const plan = decideBatch(work, snapshot, houseStripes, moment)
      assertLawful(work, plan)
      return plan
    } catch (error) {
      throw asFault(error)
    }
  }
}
