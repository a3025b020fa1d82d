/** What the stages of a batch share. One engine has one of each. */
import { decideBatch, type Plan } from '../domain/batch.ts'
import type { Work } from '../domain/command.ts'
import type { Instant } from '../domain/ids.ts'
import { HouseStripes } from '../domain/house-stripes.ts'
import { footprint, type Footprint, type Snapshot } from '../domain/snapshot.ts'
import { Cache } from './cache.ts'
import type { Clock } from './clock.ts'
import { Contention } from './contention.ts'
import { asFault } from './faults.ts'
import type { EngineLimits } from './limits.ts'
import { newStats, type EngineStats } from './stats.ts'
import type { Store } from './store.ts'
import { Succession } from './succession.ts'

export class Parts {
  readonly store: Store
  readonly clock: Clock
  readonly limits: EngineLimits
  readonly succession: Succession
  readonly cache: Cache
  readonly contention: Contention
  readonly stats: EngineStats = newStats()
  #lastNow: Instant = 0

  constructor(store: Store, clock: Clock, limits: EngineLimits, houseStripe: number) {
    this.store = store
    this.clock = clock
    this.limits = limits
    this.succession = new Succession(store, new HouseStripes(houseStripe))
    this.cache = new Cache(limits)
    this.contention = new Contention(clock, limits.contendedMs)
  }

  /** The footprint of `work`, with the balances of the holds that the cache knows. */
  knownKeys(work: readonly Work[]): Footprint {
    return footprint(work, this.succession.stripes, this.cache.requests)
  }

  readonly knownKeysOf = (item: Work): Footprint => this.knownKeys([item])

  /** The present, for the rules. Time never runs backwards within one engine, whatever the system's clock does. */
  moment(): Instant {
    this.#lastNow = Math.max(this.#lastNow, this.clock.now())
    return this.#lastNow
  }

  /**
   * Decides `work` as of `now`, on the stripes that the snapshot's footprint names.
   *
   * @throws Fault `internal` when the rules themselves break down
   */
  plan(work: readonly Work[], snapshot: Snapshot, { houseStripes }: Footprint, now: Instant): Plan {
    const { holdTtlMsDefault, holdTtlMsMax } = this.limits
    try {
      return decideBatch(work, snapshot, houseStripes, { now, holdTtlMsDefault, holdTtlMsMax })
    } catch (error) {
      throw asFault(error)
    }
  }
}
