/** The metrics of a ledger, for Prometheus: `metricsOf(ledger)` is a registry whose text a route answers. */
import { collectDefaultMetrics, Registry, type Metric } from '@prometheus-io/client'
import type { ReplicaWatch } from '../engine/replica-watch.ts'
import type { ExpiryStatus } from '../engine/sweeper.ts'
import { VERSION } from '../version.ts'
import { databaseMetrics, engineMetrics, type MeasuredEngine } from './engine-metrics.ts'
import type { RequestMeasures } from './request-measures.ts'
import { counter, gauge, histogram, type Shown } from './shown.ts'
import { WarningCount, type InspectedStorage } from './warning-count.ts'

/** The parts of an `EmbeddedLedger` that are measured. */
export interface MeasuredLedger {
  readonly engine: MeasuredEngine
  readonly storage: InspectedStorage & { readonly kind: string; gauges(): StorageGauges }
  /** Null if this process does not sweep. */
  readonly sweeper: { readonly status: ExpiryStatus } | null
  /** How far behind the database of the reads is; null or absent: they are read where commands are committed. */
  readonly replica?: Pick<ReplicaWatch, 'current'> | null
}

interface StorageGauges {
  readonly pools: readonly {
    readonly pool: string
    readonly sizeMax: number
    readonly idle: number
    readonly used: number
    readonly waiting: number
  }[]
  readonly logBytes: number | null
}

export interface MetricsOptions {
  /** A registry of the application, to which the metrics are added. Default: a new one, with those of the process (CPU, memory, event loop). */
  readonly registry?: Registry
  /** The requests of the service, if there is one. */
  readonly requests?: RequestMeasures
  /** The log of the service, if there is one. */
  readonly log?: LoggedLines
}

export interface LoggedLines {
  /** Lines that were dropped since the start. */
  readonly droppedCount: number
}

/** What is measured. */
interface Sources extends Omit<MetricsOptions, 'registry'> {
  readonly ledger: MeasuredLedger
  readonly warnings: WarningCount
}

/**
 * A registry that shows a ledger's numbers as they are when it is read. No label has a name of an account or an id.
 *
 * @throws Error if `registry` has metrics of the same names already: those of another ledger
 */
export function metricsOf(ledger: MeasuredLedger, options: MetricsOptions = {}): Registry {
  const registry = options.registry ?? new Registry()
  if (options.registry === undefined) collectDefaultMetrics({ register: registry })
  const sources: Sources = { ...options, ledger, warnings: new WarningCount(ledger.storage) }
  const reading = new Reading(() => collect(sources))
  for (const { name } of collect(sources)) {
    // A metric of our own: the registry only asks for its name and its values.
    const metric = { name, get: () => Promise.resolve(reading.of(name)), reset: () => undefined }
    registry.registerMetric(metric as unknown as Metric)
  }
  return registry
}

/** All metrics are collected together when the first is asked for: the registry asks for all in one turn. */
class Reading {
  readonly #collect: () => readonly Shown[]
  #current: ReadonlyMap<string, Shown> | null = null

  constructor(collect: () => readonly Shown[]) {
    this.#collect = collect
  }

  of(name: string): Shown {
    if (this.#current === null) {
      this.#current = new Map(this.#collect().map((shown) => [shown.name, shown]))
      queueMicrotask(() => (this.#current = null))
    }
    return this.#current.get(name)!
  }
}

function collect({ ledger, warnings, requests, log }: Sources): readonly Shown[] {
  const { engine, storage, sweeper, replica = null } = ledger
  return [
    gauge('holdfast_build_info', '1; the labels say which version this is, and on which kind of database.', [
      [{ version: VERSION, store: storage.kind }, 1],
    ]),
    ...engineMetrics(engine),
    ...databaseMetrics(engine.measures, storage.kind),
    ...(sweeper === null ? [] : expiryMetrics(sweeper.status)),
    ...(replica === null ? [] : replicaMetrics(replica)),
    ...storageMetrics(storage.gauges()),
    gauge(
      'holdfast_store_warnings',
      'Warnings about the settings of the database, as /readyz and verify show them.',
      warnings.current(),
    ),
    ...(log === undefined
      ? []
      : [counter('holdfast_log_dropped_lines_total', 'Lines of the log that could not be written.', log.droppedCount)]),
    ...(requests === undefined ? [] : requestMetrics(requests)),
  ]
}

function expiryMetrics({ lagMs, backlog, swept, faults, aside }: ExpiryStatus): readonly Shown[] {
  return [
    gauge(
      'holdfast_expiry_lag_seconds',
      'How long ago the oldest hold that is due and still open became due.',
      lagMs / 1_000,
    ),
    gauge(
      'holdfast_expiry_backlog',
      'Holds that are due and still open, up to a bound; NaN if unknown.',
      backlog ?? NaN,
    ),
    counter('holdfast_expiry_swept_total', 'Holds that the sweeper of this process ended.', swept),
    counter('holdfast_expiry_faults_total', 'Rounds of the sweeper that ended with a fault.', faults),
    gauge('holdfast_expiry_aside', 'Holds that cannot be ended and are left aside for a while.', aside),
  ]
}

function replicaMetrics(replica: Pick<ReplicaWatch, 'current'>): readonly Shown[] {
  const { lagMs } = replica.current()
  return [
    gauge(
      'holdfast_replica_lag_seconds',
      'By how much the rows of the reads may be behind, at most; NaN if unknown.',
      lagMs === null ? NaN : lagMs / 1_000,
    ),
  ]
}

function storageMetrics({ pools, logBytes }: StorageGauges): readonly Shown[] {
  const connections = pools.flatMap(({ pool, idle, used }) => [
    [{ pool, state: 'idle' }, idle] as const,
    [{ pool, state: 'used' }, used] as const,
  ])
  return [
    ...(pools.length === 0
      ? []
      : [
          gauge('db_client_connection_count', 'Connections of a pool, by state.', connections),
          gauge(
            'db_client_connection_max',
            'Connections that a pool may have.',
            pools.map(({ pool, sizeMax }) => [{ pool }, sizeMax]),
          ),
          gauge(
            'db_client_connection_pending_requests',
            'Calls that wait for a connection.',
            pools.map(({ pool, waiting }) => [{ pool }, waiting]),
          ),
        ]),
    ...(logBytes === null
      ? []
      : [gauge('holdfast_sqlite_log_bytes', 'The size of the write-ahead log of the SQLite file.', logBytes)]),
  ]
}

function requestMetrics(requests: RequestMeasures): readonly Shown[] {
  return [
    histogram(
      'http_server_request_duration_seconds',
      'Time of an HTTP request, by method, route and status.',
      requests.durations(),
    ),
  ]
}
