/** The result of a strategy, as printed by `--json` and used by the report. */
import type { ServerFacts } from '../databases/scratch.ts'
import type { Sample } from '../load/meter.ts'
import type { IdKind } from '../load/request-ids.ts'
import type { Distribution } from '../load/users.ts'
import type { Seen, Trial } from '../run/strategy-run.ts'
import type { ScenarioName } from '../scenarios/catalogue.ts'
import type { StrategyName } from '../strategies/catalogue.ts'

/** Latencies are in milliseconds and include refused calls; null means that a value was not counted or not measured. */
export interface Result {
  readonly scenario: ScenarioName
  readonly strategy: StrategyName
  /** The store URL without its password. */
  readonly store: string
  readonly server: ServerFacts
  readonly users: number
  readonly distribution: Distribution
  /** How callers made request ids. */
  readonly ids: IdKind
  /** Of all processes together; in an open loop the maximum. */
  readonly inFlight: number
  readonly connections: number
  readonly processes: number
  /** Requested calls per second; null in a closed loop. */
  readonly rate: number | null
  /** Pause after each statement of the write-ups' transactions. */
  readonly statementPauseMs: number
  readonly seconds: number
  readonly seed: number
  /** Commands applied within the measured time. */
  readonly commands: number
  readonly commandsPerSecond: number
  readonly meanMs: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** Answers by code. */
  readonly errors: Readonly<Record<string, number>>
  readonly errorMessages: Readonly<Record<string, string>>
  readonly retriesPerCommand: number | null
  readonly lockTimeouts: number | null
  readonly deadlocks: number | null
  readonly casSuccessRate: number | null
  /** Commands per transaction. */
  readonly batchMean: number | null
  readonly ratioToUpdateFirst: number | null
  readonly ratioToRaw: number | null
  readonly ratioToTransferSorted: number | null
  /** Whether the audit after the run found the books exact. */
  readonly consistent: boolean
  readonly findings: readonly string[]
  /** How many rounds were run; this result is the median one. */
  readonly rounds: number
  readonly roundsCommandsPerSecond: readonly number[]
  /** Latency percentiles for a chart: the share of calls, 0 to 100, and the latency that they did not exceed. */
  readonly percentiles: readonly { readonly percent: number; readonly ms: number }[]
  readonly samples: readonly Sample[]
}

export interface Played {
  readonly strategy: StrategyName
  readonly rounds: readonly Seen[]
}

export interface Setting {
  readonly store: string
  readonly server: ServerFacts
  readonly trial: Trial
}

/** One result per strategy, compared with the others. */
export function resultsOf(played: readonly Played[], setting: Setting): readonly Result[] {
  const middles = new Map(played.map(({ strategy, rounds }) => [strategy, middleOf(rounds)]))
  const ratio = (seen: Seen, to: StrategyName): number | null => {
    const other = middles.get(to)
    return other === undefined || other.commands === 0 ? null : round(seen.commands / other.commands, 3)
  }
  return played.map(({ strategy, rounds }) => {
    const seen = middles.get(strategy)!
    return {
      ...figuresOf(strategy, seen, setting),
      ratioToUpdateFirst: ratio(seen, 'update-first'),
      ratioToRaw: ratio(seen, 'raw'),
      ratioToTransferSorted: ratio(seen, 'transfer-sorted'),
      consistent: rounds.every(({ findings }) => findings.length === 0),
      findings: rounds.flatMap(({ findings }) => findings),
      rounds: rounds.length,
      roundsCommandsPerSecond: rounds.map(({ commands }) => round(commands / setting.trial.seconds, 1)),
      percentiles: PERCENTS.map((percent) => ({ percent, ms: percentileOf(seen, percent) })),
      samples: seen.samples,
    }
  })
}

/** The median by commands; for an even number the slower of the two in the middle. */
function middleOf(rounds: readonly Seen[]): Seen {
  return rounds.toSorted((left, right) => left.commands - right.commands)[(rounds.length - 1) >> 1]!
}

const PERCENTS = [0, 1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 93, 95, 97, 98, 99, 99.5, 99.8, 99.9, 99.99, 100]

function figuresOf(strategy: StrategyName, seen: Seen, { store, server, trial }: Setting) {
  const { counts, calls } = seen
  const swaps = counts.casWins + counts.casLosses
  return {
    scenario: trial.scenario,
    strategy,
    store,
    server,
    users: trial.users,
    distribution: trial.distribution,
    ids: trial.ids,
    inFlight: trial.inFlight,
    connections: trial.connections,
    processes: trial.processes,
    rate: trial.rate,
    statementPauseMs: trial.statementPauseMs,
    seconds: trial.seconds,
    seed: trial.seed,
    commands: seen.commands,
    commandsPerSecond: round(seen.commands / trial.seconds, 1),
    meanMs: calls === 0 ? 0 : round(seen.sumMs / calls, 3),
    p50Ms: percentileOf(seen, 50),
    p95Ms: percentileOf(seen, 95),
    p99Ms: percentileOf(seen, 99),
    maxMs: round(seen.maxMs, 3),
    errors: seen.errors,
    errorMessages: seen.errorMessages,
    retriesPerCommand: counts.retries === null || calls === 0 ? null : round(counts.retries / calls, 4),
    lockTimeouts: counts.lockTimeouts,
    deadlocks: counts.deadlocks,
    casSuccessRate: swaps === 0 ? null : round(counts.casWins / swaps, 4),
    batchMean: batchMeanOf(counts.batches, counts.batchedCommands),
  }
}

function batchMeanOf(batches: number | null, commands: number | null): number | null {
  return batches === null || commands === null || batches === 0 ? null : round(commands / batches, 1)
}

/** The histogram rounds up to three significant digits, which may exceed the longest latency. */
function percentileOf({ latencies, maxMs }: Seen, percent: number): number {
  return round(Math.min(latencies.getValueAtPercentile(percent) / 1_000, maxMs), 3)
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
