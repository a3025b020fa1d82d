/** The part of one process in a run: opens the strategy, waits for the start, runs the scenario, and reports. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Workload } from '../load/call.ts'
import { closedLoop } from '../load/closed-loop.ts'
import { settledWithin } from '../load/deadline.ts'
import { Meter } from '../load/meter.ts'
import { openLoop } from '../load/open-loop.ts'
import { seededRandom } from '../load/random.ts'
import { requestIds } from '../load/request-ids.ts'
import { SCENARIOS } from '../scenarios/catalogue.ts'
import type { Ingredients, Scenario } from '../scenarios/scenario.ts'
import { STRATEGIES } from '../strategies/catalogue.ts'
import type { Counts, Player, Strategy } from '../strategies/strategy.ts'
import type { Assignment, Performed, Progress } from './assignment.ts'
import { residentMbOf } from './memory.ts'

export interface Stage {
  /** Called when everything is open; the scenario begins when it resolves. */
  readonly whenReady: () => Promise<void>
  readonly onProgress: (progress: Progress) => void
}

const SAMPLE_MS = 1_000
const PROGRESS_MS = 200
/** Limit for closing a strategy. */
const CLOSE_MS_MAX = 10_000

/** @throws what prevents the strategy from opening, and defects of the lab */
export async function play(assignment: Assignment, stage: Stage): Promise<Performed> {
  const strategy: Strategy = STRATEGIES[assignment.strategy]
  const player = await strategy.open(assignment.site)
  try {
    const workload = workloadOf(assignment, player)
    await stage.whenReady()
    return await measure(assignment, { player, workload, onProgress: stage.onProgress })
  } finally {
    await settledWithin(Promise.resolve(player[Symbol.asyncDispose]()), CLOSE_MS_MAX)
  }
}

function workloadOf({ scenario: name, strategy, site, distribution, ids, seed }: Assignment, player: Player): Workload {
  const scenario: Scenario = SCENARIOS[name]
  // A different sequence in every process, the same in every run.
  const random = seededRandom(seed + site.processIndex * 7_919)
  const nextId = requestIds(ids, site.processIndex)
  const ingredients: Ingredients = { users: site.users, distribution, random, nextId }
  if (scenario.commands === 'lives' && player.lives !== null) return scenario.workload(player.lives, ingredients)
  if (scenario.commands === 'transfers' && player.transfers !== null) {
    return scenario.workload(player.transfers, ingredients)
  }
  throw new Error(`${strategy} does not support ${name}.`)
}

interface Playing {
  readonly player: Player
  readonly workload: Workload
  readonly onProgress: (progress: Progress) => void
}

async function measure(assignment: Assignment, { player, workload, onProgress }: Playing): Promise<Performed> {
  const { rate, warmupSeconds, seconds, drainMsMax, site } = assignment
  const beginsAt = performance.now()
  const opensAt = beginsAt + warmupSeconds * 1_000
  const closesAt = opensAt + seconds * 1_000
  const meter = new Meter({ opensAt, closesAt })
  const counts = countsBetween(player, opensAt, closesAt)
  const timers = [
    setInterval(() => {
      if (performance.now() > opensAt && performance.now() < closesAt) meter.sample(residentMbOf(player.workerPid))
    }, SAMPLE_MS),
    setInterval(() => {
      const at = Math.min(seconds, Math.max(0, performance.now() - opensAt) / 1_000)
      onProgress({ at, commands: meter.commands, errors: meter.errorCount, sample: meter.lastSample })
    }, PROGRESS_MS),
  ]
  try {
    await (rate === null
      ? closedLoop(workload, meter, { inFlight: site.inFlight, endsAt: closesAt, drainMsMax })
      : openLoop(workload, meter, { rate, inFlightMax: site.inFlight, beginsAt, endsAt: closesAt, drainMsMax }))
  } finally {
    for (const timer of timers) clearInterval(timer)
  }
  meter.sample(residentMbOf(player.workerPid))
  return { measured: meter.measured(), counts: await counts }
}

/** The difference of the player's counts between two moments. */
async function countsBetween(player: Player, fromAt: number, toAt: number): Promise<Counts> {
  await sleep(fromAt - performance.now())
  const before = player.counts()
  await sleep(toAt - performance.now())
  const after = player.counts()
  const delta = (left: number | null, right: number | null): number | null =>
    left === null || right === null ? null : right - left
  return {
    retries: delta(before.retries, after.retries),
    lockTimeouts: delta(before.lockTimeouts, after.lockTimeouts),
    deadlocks: delta(before.deadlocks, after.deadlocks),
    casWins: after.casWins - before.casWins,
    casLosses: after.casLosses - before.casLosses,
    batches: delta(before.batches, after.batches),
    batchedCommands: delta(before.batchedCommands, after.batchedCommands),
  }
}
