/** One simulation as data, generated from its seed: its engines and clients, their limits, the requests and the faults. */
import { ENGINE_LIMITS, type EngineLimits } from '../../src/engine/limits.ts'
import { Chance } from './chance.ts'
import type { Intent } from './client.ts'
import type { DatabaseHabits } from './database.ts'
import type { EngineHabits } from './engine-process.ts'
import { makeFaults, type Fault } from './faults.ts'
import { Signing } from './signing.ts'
import { makeWorkload } from './workload.ts'

/** The write orders that the databases of scenarios have. */
const ORDERS: readonly DatabaseHabits['order'][] = ['mysql', 'postgres', 'sqlite']

export interface Scenario {
  readonly seed: number
  readonly database: DatabaseHabits
  readonly engines: readonly EngineHabits[]
  readonly intents: readonly Intent[]
  readonly faults: readonly Fault[]
}

/** The parts of a scenario that are kept, by position; undefined keeps everything. */
export interface Kept {
  readonly intents?: ReadonlySet<number> | undefined
  readonly faults?: ReadonlySet<number> | undefined
}

export function makeScenario(seed: number, kept: Kept = {}): Scenario {
  const chance = new Chance(`scenario ${seed}`)
  const limits = makeLimits(chance.stream('limits'))
  const sharesStripe = chance.stream('stripes').likely(0.25)
  const engines = Array.from({ length: chance.pick([1, 2, 2, 3, 4]) }, (_, index) => ({
    stripe: sharesStripe ? 0 : index,
    limits,
    clockOffMs: chance.likely(0.5) ? chance.between(-2_000, 2_000) : 0,
    isOrdered: chance.likely(0.8),
  }))
  const untilMs = chance.pick([150, 600, 2_000])
  const size = { engines: engines.length, clients: chance.between(1, 6), intents: chance.between(20, 160), untilMs }
  const { intents, users } = makeWorkload(chance.stream('workload'), size)
  const signing = new Signing(chance.stream('signing'), users)
  const signed = intents.map((intent) => ({ ...intent, ask: signing.sign(intent.ask) }))
  const around = { engines: engines.length, accounts: [...users, '@issuer', '@revenue'], untilMs }
  const faults = makeFaults(chance.stream('faults'), around)
  return {
    seed,
    database: {
      lockWaitMs: chance.pick([20, 200, 1_000]),
      orphanMs: chance.pick([5, 300]),
      order: chance.pick(ORDERS),
    },
    engines,
    intents: signed.filter(({ number }) => kept.intents?.has(number) ?? true),
    faults: faults.filter((_, index) => kept.faults?.has(index) ?? true),
  }
}

/** All engines have the same limits. Most limits are so low that a scenario reaches them. */
export function makeLimits(chance: Chance): EngineLimits {
  return {
    ...ENGINE_LIMITS,
    queueCommandsMax: chance.pick([8, 30, 200, 10_000]),
    batchCommandsMax: chance.pick([1, 2, 2, 5, 20, 1_000]),
    batchesInFlightMax: chance.pick([1, 2, 2, 3]),
    callTimeoutMsDefault: chance.pick([300, 2_000, 30_000]),
    cacheRequestsMax: chance.pick([0, 2, 10, 50_000]),
    cacheBalancesMax: chance.pick([0, 2, 5, 50_000]),
    attemptsMax: chance.pick([2, 3, 10]),
    pauseMsMax: chance.pick([1, 20, 100]),
    contendedMs: chance.pick([0, 50, 1_000]),
    doubtMsMax: chance.pick([20, 500, 5_000]),
    breakerFailures: chance.pick([1, 3, 5]),
    breakerOpenMs: chance.pick([20, 100, 500]),
    drainMsMax: chance.pick([5, 200, 5_000]),
    expiryIntervalMs: chance.pick([200, 1_000, 2_000]),
    expiryPageMax: chance.pick([2, 5, 200]),
    expiryRoundMax: chance.pick([20, 5_000]),
    expiryAsideMs: chance.pick([50, 1_000]),
    expiryAsideMax: chance.pick([1, 1_000]),
    expiryPlacesMax: chance.pick([5, 20_000]),
    expiryRecentMs: chance.pick([0, 1_000, 3_600_000]),
    expiryTrailMs: chance.pick([0, 500, 120_000]),
    expiryPatrolPlacesMax: chance.pick([30, 1_000]),
    accountCommandsPerSecondMax: chance.pick([0, 0, 0, 20]),
    accountBurstMax: chance.pick([1, 5]),
    accountHoldsMax: chance.pick([0, 0, 0, 3]),
    accountsLimitedMax: chance.pick([1, 10_000]),
    holdTtlMsDefault: 900_000,
    holdTtlMsMax: 3_600_000,
    lingerMsMax: chance.pick([0, 5, 50]),
    lockedBalancesMax: chance.pick([1, 1_000]),
    lockedLookMs: chance.pick([5, 50]),
    parkedCommandsMax: chance.pick([1, 3, 1_000]),
    parkedMsMax: chance.pick([100, 5_000]),
  }
}
