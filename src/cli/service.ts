/** The HTTP service as a process: from its settings to an orderly stop. */
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { destination, pino, type Logger } from 'pino'
import type { Settings } from '../config.ts'
import { buildServer } from '../http/server.ts'
import { openLedger, type ClockEvent, type EmbeddedLedger, type ExpiryEvent } from '../ledger.ts'
import { given } from './arguments.ts'
import { EXIT } from './exit-codes.ts'

export interface Service {
  readonly url: string
  /** Resolves after a signal, when all requests in progress are answered and the database is closed. */
  readonly stopped: Promise<void>
}

const STDERR = 2
const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const

/** @param warnings about where the settings come from, for the log */
export async function startService(settings: Settings, warnings: readonly string[] = []): Promise<Service> {
  const log = pino({ level: settings.logLevel }, destination({ fd: STDERR, sync: true }))
  for (const warning of warnings) log.warn(warning)
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
  const app = buildServer(backend, {
    logger: log,
    logRequests,
    limits,
    allowedHosts: [...allowedHosts, host.toLowerCase()],
    ...(trustedProxies.length > 0 ? { trustedProxies } : {}),
    ...(corsOrigins.length > 0 ? { corsOrigins } : {}),
  })
  try {
    await app.listen({ host: settings.host, port: settings.port })
  } catch (error) {
    await app.close()
    await ledger.close()
    throw error
  }
  const url = urlOf(app.server.address() as AddressInfo)
  log.info({ url, store: storage.kind }, 'serving')
  return { url, stopped: stopAtSignal(app, ledger, { log, shutdownMs: settings.shutdownMs }) }
}

/** Half of `shutdownMs` is for the requests in progress, a quarter for the commands that are then still in the queue. */
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

/**
 * After `shutdownMs` the process ends, even if requests are still in progress. Further signals have no effect: npm passes on a
 * Ctrl-C that the terminal has already sent to the process.
 */
async function stopAtSignal(
  app: FastifyInstance,
  ledger: EmbeddedLedger,
  { log, shutdownMs }: { readonly log: Logger; readonly shutdownMs: number },
): Promise<void> {
  const signal = await new Promise<NodeJS.Signals>((resolve) => {
    for (const name of STOP_SIGNALS) process.on(name, resolve)
  })
  log.info({ signal }, 'stopping')
  const bound = setTimeout(() => {
    log.error({ shutdownMs }, 'did not stop in time')
    process.exit(EXIT.fault)
  }, shutdownMs)
  bound.unref()
  // The sweeper stops first, because its commands would delay those of callers.
  await Promise.all([ledger.sweeper?.stop(), app.close()])
  await ledger.close()
  log.info('stopped')
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
