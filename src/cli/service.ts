/** The HTTP service as a process: from its settings to an orderly stop. */
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { LedgerError } from '../api/error.ts'
import type { Settings } from '../config.ts'
import { HealthPort, type Readiness } from '../http/health-port.ts'
import { listen } from '../http/listeners.ts'
import { buildMetricsServer } from '../http/metrics-server.ts'
import { buildServer } from '../http/server.ts'
import { metricsOf } from '../metrics/registry.ts'
import { RequestMeasures } from '../metrics/request-measures.ts'
import { openLedger, type EmbeddedLedger } from '../ledger.ts'
import { logClock, logExpiry, logReplica } from './event-log.ts'
import { examinerOf } from './examiner.ts'
import { EXIT } from './exit-codes.ts'
import { LOG_LIMITS, openLog } from './log-output.ts'
import { requireKeysFor } from './require-keys.ts'
import { httpOptions, ledgerOptions } from './service-options.ts'
import { ServiceLog } from './service-log.ts'
import { warmUp } from './warm-up.ts'

export interface Service {
  readonly url: string
  /** Of the health port; null without one. */
  readonly healthUrl: string | null
  /** Resolves after a signal, when all requests in progress are answered and the database is closed. */
  readonly stopped: Promise<void>
}

/** The parts of a running service. */
interface Parts {
  readonly app: FastifyInstance
  /** Null if the metrics have no port of their own. */
  readonly metricsApp: FastifyInstance | null
  readonly ledger: EmbeddedLedger
  readonly health: HealthPort | null
  readonly log: Logger
  readonly lines: ServiceLog
  readonly state: State
}

/** What has begun: `/readyz` depends on it. */
interface State {
  isStarting: boolean
  isStopping: boolean
}

const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const

/** @param warnings about where the settings come from, for the log */
export async function startService(settings: Settings, warnings: readonly string[] = []): Promise<Service> {
  const { host, healthPort, shutdownMs } = settings
  const logLimits = { ...LOG_LIMITS, exitMsMax: Math.min(LOG_LIMITS.exitMsMax, shutdownMs / 8) }
  const { log, output } = openLog(settings.logLevel, logLimits)
  logDefect(log)
  for (const warning of warnings) log.warn(warning)
  const lines = new ServiceLog(log, output, settings)
  // The first of all, so that probes are answered while a database is slow to open.
  const health = healthPort === undefined ? null : await HealthPort.open({ host, port: healthPort })
  try {
    const parts = await serve(settings, lines, health)
    const url = urlOf(parts.app)
    const metricsUrl = parts.metricsApp === null ? url : urlOf(parts.metricsApp)
    const healthUrl = health === null ? null : urlOfAddress(health.address)
    const urls = { url, metrics: `${metricsUrl}/metrics`, ...(healthUrl === null ? {} : { healthUrl }) }
    log.info({ ...urls, store: parts.ledger.storage.kind }, 'serving')
    health?.watch(
      () => readinessOf(parts.app),
      (error) => log.error({ err: error }, 'the thread of the health port ended'),
    )
    void beReady(parts, settings.warmUpMs)
    return { url, healthUrl, stopped: stopAtSignal(parts, { shutdownMs, exitMsMax: logLimits.exitMsMax }) }
  } catch (error) {
    await health?.close()
    throw error
  }
}

/** Opens the database, and listens. */
async function serve(settings: Settings, lines: ServiceLog, health: HealthPort | null): Promise<Parts> {
  const { log } = lines
  const { host, port, metricsPort, warmUpMs } = settings
  const state = { isStarting: warmUpMs > 0, isStopping: false }
  const ledger = await openServed(settings, lines)
  const { engine, storage, sweeper, tracing } = ledger
  const requestMeasures = new RequestMeasures()
  const metrics = metricsOf(ledger, { requests: requestMeasures, log: lines.output })
  const app = buildServer(
    {
      engine,
      reader: storage.reader,
      authors: { actors: ledger.actors },
      store: storage,
      sweeper,
      tracing,
      isReadOnly: ledger.isReadOnly,
      replica: ledger.replica,
      examine: examinerOf(settings.store),
    },
    {
      ...httpOptions(settings),
      logger: log,
      requestMeasures,
      ...(metricsPort === undefined ? { metrics } : {}),
      isStarting: () => state.isStarting,
    },
  )
  const metricsApp = metricsPort === undefined ? null : buildMetricsServer(metrics, log)
  try {
    await metricsApp?.listen({ host, port: metricsPort! })
    await listen(app, { host, port })
  } catch (error) {
    await Promise.all([metricsApp?.close(), app.close()])
    await ledger.close()
    throw error
  }
  return { app, metricsApp, ledger, health, log, lines, state }
}

