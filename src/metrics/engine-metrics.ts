/** The metrics of an engine: commands, batches, commits, holds. */
import type { EngineGauges } from '../engine/gauges.ts'
import type { FaultCode } from '../domain/outcome.ts'
import { OPERATIONS, type CommitEnd, type Measures } from '../engine/measures.ts'
import type { EngineStats } from '../engine/stats.ts'
import { counter, gauge, histogram, type Labels, type Shown } from './shown.ts'

export interface MeasuredEngine {
  readonly measures: Measures
  readonly stats: Readonly<EngineStats>
  gauges(): EngineGauges
}

export function engineMetrics(engine: MeasuredEngine): readonly Shown[] {
  const { measures, stats } = engine
  return [
    ...commandMetrics(measures),
    ...batchMetrics(measures, stats),
    ...holdMetrics(measures),
    ...breakerMetrics(measures),
    ...stateMetrics(engine.gauges()),
  ]
}

function commandMetrics({ kinds }: Measures): readonly Shown[] {
  const outcomes: [Labels, number][] = []
  for (const [kind, { applied, replayed, rejected, faulted }] of kinds) {
    outcomes.push(
      [{ kind, outcome: 'applied', code: '' }, applied],
      [{ kind, outcome: 'replayed', code: '' }, replayed],
    )
    for (const [code, count] of rejected) outcomes.push([{ kind, outcome: 'rejected', code }, count])
    for (const [code, count] of faulted) outcomes.push([{ kind, outcome: 'faulted', code }, count])
  }
  const durations = [...kinds].map(([kind, { seconds }]) => [{ kind }, seconds] as const)
  return [
    counter(
      'holdfast_commands_total',
      'Commands that were answered, by kind, outcome and the code of a refusal.',
      outcomes,
    ),
    counter(
      'holdfast_faults_total',
      'Commands that ended with a fault, by its code. Every code is there from the start, so that the first fault counts in a rate.',
      faultsOf(kinds),
    ),
    histogram('holdfast_command_duration_seconds', 'Time from the submission of a command to its answer.', durations),
  ]
}

const NO_FAULTS: Readonly<Record<FaultCode, 0>> = {
  overloaded: 0,
  rate_limited: 0,
  deadline_exceeded: 0,
  contention: 0,
  store_unavailable: 0,
  store_misconfigured: 0,
  clock_wrong: 0,
  commit_in_doubt: 0,
  store_refused: 0,
  shutting_down: 0,
  internal: 0,
}

function faultsOf(kinds: Measures['kinds']): readonly (readonly [Labels, number])[] {
  const counts: Record<FaultCode, number> = { ...NO_FAULTS }
  for (const { faulted } of kinds.values()) for (const [code, count] of faulted) counts[code] += count
  return Object.entries(counts).map(([code, count]) => [{ code }, count])
}

/** All of them are shown from the start, as the codes of faults are. */
const NO_ENDS: Readonly<Record<CommitEnd, 0>> = {
  committed: 0,
  stale: 0,
  deadlock: 0,
  lock_timeout: 0,
  serialization: 0,
  faulted: 0,
}

