/**
 * How the cost of a life (freeze, then end) grows with the number of lives that the database holds.
 *
 * One strategy fills a scratch database in steps of equally many lives, with a fixed number of calls in flight. Each step has its own
 * rate, latencies and size.
 */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import type { ScratchDatabase, ScratchServer } from '../databases/scratch.ts'
import type { Call } from '../load/call.ts'
import { seededRandom } from '../load/random.ts'
import { requestIds, type IdKind } from '../load/request-ids.ts'
import { usersOf } from '../load/users.ts'
import { livesOf } from '../scenarios/lives.ts'
import type { Player, Site, Strategy } from '../strategies/strategy.ts'

export interface GrowthOptions {
  /** Lives in total, and in how many steps. */
  readonly lives: number
  readonly steps: number
  readonly users: number
  readonly inFlight: number
  readonly ids: IdKind
  /** Ends the run after the calls in flight. */
  readonly signal: AbortSignal
}

export interface GrowthStep {
  /** Lives in the database at the end of the step. */
  readonly lives: number
  readonly commandsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Size of the database at the end of the step, less that of an empty one, and per life in it. */
  readonly bytes: number
  readonly bytesPerLife: number
}

/** Enough for every life of one user. */
const FUNDS = 10 ** 15
const SEED = 1

/** Calls `onStep` after each step. @throws the first error of a call, and what prevents the strategy from opening */
export async function grow(
  server: ScratchServer,
  strategy: Strategy,
  options: GrowthOptions,
  onStep: (step: GrowthStep) => void,
): Promise<void> {
  const database = await server.create()
  try {
    const site = siteOf(server, database, options)
    await strategy.prepare(site)
    const player = await strategy.open(site)
    try {
      await fill(player, database, options, onStep)
    } finally {
      await player[Symbol.asyncDispose]()
    }
  } finally {
    await database.drop()
  }
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

async function fill(
  { lives }: Player,
  database: ScratchDatabase,
  { lives: total, steps, users, inFlight, ids, signal }: GrowthOptions,
  onStep: (step: GrowthStep) => void,
): Promise<void> {
  if (lives === null) throw new Error('The strategy has no freezes.')
  const workload = livesOf(lives, {
    users: usersOf(users),
    distribution: 'uniform',
    random: seededRandom(SEED),
    nextId: requestIds(ids, 0),
  })
  for (let step = 1; step <= steps && !signal.aborted; step++) {
    const commands = 2 * (Math.round((total * step) / steps) - Math.round((total * (step - 1)) / steps))
    const latencies = createHistogram()
    const seconds = await run(() => workload.next(), { commands, inFlight, latencies, signal })
    if (signal.aborted) return
    const inDatabase = Math.round((total * step) / steps)
    const bytes = await database.bytes()
    onStep({
      lives: inDatabase,
      commandsPerSecond: commands / seconds,
      p50Ms: latencies.percentile(50) / 1_000,
      p99Ms: latencies.percentile(99) / 1_000,
      bytes,
      bytesPerLife: bytes / inDatabase,
    })
  }
}

interface Run {
  readonly commands: number
  readonly inFlight: number
  /** In microseconds. */
  readonly latencies: RecordableHistogram
  readonly signal: AbortSignal
}

/** Seconds that the calls took. @throws the first error of a call */
async function run(next: () => Call, { commands, inFlight, latencies, signal }: Run): Promise<number> {
  let begun = 0
  const beganAt = performance.now()
  const worker = async (): Promise<void> => {
    while (begun < commands && !signal.aborted) {
      begun += 1
      const sentAt = performance.now()
      await next().run()
      latencies.record(Math.max(1, Math.round((performance.now() - sentAt) * 1_000)))
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
  return (performance.now() - beganAt) / 1_000
}
