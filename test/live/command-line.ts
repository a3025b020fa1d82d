/** One-shot processes of `holdfast` on the shared database, as an operator or a job starts them. */
import { errorFromProblem } from '../../src/api/received.ts'
import { contractOf } from '../../src/api/contracts.ts'
import type { Command } from '../../src/domain/command.ts'
import { isQuestion, type Ask } from '../simulation/history.ts'
import { runHoldfast } from '../../harness/service-process.ts'
import { tickNow, type Told } from './dispatches.ts'
import { resultOfError } from './service-call.ts'

/** The exit code for wrong usage, which the audit reports as an error. */
const EXIT_USAGE = 2

/** Null when the command line cannot express the command, or did not print its outcome. */
export async function askCommandLine(store: string, ask: Ask): Promise<Told | null> {
  const parameters = parametersOf(ask)
  if (parameters === null || isQuestion(ask)) return null
  const { kind } = ask as Command
  const [invokedTick, clockLeast] = [tickNow(), Date.now()]
  const { exitCode, stdout, stderr } = await runHoldfast([...parameters, '--store', store, '--json'])
  const told = { invokedTick, answeredTick: tickNow(), clockLeast, clockMost: Date.now() }
  if (exitCode === EXIT_USAGE) return { result: { kind: 'error', message: stderr }, ...told }
  let wire: unknown
  try {
    wire = JSON.parse(stdout)
  } catch {
    return null
  }
  if (exitCode !== 0) {
    const result = resultOfError(errorFromProblem(wire, 500))
    return result === null ? null : { result, ...told }
  }
  const outcome = {
    status: 'applied',
    replayed: (wire as { readonly replayed: boolean }).replayed,
    answer: contractOf(kind).answer.fromWire(wire as object),
  } as const
  return { result: { kind: 'outcome', outcomes: [outcome] }, ...told }
}

export function isForCommandLine(ask: Ask): boolean {
  return parametersOf(ask) !== null
}

/** Null when flags cannot express the whole command. */
function parametersOf(ask: Ask): readonly string[] | null {
  const parameters = unconditional(ask)
  if (parameters === null || isQuestion(ask) || ask.kind === 'group') return parameters
  const required = 'ifVersion' in ask ? ask.ifVersion : 'ifSteps' in ask ? ask.ifSteps : undefined
  if (required !== undefined && typeof required !== 'number') return null
  return [
    ...parameters,
    ...(required === undefined ? [] : ['ifVersion' in ask ? '--if-version' : '--if-steps', String(required)]),
    ...(ask.ifReplayed === undefined ? [] : ['--if-replayed', ask.ifReplayed]),
  ]
}

function unconditional(ask: Ask): readonly string[] | null {
  switch (ask.kind) {
    case 'deposit':
      return ask.metadata === null ? ['deposit', ask.account, String(ask.amount), ...ofRequest(ask)] : null
    case 'charge':
      return [
        'charge',
        ask.account,
        String(ask.amount),
        '--payee',
        ask.payee,
        ...(ask.overdraft ? ['--overdraft'] : []),
        ...ofRequest(ask),
      ]
    case 'freeze': {
      const { account, amount, payee, expiresInMs, expiresAt, onExpiry, metadata } = ask
      if (expiresAt !== null || onExpiry !== null || metadata !== null || expiresInMs === 0) return null
      const life = expiresInMs === null ? [] : ['--expires-in', `${expiresInMs / 1_000}s`]
      return ['freeze', account, String(amount), '--payee', payee, ...life, ...ofRequest(ask)]
    }
    case 'settle': {
      const { hold, amount, overage, payee, late } = ask
      const more = [...(payee === null ? [] : ['--payee', payee]), ...(late ? ['--late'] : [])]
      return ['settle', hold, String(amount), '--overage', overage, ...more]
    }
    case 'settle-part': {
      const { hold, amount, overage, payee, memo, requestId } = ask
      const more = [...(payee === null ? [] : ['--payee', payee]), ...(memo === null ? [] : ['--memo', memo])]
      return ['settle', hold, String(amount), '--part', '--overage', overage, '--request-id', requestId, ...more]
    }
    case 'refund': {
      if (ask.metadata !== null) return null
      const amount = ask.amount === null ? ['--to-total', String(ask.toTotal)] : [String(ask.amount)]
      const memo = ask.memo === null ? [] : ['--memo', ask.memo]
      return ['refund', ask.hold, ...amount, ...memo, '--request-id', ask.requestId]
    }
    case 'release':
      return ask.cause === 'caller' ? ['release', ask.hold] : null
    case 'block':
    case 'unblock':
      return ask.memo === null && ask.metadata === null ? [ask.kind, ask.account, '--request-id', ask.requestId] : null
    case 'merge': {
      const { account, into, requestId, memo, metadata } = ask
      return memo === null && metadata === null ? ['merge', account, into, '--request-id', requestId] : null
    }
    case 'open':
    case 'transfer':
    case 'amend':
    case 'declare':
    case 'house':
    case 'rate':
    case 'group':
    case 'read_account':
    case 'read_hold':
    case 'read_history':
    case 'read_rate':
    case 'ready':
      return null
  }
}

function ofRequest({ asset, requestId }: { readonly asset: string; readonly requestId: string }): readonly string[] {
  return ['--asset', asset, '--request-id', requestId]
}