function batchMetrics(
  { batchCommands, queueSeconds, attempts, commits, operations }: Measures,
  stats: Readonly<EngineStats>,
): readonly Shown[] {
  const { stale, deadlock, lock_timeout, serialization, doubts: doubt, splits: split } = stats
  const conflicts = Object.entries({ stale, deadlock, lock_timeout, serialization, doubt, split })
  const ends: [Labels, number][] = []
  for (const [path, byResult] of Object.entries(commits)) {
    const counts = Object.entries({ ...NO_ENDS, ...Object.fromEntries(byResult) })
    for (const [result, count] of counts) ends.push([{ path: PATHS[path as 'commit'], result }, count])
  }
  return [
    histogram('holdfast_batch_commands', 'Commands in one batch.', batchCommands),
    histogram('holdfast_queue_wait_seconds', 'Time that a command waited for its batch.', queueSeconds),
    histogram(
      'holdfast_attempts',
      'Attempts at a batch, or a part of it, until it was committed or given up.',
      attempts,
    ),
    counter(
      'holdfast_commits_total',
      'Transactions by path (swap: guarded by versions, without locks; locked) and result.',
      ends,
    ),
    gauge(
      'holdfast_cas_success_ratio',
      'The part of the swaps that were committed, since the start. As a rate: holdfast_commits_total.',
      successOf(commits.commit),
    ),
    histogram('holdfast_commit_duration_seconds', 'Time of a transaction, by path.', [
      [{ path: PATHS.commit }, operations.commit],
      [{ path: PATHS.exclusive }, operations.exclusive],
    ]),
    counter(
      'holdfast_conflicts_total',
      'Conflicts that were absorbed or answered, by kind.',
      conflicts.map(([kind, count]) => [{ kind }, count]),
    ),
  ]
}

const PATHS = { commit: 'swap', exclusive: 'locked' } as const

/** 1 without any. */
function successOf(results: ReadonlyMap<string, number>): number {
  const all = [...results.values()].reduce((sum, count) => sum + count, 0)
  return all === 0 ? 1 : (results.get('committed') ?? 0) / all
}

function holdMetrics({ holdsEnded, settledParts }: Measures): readonly Shown[] {
  return [
    counter(
      'holdfast_holds_ended_total',
      'Holds that this process ended, by what they became.',
      [...holdsEnded].map(([state, count]) => [{ state }, count]),
    ),
    histogram(
      'holdfast_settled_ratio',
      'What the holds that ended had settled, as a part of their amounts.',
      settledParts,
    ),
  ]
}

function breakerMetrics({ breakerOpened }: Measures): readonly Shown[] {
  return [
    counter(
      'holdfast_breaker_opened_total',
      'How often the circuit breaker opened, for reads and for writes of the database.',
      Object.entries(breakerOpened).map(([circuit, count]) => [{ circuit }, count]),
    ),
  ]
}

function stateMetrics(gauges: EngineGauges): readonly Shown[] {
  const {
    queueCommands,
    queueCommandsMax,
    batchesInFlight,
    isBreakerOpen,
    contendedBalances,
    lockedBalances,
    parkedCommands,
    cachedRequests,
    cachedBalances,
    isClockWrong,
  } = gauges
  return [
    gauge('holdfast_queue_commands', 'Commands that wait for a batch.', queueCommands),
    gauge(
      'holdfast_queue_commands_max',
      'Commands that may wait for a batch; further ones are overloaded.',
      queueCommandsMax,
    ),
    gauge('holdfast_batches_in_flight', 'Batches that are being decided or committed.', batchesInFlight),
    gauge('holdfast_breaker_open', '1 while the circuit breaker answers for the database.', Number(isBreakerOpen)),
    gauge(
      'holdfast_contended_balances',
      'Balances that another writer has moved lately, so that they are locked first.',
      contendedBalances,
    ),
    gauge(
      'holdfast_locked_balances',
      'Balances whose rows another transaction keeps locked, so that commands on them are parked.',
      lockedBalances,
    ),
    gauge('holdfast_parked_commands', 'Commands that wait for a locked balance.', parkedCommands),
    gauge('holdfast_cache_requests', 'Requests in the cache.', cachedRequests),
    gauge('holdfast_cache_balances', 'Balances in the cache.', cachedBalances),
    gauge(
      'holdfast_clock_wrong',
      '1 while the clock of this process is found wrong, and it decides nothing.',
      Number(isClockWrong),
    ),
  ]
}

/** Calls of the database, by the names of OpenTelemetry. */
export function databaseMetrics({ operations }: Measures, system: string): readonly Shown[] {
  const calls = OPERATIONS.map(
    (operation) => [{ db_system_name: system, db_operation_name: operation }, operations[operation]] as const,
  )
  return [histogram('db_client_operation_duration_seconds', 'Time of a call of the database by the engine.', calls)]
}
