/** The HTTP service as a process: from its settings to an orderly stop. */
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { Settings } from '../config.ts'
import { buildMetricsServer } from '../http/metrics-server.ts'
import { buildServer } from '../http/server.ts'
import { metricsOf } from '../metrics/registry.ts'
import { RequestMeasures } from '../metrics/request-measures.ts'
import { openLedger, type ClockEvent, type EmbeddedLedger, type ExpiryEvent } from '../ledger.ts'
import { given } from './arguments.ts'
import { EXIT } from './exit-codes.ts'
import { LOG_LIMITS, openLog } from './log-output.ts'

export interface Service {
  readonly url: string
  /** Resolves after a signal, when all requests in progress are answered and the database is closed. */
  readonly stopped: Promise<void>
}

const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const

export async function startService(settings: Settings): Promise<Service> {
  const logLimits = { ...LOG_LIMITS, exitMsMax: Math.min(LOG_LIMITS.exitMsMax, settings.shutdownMs / 8) }
  const { log } = openLog(settings.logLevel, logLimits)
  logDefect(log)
  const ledger = await openLedger(settings.store, {
    ...ledgerOptions(settings),
    onExpiryEvent: (event) => logExpiry(log, event),
    onClockEvent: (event) => logClock(log, event),
  })
  const { engine, storage, sweeper } = ledger
  if (storage.newFile !== null) log.warn({ file: storage.newFile }, 'a new ledger was made in a new file')
  for (const warning of storage.warnings) log.warn(warning)
  const backend = { engine, reader: storage.reader, store: storage, sweeper }
  const { bodyBytesMax, requestsInFlightMax, callerCommandsPerSecondMax, callerBurstMax, shutdownMs } = settings
  const callers = { callerCommandsPerSecondMax, callerBurstMax }
  const limits = { bodyBytesMax, requestsInFlightMax, ...callers, shutdownMs: shutdownMs / 2 }
  const { logRequests, corsOrigins, allowedHosts, trustedProxies, host } = settings
  const requestMeasures = new RequestMeasures()
  const metrics = metricsOf(ledger, { requests: requestMeasures })
  const app = buildServer(backend, {
    logger: log,
    requestMeasures,
    ...(settings.metricsPort === undefined ? { metrics } : {}),
    logRequests,
    limits,
    allowedHosts: [...allowedHosts, host.toLowerCase()],
    ...(trustedProxies.length > 0 ? { trustedProxies } : {}),
    ...(corsOrigins.length > 0 ? { corsOrigins } : {}),
  })
  const metricsApp = settings.metricsPort === undefined ? null : buildMetricsServer(metrics, log)
  try {
    await metricsApp?.listen({ host: settings.host, port: settings.metricsPort! })
    await app.listen({ host: settings.host, port: settings.port })
  } catch (error) {
    await metricsApp?.close()
    await app.close()
    await ledger.close()
    throw error
  }
  const url = urlOf(app.server.address() as AddressInfo)
  const metricsUrl = metricsApp === null ? url : urlOf(metricsApp.server.address() as AddressInfo)
  log.info({ url, metrics: `${metricsUrl}/metrics`, store: storage.kind }, 'serving')
  const { exitMsMax } = logLimits
  return { url, stopped: stopAtSignal([app, metricsApp], ledger, { log, exitMsMax, shutdownMs: settings.shutdownMs }) }
}

/** Node would write a stack between the lines of the log, and end with a code that means a refusal here. */
function logDefect(log: Logger): void {
  process.once('uncaughtException', (error) => {
    log.fatal({ err: error }, 'a defect ended the service')
    process.exit(EXIT.fault)
  })
}

/** Half of `shutdownMs` is for the requests in progress, a quarter for the commands that are then still in the queue, and at most an eighth for the log. */
function ledgerOptions(settings: Settings) {
  return {
    ...given({ houseStripe: settings.houseStripe }),
    acceptRowsAhead: settings.acceptRowsAhead,
    limits: {
      queueCommandsMax: settings.queueCommandsMax,
      batchCommandsMax: settings.batchCommandsMax,
      accountCommandsPerSecondMax: settings.accountCommandsPerSecondMax,
      accountBurstMax: settings.accountBurstMax,
      accountHoldsMax: settings.accountHoldsMax,
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

interface StopOptions {
  readonly log: Logger
  readonly shutdownMs: number
  /** The part of `shutdownMs` that the log may take at the exit. */
  readonly exitMsMax: number
}

/**
 * After `shutdownMs` the process ends, even if requests are still in progress. Further signals have no effect: npm passes on a
 * Ctrl-C that the terminal has already sent to the process.
 */
async function stopAtSignal(
  apps: readonly (FastifyInstance | null)[],
  ledger: EmbeddedLedger,
  { log, shutdownMs, exitMsMax }: StopOptions,
): Promise<void> {
  const signal = await new Promise<NodeJS.Signals>((resolve) => {
    for (const name of STOP_SIGNALS) process.on(name, resolve)
  })
  log.info({ signal }, 'stopping')
  const bound = setTimeout(() => {
    log.error({ shutdownMs }, 'did not stop in time')
    process.exit(EXIT.fault)
  }, shutdownMs - exitMsMax)
  bound.unref()
  // The sweeper stops first, because its commands would delay those of callers.
  await Promise.all([ledger.sweeper?.stop(), ...apps.map((app) => app?.close())])
  await ledger.close()
  log.info('stopped')
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
