/**
 * How the cost of a life (freeze, then end) grows with the number of lives that the database holds.
 *
 * One strategy works on one scratch database, in steps, with a fixed number of calls in flight; each step has its own rate, latencies and
 * size. Between them, SQL can write lives of another account, which takes minutes where calls would take hours.
 */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import type { Database } from '../databases/database.ts'
import { openDatabase, type ScratchDatabase, type ScratchServer } from '../databases/scratch.ts'
import type { Call } from '../load/call.ts'
import { seededRandom } from '../load/random.ts'
import { requestIds, type IdKind } from '../load/request-ids.ts'
import { usersOf } from '../load/users.ts'
import { livesOf } from '../scenarios/lives.ts'
import type { Loading, Player, ReadTimes, Site, Strategy } from '../strategies/strategy.ts'

/** How long a step is. */
export type Extent = { readonly lives: number } | { readonly seconds: number }

export interface GrowthOptions {
  /**
   * Lives that the database has, written by SQL, before the steps; ascending. With several, the steps are taken at each. More than 0 only
   * for a strategy with a `loading`.
   */
  readonly loads: readonly number[]
  /** The steps at each load, each with every kind of id and every size of the pool. */
  readonly steps: number
  readonly extent: Extent
  readonly ids: readonly IdKind[]
  /** Sizes of InnoDB's buffer pool, in MB; null for the server's own. */
  readonly poolsMb: readonly (number | null)[]
  readonly users: number
  readonly inFlight: number
  /** Ends the run after the calls in flight. */
  readonly signal: AbortSignal
}

export interface GrowthEvents {
  readonly onStep: (step: GrowthStep) => void
  /** Called with the number of lives that were loaded so far. */
  readonly onLoaded?: (lives: number) => void
  /** Called after the steps at a load, for a strategy whose loaded lives can be read. */
  readonly onReads?: (reads: GrowthReads) => void
}

/** The circumstances of a figure. */
export interface Place {
  /** Lives that SQL had written. */
  readonly loaded: number
  readonly poolMb: number | null
}

export interface GrowthStep extends Place {
  readonly ids: IdKind
  /** Lives in the database at the end of the step. */
  readonly lives: number
  readonly commandsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Size of the database at the end of the step, less that of an empty one, and per life in it. */
  readonly bytes: number
  readonly bytesPerLife: number
}

export interface GrowthReads extends Place, ReadTimes {}

/** Enough for every life of one user. */
const FUNDS = 10 ** 15
const SEED = 1

/** @throws the first error of a call, what prevents the strategy from opening, RangeError for loads that it cannot have */
export async function grow(
  server: ScratchServer,
  strategy: Strategy,
  options: GrowthOptions,
  events: GrowthEvents,
): Promise<void> {
  const { loading } = strategy
  if (loading === undefined && options.loads.some((lives) => lives > 0)) {
    throw new RangeError('The tables of this strategy cannot be filled by SQL.')
  }
  const database = await server.create()
  try {
    const site = siteOf(server, database, options)
    await using loader = loading === undefined ? null : await Loader.open(site, loading, options, events)
    await strategy.prepare(site)
    const growth = new Growth(database, options)
    for (const load of options.loads) {
      const loaded = (await loader?.fill(load)) ?? 0
      for (const poolMb of options.poolsMb) {
        if (options.signal.aborted) return
        await resize(server, options.poolsMb, poolMb)
        await growth.measure(strategy, site, { loaded, poolMb }, events.onStep)
        if (loaded === 0 || !loading?.reads || options.signal.aborted) continue
        events.onReads?.({ loaded, poolMb, ...(await loading.reads(site)) })
      }
    }
  } finally {
    await database.drop()
  }
}

async function resize(server: ScratchServer, all: GrowthOptions['poolsMb'], poolMb: number | null): Promise<void> {
  if (all.length > 1 || poolMb !== null) await server.resizePool(poolMb)
}

function siteOf({ dialect }: ScratchServer, { url }: ScratchDatabase, { users, inFlight }: GrowthOptions): Site {
  return {
    url,
    dialect,
    users: usersOf(users),
    funds: FUNDS,
    connectionsMax: dialect === 'sqlite' ? 1 : Math.min(inFlight, 15),
    inFlight,
    lockTimeoutMs: 50_000,
    statementPauseMs: 0,
    processCount: 1,
    processIndex: 0,
  }
}

/** Writes lives by SQL, up to each load. */
class Loader implements AsyncDisposable {
  readonly #site: Site
  readonly #database: Database
  readonly #loading: Loading
  readonly #signal: AbortSignal
  readonly #onLoaded: (lives: number) => void
  #steps = 0

