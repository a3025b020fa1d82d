/** The HTTP service as a process: from its settings to an orderly stop. */
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { destination, pino, type Logger } from 'pino'
import { LedgerError } from '../api/error.ts'
import type { Settings } from '../config.ts'
import { HealthPort, type Readiness } from '../http/health-port.ts'
import { listen } from '../http/listeners.ts'
import { buildServer } from '../http/server.ts'
import { openLedger, type ClockEvent, type EmbeddedLedger, type ExpiryEvent } from '../ledger.ts'
import { given } from './arguments.ts'
import { EXIT } from './exit-codes.ts'
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
  readonly ledger: EmbeddedLedger
  readonly health: HealthPort | null
  readonly log: Logger
  readonly state: State
}

/** What has begun: `/readyz` depends on it. */
interface State {
  isStarting: boolean
  isStopping: boolean
}

const STDERR = 2
const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const

export async function startService(settings: Settings): Promise<Service> {
  const log = pino({ level: settings.logLevel }, destination({ fd: STDERR, sync: true }))
  const { host, port, healthPort } = settings
  // The first of all, so that probes are answered while a database is slow to open.
  const health = healthPort === undefined ? null : await HealthPort.open({ host, port: healthPort })
  const state = { isStarting: settings.warmUpMs > 0, isStopping: false }
  try {
    const ledger = await openServed(settings, log)
    const app = serverOver(ledger, { settings, log, isStarting: () => state.isStarting })
    try {
      await listen(app, { host, port })
    } catch (error) {
      await app.close()
      await ledger.close()
      throw error
    }
    const url = urlOf(app.server.address() as AddressInfo)
    const healthUrl = health === null ? null : urlOf(health.address)
    log.info({ url, ...(healthUrl === null ? {} : { healthUrl }), store: ledger.storage.kind }, 'serving')
    health?.watch(
      () => readinessOf(app),
      (error) => log.error({ err: error }, 'the thread of the health port ended'),
    )
    const parts = { app, ledger, health, log, state }
    void beReady(parts, settings.warmUpMs)
    return { url, healthUrl, stopped: stopAtSignal(parts, settings.shutdownMs) }
  } catch (error) {
    await health?.close()
    throw error
  }
}

async function openServed(settings: Settings, log: Logger): Promise<EmbeddedLedger> {
  const ledger = await openLedger(settings.store, {
    ...ledgerOptions(settings),
    onExpiryEvent: (event) => logExpiry(log, event),
    onClockEvent: (event) => logClock(log, event),
  })
  const { storage } = ledger
  if (storage.newFile !== null) log.warn({ file: storage.newFile }, 'a new ledger was made in a new file')
  for (const warning of storage.warnings) log.warn(warning)
  return ledger
}

function serverOver(
  { engine, storage, sweeper }: EmbeddedLedger,
  {
    settings,
    log,
    isStarting,
  }: { readonly settings: Settings; readonly log: Logger; readonly isStarting: () => boolean },
): FastifyInstance {
  const backend = { engine, reader: storage.reader, store: storage, sweeper }
  const { bodyBytesMax, requestsInFlightMax } = settings
  const limits = { bodyBytesMax, requestsInFlightMax, shutdownMs: settings.shutdownMs / 2 }
  const { logRequests, corsOrigins, allowedHosts, host } = settings
  return buildServer(backend, {
    logger: log,
    logRequests,
    limits,
    isStarting,
    allowedHosts: [...allowedHosts, host.toLowerCase()],
    ...(corsOrigins.length > 0 ? { corsOrigins } : {}),
  })
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

/** Half of `shutdownMs` is for the requests in progress, a quarter for the commands that are then still in the queue. */
function ledgerOptions(settings: Settings) {
  return {
    ...given({ houseStripe: settings.houseStripe }),
    acceptRowsAhead: settings.acceptRowsAhead,
    limits: {
      queueCommandsMax: settings.queueCommandsMax,
      batchCommandsMax: settings.batchCommandsMax,
      callTimeoutMsDefault: settings.callTimeoutMs,
      holdTtlMsDefault: settings.holdTtlMsDefault,
      holdTtlMsMax: settings.holdTtlMsMax,
      expiryIntervalMs: settings.expiryIntervalMs,
      expiryPageMax: settings.expiryPageMax,
      expiryRoundMax: settings.expiryRoundMax,
      drainMsMax: settings.shutdownMs / 4,
    },
  }
}

function logExpiry(log: Logger, event: ExpiryEvent): void {
  switch (event.kind) {
    case 'behind':
      return log.warn(event.status, 'due holds are not ended in time')
    case 'caught_up':
      return log.info(event.status, 'due holds are ended in time again')
    case 'faulted': {
      const { code, message } = event.fault
      return log.warn({ code, reason: message }, 'a round of the sweeper failed; the next round follows soon')
    }
    case 'refused': {
      const { holdsCount, hold, reason } = event
      return log.error({ holdsCount, hold, reason }, 'due holds cannot be ended; the sweeper skips them for a while')
    }
  }
}

function logClock(log: Logger, event: ClockEvent): void {
  switch (event.kind) {
    case 'wrong':
      return log.error({ code: 'clock_wrong' }, event.message)
    case 'right':
      return log.info('the clock of this process is right again; the process accepts commands and ends due holds')
    case 'rows_ahead':
    case 'set_ahead':
      return log.warn(event.message)
  }
}

/**
 * After `shutdownMs` the process ends, even if requests are still in progress. Further signals have no effect: npm passes on a
 * Ctrl-C that the terminal has already sent to the process.
 */
async function stopAtSignal({ app, ledger, health, log, state }: Parts, shutdownMs: number): Promise<void> {
  const signal = await new Promise<NodeJS.Signals>((resolve) => {
    for (const name of STOP_SIGNALS) process.on(name, resolve)
  })
  log.info({ signal }, 'stopping')
  state.isStopping = true
  health?.refuse(new LedgerError('shutting_down', 'This process takes no more work.'))
  const bound = setTimeout(() => {
    log.error({ shutdownMs }, 'did not stop in time')
    process.exit(EXIT.fault)
  }, shutdownMs)
  bound.unref()
  // The sweeper stops first, because its commands would delay those of callers.
  await Promise.all([ledger.sweeper?.stop(), app.close()])
  await ledger.close()
  await health?.close()
  log.info('stopped')
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
