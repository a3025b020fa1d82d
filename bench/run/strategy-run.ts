/** One run of one strategy: a scratch database, processes that work on it, and the audit of the books afterwards. */
import { decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js'
import { addTallies } from '../audit/tally.ts'
import type { LockCounters, ScratchDatabase, ScratchServer } from '../databases/scratch.ts'
import { newHistogram, type Measured, type Sample } from '../load/meter.ts'
import type { IdKind } from '../load/request-ids.ts'
import { usersOf, type Distribution } from '../load/users.ts'
import type { ScenarioName } from '../scenarios/catalogue.ts'
import { STRATEGIES, type StrategyName } from '../strategies/catalogue.ts'
import type { Counts, Site, Strategy } from '../strategies/strategy.ts'
import type { Assignment, Performed, Progress } from './assignment.ts'
import { Crew } from './crew.ts'

/** The conditions of a run, the same for every strategy. */
export interface Trial {
  readonly scenario: ScenarioName
  readonly users: number
  readonly distribution: Distribution
  /** How callers make request ids. */
  readonly ids: IdKind
  /** Of all processes together. */
  readonly inFlight: number
  readonly connections: number
  readonly processes: number
  /** Of all processes together; null for a closed loop. */
  readonly rate: number | null
  readonly warmupSeconds: number
  readonly seconds: number
  readonly lockTimeoutMs: number
  /** See `Site`; no effect on the strategies that use Holdfast's tables. */
  readonly statementPauseMs: number
  /** Time to wait for outstanding answers after the measured time. */
  readonly drainMsMax: number
  readonly seed: number
}

/** The measurements of all processes together. */
export interface Seen {
  readonly commands: number
  readonly calls: number
  readonly sumMs: number
  readonly maxMs: number
  readonly latencies: Histogram
  readonly errors: Readonly<Record<string, number>>
  readonly errorMessages: Readonly<Record<string, string>>
  readonly counts: Counts
  readonly samples: readonly Sample[]
  /** Findings of the audit; empty when the books are exact. */
  readonly findings: readonly string[]
}

export type Phase = 'preparing' | 'playing' | 'auditing'

export type Watch = (phase: Phase, progress: readonly Progress[]) => void

/**
 * Initial coins per account: more than a run can spend, and little enough that the issuer's balance fits for the largest number of users
 * and processes.
 */
const FUNDS = 1_000_000_000_000

export interface RunOptions {
  readonly name: StrategyName
  readonly trial: Trial
  readonly watch: Watch
  /** Ends the run at once; the run then throws. */
  readonly signal: AbortSignal
}

/** @throws StoreTrouble, PlayFailed, and errors of the strategy's preparation */
export async function runStrategy(server: ScratchServer, { name, trial, watch, signal }: RunOptions): Promise<Seen> {
  watch('preparing', [])
  const strategy: Strategy = STRATEGIES[name]
  const database = await server.create()
  try {
    const assignments = assign(name, trial, { url: database.url, dialect: server.dialect })
    const { site } = assignments[0]!
    await strategy.prepare(site)
    const { performed, locks } = await playAll(assignments, { database, watch, signal })
    watch('auditing', [])
    const findings = await strategy.audit(site, addTallies(performed.map(({ measured }) => measured.tally)))
    return { ...together(performed, locks), findings }
  } finally {
    await database.drop()
  }
}

/** What each process of a run has to do. */
export function assign(
  strategy: StrategyName,
  trial: Trial,
  place: Pick<Site, 'url' | 'dialect'>,
): readonly Assignment[] {
  const { scenario, distribution, ids, seed, warmupSeconds, seconds, processes, rate } = trial
  return Array.from({ length: processes }, (_, processIndex) => ({
    scenario,
    strategy,
    site: {
      ...place,
      users: usersOf(trial.users),
      funds: FUNDS,
      inFlight: share(trial.inFlight, processes, processIndex),
      connectionsMax: share(trial.connections, processes, processIndex),
      lockTimeoutMs: trial.lockTimeoutMs,
      statementPauseMs: trial.statementPauseMs,
      processCount: processes,
      processIndex,
    },
    distribution,
    ids,
    seed,
    rate: rate === null ? null : rate / processes,
    warmupSeconds,
    seconds,
    drainMsMax: trial.drainMsMax,
  }))
}

/** The share of one of several processes, at least 1. */
function share(whole: number, parts: number, index: number): number {
  return Math.max(1, Math.floor(whole / parts) + (index < whole % parts ? 1 : 0))
}

/** Runs all of them at once; `performed` is in their order. @throws PlayFailed */
export async function playAll(
  assignments: readonly Assignment[],
  { database, watch, signal }: { database: ScratchDatabase; watch: Watch; signal: AbortSignal },
): Promise<{ performed: readonly Performed[]; locks: LockCounters }> {
  await using crew = await Crew.assemble(assignments, signal)
  const before = await database.lockCounters()
  const performed = await crew.play((progress) => watch('playing', progress))
  const after = await database.lockCounters()
  const delta = (name: keyof LockCounters): number | null => {
    const [from, to] = [before[name], after[name]]
    return from === null || to === null ? null : to - from
  }
  return { performed, locks: { deadlocks: delta('deadlocks'), lockTimeouts: delta('lockTimeouts') } }
}

/** @param locks for those that a strategy does not count */
export function together(performed: readonly Performed[], locks: LockCounters): Omit<Seen, 'findings'> {
  const measured = performed.map((one) => one.measured)
  const sum = (of: (one: Measured) => number): number => measured.reduce((total, one) => total + of(one), 0)
  const latencies = newHistogram()
  for (const { histogram } of measured) latencies.add(decodeFromCompressedBase64(histogram))
  return {
    commands: sum((one) => one.commands),
    calls: sum((one) => one.calls),
    sumMs: sum((one) => one.sumMs),
    maxMs: Math.max(...measured.map((one) => one.maxMs)),
    latencies,
    errors: addUp(measured.map(({ errors }) => errors)),
    errorMessages: Object.assign({}, ...measured.map(({ errorMessages }) => errorMessages)) as Record<string, string>,
    counts: addCounts(
      performed.map(({ counts }) => counts),
      locks,
    ),
    samples: addSamples(measured.map(({ samples }) => samples)),
  }
}

function addUp(maps: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const map of maps) for (const [key, count] of Object.entries(map)) sums[key] = (sums[key] ?? 0) + count
  return sums
}

