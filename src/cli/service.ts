/** The HTTP service as a process of its own: from its settings to a stop in order. */
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
  /** Resolves after a signal, once everything under way is answered and the database is closed. */
  readonly stopped: Promise<void>
}

const STDERR = 2
const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const

export async function startService(settings: Settings): Promise<Service> {
  const log = pino({ level: settings.logLevel }, destination({ fd: STDERR, sync: true }))
  const ledger = await openLedger(settings.store, {
    ...ledgerOptions(settings),
    onExpiryEvent: (event) => logExpiry(log, event),
    onClockEvent: (event) => logClock(log, event),
  })
  const { engine, storage, sweeper } = ledger
  for (const warning of storage.warnings) log.warn(warning)
  const backend = { engine, reader: storage.reader, store: storage, sweeper }
  const { bodyBytesMax, requestsInFlightMax } = settings
  const limits = { bodyBytesMax, requestsInFlightMax, shutdownMs: settings.shutdownMs / 2 }
  const app = buildServer(backend, { logger: log, logRequests: settings.logRequests, limits })
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

/** Of the time to stop, one half is for requests under way, a quarter for what they left in the queue. */
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
      return log.warn(event.status, 'holds that are due are not ended in time')
    case 'caught_up':
      return log.info(event.status, 'holds that are due are ended in time again')
    case 'faulted': {
      const { code, message } = event.fault
      return log.warn({ code, reason: message }, 'a look for holds that are due failed; the next one comes soon')
    }
    case 'refused': {
      const { holdsCount, hold, reason } = event
      return log.error(
        { holdsCount, hold, reason },
        'holds that are due cannot be ended; they are left aside for a while',
      )
    }
  }
}

function logClock(log: Logger, event: ClockEvent): void {
  switch (event.kind) {
    case 'wrong':
      return log.error({ code: 'clock_wrong' }, event.message)
    case 'right':
      return log.info('the clock of this process is right again; commands are served, and holds that are due are ended')
    case 'rows_ahead':
    case 'set_ahead':
      return log.warn(event.message)
  }
}

/**
 * The end of `shutdownMs` ends the process whatever is under way. Further signals change nothing: npm passes on a Ctrl-C that
 * the terminal has sent already.
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
  // The sweeper first: what it still submits would only keep callers waiting.
  await Promise.all([ledger.sweeper?.stop(), app.close()])
  await ledger.close()
  log.info('stopped')
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
