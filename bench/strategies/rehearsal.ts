/** Runs a strategy in a scratch database for tests: a few calls, then the audit. */
import { NO_CALLS, type Tally } from '../audit/tally.ts'
import type { Database } from '../databases/database.ts'
import { openDatabase, openScratchServer, type ScratchDatabase, type ScratchServer } from '../databases/scratch.ts'
import type { Workload } from '../load/call.ts'
import { Meter, type Measured } from '../load/meter.ts'
import { seededRandom } from '../load/random.ts'
import { usersOf } from '../load/users.ts'
import { SCENARIOS, type ScenarioName } from '../scenarios/catalogue.ts'
import type { Ingredients, Scenario } from '../scenarios/scenario.ts'
import { STRATEGIES, type StrategyName } from './catalogue.ts'
import type { Player, Site, Strategy } from './strategy.ts'

export interface RehearsalOptions {
  /** A store URL of the lab. */
  readonly store: string
  readonly strategy: StrategyName
  readonly users?: number
  readonly funds?: number
  readonly lockTimeoutMs?: number
}

export class Rehearsal implements AsyncDisposable {
  readonly site: Site
  readonly #strategy: Strategy
  readonly #server: ScratchServer
  readonly #database: ScratchDatabase
  #player: Player | null = null
  #lastId = 0

  static async prepare(options: RehearsalOptions): Promise<Rehearsal> {
    const { store, users = 1, funds = 1_000_000, lockTimeoutMs = 10_000 } = options
    const server = await openScratchServer(store)
    const database = await server.create()
    const rehearsal = new Rehearsal(options.strategy, server, database, {
      url: database.url,
      dialect: server.dialect,
      users: usersOf(users),
      funds,
      connectionsMax: server.dialect === 'sqlite' ? 1 : 6,
      inFlight: 6,
      lockTimeoutMs,
      statementPauseMs: 0,
      processCount: 1,
      processIndex: 0,
    })
    await rehearsal.#strategy.prepare(rehearsal.site)
    return rehearsal
  }

  private constructor(name: StrategyName, server: ScratchServer, database: ScratchDatabase, site: Site) {
    this.#strategy = STRATEGIES[name]
    this.#server = server
    this.#database = database
    this.site = site
  }

  async player(): Promise<Player> {
    this.#player ??= await this.#strategy.open(this.site)
    return this.#player
  }

  /** Makes `calls` calls of a scenario, by default with the site's number in flight. */
  async load(name: ScenarioName, calls: number, { inFlight = this.site.inFlight } = {}): Promise<Measured> {
    const workload = await this.#workload(SCENARIOS[name])
    const meter = new Meter({ opensAt: performance.now(), closesAt: Infinity })
    let begun = 0
    const worker = async (): Promise<void> => {
      while (begun++ < calls) await meter.run(workload.next(), performance.now())
    }
    await Promise.all(Array.from({ length: inFlight }, worker))
    return meter.measured()
  }

  /** Closes everything and returns the audit's findings. */
  async findings(tally: Partial<Tally>): Promise<readonly string[]> {
    await this.#close()
    return await this.#strategy.audit(this.site, { ...NO_CALLS, ...tally })
  }

  /** A separate connection to the strategy's rows. */
  async rows(): Promise<Database> {
    return await openDatabase(this.site.url, this.site.dialect, { connectionsMax: 1, lockTimeoutMs: 10_000 })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close()
    await this.#database.drop()
    await this.#server[Symbol.asyncDispose]()
  }

  async #workload(scenario: Scenario): Promise<Workload> {
    const { lives, transfers } = await this.player()
    const ingredients: Ingredients = {
      users: this.site.users,
      distribution: 'uniform',
      random: seededRandom(1),
      nextId: () => `rehearsal-${++this.#lastId}`,
    }
    return scenario.commands === 'lives'
      ? scenario.workload(lives!, ingredients)
      : scenario.workload(transfers!, ingredients)
  }

  async #close(): Promise<void> {
    await this.#player?.[Symbol.asyncDispose]()
    this.#player = null
  }
}

/** The code of the call's error; `applied` without one. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  return await call.then(
    () => 'applied',
    (error: unknown) => String((error as { code?: unknown }).code),
  )
}

/** Repeats a call under the same request id until it is not a deadlock victim; concurrent repeats can deadlock. */
export async function insist(call: () => Promise<unknown>): Promise<void> {
  for (;;) {
    const code = await codeOf(call())
    if (code === 'applied') return
    if (code !== 'deadlock') throw new Error(`The call failed with ${code}.`)
  }
}
