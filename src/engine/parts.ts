/** What the stages of a batch share. One engine has one of each. */
import { decideBatch, type Plan } from '../domain/batch.ts'
import type { Work } from '../domain/command.ts'
import type { Instant } from '../domain/ids.ts'
import { footprint, type Footprint, type Snapshot } from '../domain/snapshot.ts'
import { Cache } from './cache.ts'
import type { Clock } from './clock.ts'
import { Contention } from './contention.ts'
import { asFault } from './faults.ts'
import type { EngineLimits } from './limits.ts'
import { newStats, type EngineStats } from './stats.ts'
import type { Store } from './store.ts'

export class Parts {
  readonly store: Store
  readonly clock: Clock
  readonly limits: EngineLimits
  readonly houseStripe: number
  readonly cache: Cache
  readonly contention: Contention
  readonly stats: EngineStats = newStats()
  #lastNow: Instant = 0
  #connectionsLost = 0

  constructor(store: Store, clock: Clock, limits: EngineLimits, houseStripe: number) {
    this.store = store
    this.clock = clock
    this.limits = limits
    this.houseStripe = houseStripe
    this.cache = new Cache(limits)
    this.contention = new Contention(clock, limits.contendedMs)
  }

  /** The footprint of `work`, with the balances of the holds that the cache knows. */
  knownKeys(work: readonly Work[]): Footprint {
    return footprint(work, this.houseStripe, this.cache.requests)
  }

  readonly knownKeysOf = (item: Work): Footprint => this.knownKeys([item])

  /** Whether a connection was lost since the last call. */
  hasLostConnection(): boolean {
    const { connectionsLost } = this.store
    if (connectionsLost === this.#connectionsLost) return false
    this.#connectionsLost = connectionsLost
    return true
  }

  /** The present, for the rules. Time never runs backwards within one engine, whatever the system's clock does. */
  moment(): Instant {
    this.#lastNow = Math.max(this.#lastNow, this.clock.now())
    return this.#lastNow
  }

  /**
   * Decides `work` as of `now`.
   *
   * @throws Fault `internal` when the rules themselves break down
   */
  plan(work: readonly Work[], snapshot: Snapshot, now: Instant): Plan {
    const { holdTtlMsDefault, holdTtlMsMax } = this.limits
    try {
      return decideBatch(work, snapshot, this.houseStripe, { now, holdTtlMsDefault, holdTtlMsMax })
    } catch (error) {
      throw asFault(error)
    }
  }
}