  private constructor(site: Site, database: Database, loading: Loading, signal: AbortSignal, events: GrowthEvents) {
    this.#site = site
    this.#database = database
    this.#loading = loading
    this.#signal = signal
    this.#onLoaded = events.onLoaded ?? (() => {})
  }

  /** Null when nothing is to be loaded: then the first rows are not written either. */
  static async open(
    site: Site,
    loading: Loading,
    { loads, signal }: GrowthOptions,
    events: GrowthEvents,
  ): Promise<Loader | null> {
    if (loads.every((lives) => lives === 0)) return null
    const database = await openDatabase(site.url, site.dialect, {
      connectionsMax: 1,
      lockTimeoutMs: site.lockTimeoutMs,
    })
    // A cache that has the index of ids: 1 GiB.
    if (site.dialect === 'sqlite') await database.run(['PRAGMA cache_size = -1048576'])
    await loading.begin(site, database)
    return new Loader(site, database, loading, signal, events)
  }

  /** Returns the number of lives that were written so far: at least `lives`, unless it was interrupted. */
  async fill(lives: number): Promise<number> {
    const { livesPerStep } = this.#loading
    const begun = this.#steps
    while (this.#steps * livesPerStep < lives && !this.#signal.aborted) {
      await this.#database.run(this.#loading.stepSql(this.#steps, this.#site.dialect))
      this.#steps += 1
      this.#onLoaded(this.#steps * livesPerStep)
    }
    // Otherwise the server does that during the measurement.
    if (this.#site.dialect === 'postgres' && this.#steps > begun)
      await this.#database.run(['VACUUM ANALYZE', 'CHECKPOINT'])
    return this.#steps * livesPerStep
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#database[Symbol.asyncDispose]()
  }
}

/** The steps, and the lives of all of them. */
class Growth {
  readonly #database: ScratchDatabase
  readonly #options: GrowthOptions
  readonly #random = seededRandom(SEED)
  readonly #nextId: ReadonlyMap<IdKind, () => string>
  #commands = 0

  constructor(database: ScratchDatabase, options: GrowthOptions) {
    this.#database = database
    this.#options = options
    this.#nextId = new Map(options.ids.map((kind) => [kind, requestIds(kind, 0)]))
  }

  async measure(strategy: Strategy, site: Site, place: Place, onStep: GrowthEvents['onStep']): Promise<void> {
    const { steps, signal } = this.#options
    const player = await strategy.open(site)
    try {
      for (let step = 1; step <= steps; step++) {
        for (const [kind, nextId] of this.#nextId) {
          const measured = await this.#run(player, nextId)
          if (signal.aborted) return
          const lives = place.loaded + Math.round(this.#commands / 2)
          const bytes = await this.#database.bytes()
          onStep({ ...place, ids: kind, lives, ...measured, bytes, bytesPerLife: bytes / lives })
        }
      }
    } finally {
      await player[Symbol.asyncDispose]()
    }
  }

  async #run({ lives }: Player, nextId: () => string) {
    if (lives === null) throw new Error('The strategy has no freezes.')
    const { users, inFlight, extent, signal } = this.#options
    const random = this.#random
    const workload = livesOf(lives, { users: usersOf(users), distribution: 'uniform', random, nextId })
    const latencies = createHistogram()
    const { commands, seconds } = await run(() => workload.next(), { extent, inFlight, latencies, signal })
    this.#commands += commands
    return {
      commandsPerSecond: commands / seconds,
      p50Ms: latencies.percentile(50) / 1_000,
      p99Ms: latencies.percentile(99) / 1_000,
    }
  }
}

interface Run {
  readonly extent: Extent
  readonly inFlight: number
  /** In microseconds. */
  readonly latencies: RecordableHistogram
  readonly signal: AbortSignal
}

/** The calls, and the seconds that they took. @throws the first error of a call */
async function run(next: () => Call, { extent, inFlight, latencies, signal }: Run) {
  const commandsMax = 'lives' in extent ? 2 * extent.lives : Infinity
  const secondsMax = 'seconds' in extent ? extent.seconds : Infinity
  let commands = 0
  const beganAt = performance.now()
  const worker = async (): Promise<void> => {
    let sentAt = performance.now()
    while (commands < commandsMax && sentAt - beganAt < secondsMax * 1_000 && !signal.aborted) {
      commands += 1
      await next().run()
      const answeredAt = performance.now()
      latencies.record(Math.max(1, Math.round((answeredAt - sentAt) * 1_000)))
      sentAt = answeredAt
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
  return { commands, seconds: (performance.now() - beganAt) / 1_000 }
}
