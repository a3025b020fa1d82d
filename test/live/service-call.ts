/** One call of the HTTP service as any program would make it: one request, one answer, without automatic retries. */
import type { LedgerError } from '../../src/api/error.ts'
import type { BatchOutcome } from '../../src/api/ledger.ts'
import type { BatchWire } from '../../src/api/outcome-schemas.ts'
import { errorFromProblem, outcomeFromWire } from '../../src/api/received.ts'
import { commandToWire } from '../../src/api/contracts.ts'
import { connect } from '../../src/client/index.ts'
import { REJECTION_PRECEDENCE, type FaultCode, type Outcome, type Rejection } from '../../src/domain/outcome.ts'
import { commandsOf, isQuestion, type Ask, type Question, type Result } from '../simulation/history.ts'
import { tickNow, type Patience, type Told } from './dispatches.ts'

const REJECTIONS: ReadonlySet<string> = new Set(REJECTION_PRECEDENCE)
/** Codes that mean that no answer arrived, so the outcome is unknown. */
const SILENCE: ReadonlySet<string> = new Set(['service_unreachable'])

/** Null when no answer came. */
export async function askService(url: string, ask: Ask, { timeoutMs, abortAfterMs }: Patience): Promise<Told | null> {
  const invokedTick = tickNow()
  const clockLeast = Date.now()
  const patienceMs = Math.min(timeoutMs ?? Infinity, abortAfterMs ?? Infinity)
  const signal = Number.isFinite(patienceMs) ? AbortSignal.timeout(Math.ceil(patienceMs)) : undefined
  let result: Result | null
  try {
    result = isQuestion(ask) ? await read(url, ask) : await write(url, ask, signal)
  } catch (error) {
    result = resultOfError(error)
  }
  if (result === null) return null
  return { result, invokedTick, answeredTick: tickNow(), clockLeast, clockMost: Date.now() }
}

async function write(url: string, ask: Exclude<Ask, Question>, signal: AbortSignal | undefined): Promise<Result> {
  const commands = commandsOf(ask)
  const body = JSON.stringify({ commands: commands.map(commandToWire), atomic: ask.kind === 'group' })
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${url}/v1/batches`, { method: 'POST', headers, body, ...(signal && { signal }) })
  const answer: unknown = await response.json()
  if (!response.ok) throw errorFromProblem(answer, response.status)
  const { outcomes } = answer as BatchWire
  return resultOfOutcomes(outcomes.map((wire, index) => outcomeFromWire(commands[index]!.kind, wire)))
}

async function read(url: string, ask: Question): Promise<Result> {
  await using ledger = connect(url, { limits: { attemptsMax: 1 } })
  switch (ask.kind) {
    case 'read_account':
      return { kind: 'rows', rows: await foundOrNull(ledger.account(ask.account)) }
    case 'read_hold':
      return { kind: 'rows', rows: await foundOrNull(ledger.hold(ask.hold)) }
    case 'read_history': {
      const page = await foundOrNull(ledger.holdHistory(ask.hold, { limit: 1_000 }))
      return { kind: 'rows', rows: page?.items ?? null }
    }
    case 'read_rate':
      return { kind: 'rows', rows: (await ledger.rateHistory(ask.from, ask.to, { limit: 1 })).items[0] ?? null }
    case 'ready':
      await fetch(`${url}/readyz`).then((response) => response.arrayBuffer())
      return { kind: 'rows', rows: null }
  }
}

async function foundOrNull<Row>(row: Promise<Row>): Promise<Row | null> {
  try {
    return await row
  } catch (error) {
    if ((error as LedgerError).status === 404) return null
    throw error
  }
}

function resultOfOutcomes(outcomes: readonly BatchOutcome[]): Result {
  const told: Outcome[] = []
  for (const outcome of outcomes) {
    if (outcome.status === 'faulted') return faultOf(outcome.error)
    told.push(outcome.status === 'applied' ? outcome : { status: 'rejected', rejection: rejectionOf(outcome.error) })
  }
  return { kind: 'outcome', outcomes: told }
}

/** Null for an error that means that no answer arrived. */
export function resultOfError(error: unknown): Result | null {
  // Errors of `fetch`: no connection, an incomplete response, or an expired signal.
  if (!isLedgerError(error)) return null
  if (SILENCE.has(error.code)) return null
  if (REJECTIONS.has(error.code)) {
    return { kind: 'outcome', outcomes: [{ status: 'rejected', rejection: rejectionOf(error) }] }
  }
  return faultOf(error)
}

function faultOf({ code, applied, message }: LedgerError): Result {
  if (code === 'unexpected_answer' || code === 'invalid_request')
    return { kind: 'error', message: `${code}: ${message}` }
  return { kind: 'fault', code: code as FaultCode, applied }
}

function rejectionOf({ code, details, applied }: LedgerError): Rejection {
  return { code, ...details, ...(code === 'request_replayed' ? { applied } : {}) } as Rejection
}

function isLedgerError(error: unknown): error is LedgerError {
  return error instanceof Error && error.name === 'LedgerError'
}