/** Counters of the server, for locks that a strategy does not count. */
function addCounts(all: readonly Counts[], locks: LockCounters): Counts {
  const sum = (name: keyof Counts): number | null =>
    all.reduce<number | null>((total, counts) => {
      const count = counts[name]
      return total === null || count === null ? null : total + count
    }, 0)
  return {
    retries: sum('retries'),
    lockTimeouts: sum('lockTimeouts') ?? locks.lockTimeouts,
    deadlocks: sum('deadlocks') ?? locks.deadlocks,
    casWins: sum('casWins') ?? 0,
    casLosses: sum('casLosses') ?? 0,
    batches: sum('batches'),
    batchedCommands: sum('batchedCommands'),
  }
}

/** Merges samples of the same second: rates and memory are added, for latencies the worst counts. */
function addSamples(all: readonly (readonly Sample[])[]): readonly Sample[] {
  const longest = all.reduce((best, samples) => (samples.length > best.length ? samples : best), [])
  return longest.map(({ at }, index) => {
    const same = all.flatMap((samples) => samples[index] ?? [])
    return {
      at,
      commandsPerSecond: same.reduce((sum, one) => sum + one.commandsPerSecond, 0),
      p50Ms: Math.max(...same.map(({ p50Ms }) => p50Ms)),
      p99Ms: Math.max(...same.map(({ p99Ms }) => p99Ms)),
      residentMb: same.reduce((sum, one) => sum + one.residentMb, 0),
    }
  })
}
