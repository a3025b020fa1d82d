/** A worker of a live run: a process with a ledger of its own on the shared database. It ends when its parent does. */
import { startService } from '../../src/cli/service.ts'
import { readSettings } from '../../src/config.ts'
import { Fault } from '../../src/engine/faults.ts'
import { openLedger, type EmbeddedLedger } from '../../src/ledger.ts'
import { isQuestion, type Ask, type Result } from '../simulation/history.ts'
import { tickNow, type FromWorker, type Patience, type Role, type ToWorker } from './dispatches.ts'

/** The limit of one read of a hold's history. */
const HISTORY_ROWS_MAX = 1_000

let ledger: EmbeddedLedger | null = null

process.on('disconnect', () => process.exit(0))
process.on('message', (message: ToWorker) => void hear(message))

async function hear(message: ToWorker): Promise<void> {
  switch (message.kind) {
    case 'begin':
      try {
        say({ kind: 'ready', url: await begin(message.role) })
      } catch (error) {
        say({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
      }
      return
    case 'ask': {
      const invokedTick = tickNow()
      const clockLeast = Date.now()
      const result = await answer(message.ask, message)
      const told = { result, invokedTick, answeredTick: tickNow(), clockLeast, clockMost: Date.now() }
      say({ kind: 'answer', number: message.number, ...told })
      return
    }
    case 'stop':
      await ledger?.close()
      process.exit(0)
  }
}

async function begin({ kind, store, stripe, limits }: Role): Promise<string | null> {
  if (kind === 'service') {
    const flags = { store, port: '0', houseStripe: String(stripe), logLevel: 'fatal', shutdownMs: '5000' }
    const { url, stopped } = await startService(readSettings(flags, {}))
    void stopped.then(() => process.exit(0))
    return url
  }
  ledger = await openLedger(store, { limits, houseStripe: stripe })
  return null
}

/** So many callers ask in turn. */
const CALLERS = 3
let asked = 0

async function answer(ask: Ask, { timeoutMs, abortAfterMs }: Patience): Promise<Result> {
  const { engine, storage } = ledger!
  const signal = abortAfterMs === null ? undefined : AbortSignal.timeout(Math.ceil(abortAfterMs))
  const caller = `caller-${asked++ % CALLERS}`
  const options = { caller, ...(timeoutMs === null ? {} : { timeoutMs }), ...(signal === undefined ? {} : { signal }) }
  try {
    if (!isQuestion(ask)) {
      const outcome = await engine.submit(ask, options)
      return { kind: 'outcome', outcomes: 'status' in outcome ? [outcome] : outcome }
    }
    switch (ask.kind) {
      case 'read_account':
        return { kind: 'rows', rows: await storage.reader.account(ask.account) }
      case 'read_hold':
        return { kind: 'rows', rows: await storage.reader.hold(ask.hold) }
      case 'read_history': {
        const page = { hold: ask.hold, limit: HISTORY_ROWS_MAX, cursor: null }
        return { kind: 'rows', rows: (await storage.reader.holdHistory(page))?.items ?? null }
      }
      case 'read_rate': {
        const page = { from: ask.from, to: ask.to, limit: 1, cursor: null }
        return { kind: 'rows', rows: (await storage.reader.rateHistory(page)).items[0] ?? null }
      }
      case 'ready':
        await engine.ready()
        return { kind: 'rows', rows: null }
    }
  } catch (error) {
    if (error instanceof Fault) return { kind: 'fault', code: error.code, applied: error.applied }
    return { kind: 'error', message: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

function say(message: FromWorker): void {
  if (process.connected) process.send!(message)
}