async function openServed(settings: Settings, lines: ServiceLog): Promise<EmbeddedLedger> {
  const { log } = lines
  const ledger = await openLedger(settings.store, {
    ...ledgerOptions(settings),
    onExpiryEvent: (event) => logExpiry(log, event),
    onClockEvent: (event) => logClock(log, lines.troubles.lines, event),
    onHostMove: (move) => log.warn({ ...move }, 'another server of the store URL takes the writes'),
    onReplicaEvent: (event) => logReplica(log, event),
    observers: lines.observers,
  })
  lines.watch(ledger)
  const { storage } = ledger
  if (storage.newFile !== null) log.warn({ file: storage.newFile }, 'a new ledger was made in a new file')
  for (const warning of storage.warnings) log.warn(warning)
  await requireKeysFor(settings, ledger)
  return ledger
}

/** What `/readyz` of the service answers now. */
async function readinessOf(app: FastifyInstance): Promise<Readiness> {
  const { statusCode, headers, body } = await app.inject('/readyz')
  const kept = Object.entries(headers).filter(([name]) => name === 'content-type' || name === 'retry-after')
  return { status: statusCode, headers: Object.fromEntries(kept.map(([name, value]) => [name, String(value)])), body }
}

/** Warms the process up; from then on `/readyz` says yes. A warm-up that fails costs the first callers some time, nothing else. */
async function beReady({ log, state }: Parts, warmUpMs: number): Promise<void> {
  if (warmUpMs === 0) return
  try {
    const { roundsCount, ms, firstMs, lastMs } = await warmUp(warmUpMs, () => !state.isStopping)
    const rounded = { ms: Math.round(ms), firstMs: Math.round(firstMs), lastMs: Math.round(lastMs) }
    log.info({ roundsCount, ...rounded }, 'warmed up')
  } catch (error) {
    log.warn({ err: error }, 'the warm-up failed; the first requests take longer')
  } finally {
    state.isStarting = false
  }
}

/** Node would write a stack between the lines of the log, and end with a code that means a refusal here. */
function logDefect(log: Logger): void {
  process.once('uncaughtException', (error) => {
    log.fatal({ err: error }, 'a defect ended the service')
    process.exit(EXIT.fault)
  })
}

/**
 * After `shutdownMs` the process ends, even if requests are still in progress; `exitMsMax` of it is for the log. Further signals have no
 * effect: npm passes on a Ctrl-C that the terminal has already sent to the process.
 */
async function stopAtSignal(
  { app, metricsApp, ledger, health, log, lines, state }: Parts,
  { shutdownMs, exitMsMax }: { readonly shutdownMs: number; readonly exitMsMax: number },
): Promise<void> {
  const signal = await new Promise<NodeJS.Signals>((resolve) => {
    for (const name of STOP_SIGNALS) process.on(name, resolve)
  })
  log.info({ signal }, 'stopping')
  state.isStopping = true
  health?.refuse(new LedgerError('shutting_down', 'This process takes no more work.'))
  const bound = setTimeout(() => {
    log.error({ shutdownMs }, 'did not stop in time')
    process.exit(EXIT.fault)
  }, shutdownMs - exitMsMax)
  bound.unref()
  // The sweeper stops first, because its commands would delay those of callers.
  await Promise.all([ledger.sweeper?.stop(), app.close(), metricsApp?.close()])
  await ledger.close()
  await health?.close()
  lines.flush()
  log.info('stopped')
}

function urlOf({ server }: FastifyInstance): string {
  return urlOfAddress(server.address() as AddressInfo)
}

function urlOfAddress({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
