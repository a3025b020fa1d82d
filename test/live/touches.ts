/** What an answer may depend on, and what an effect changes, as names. An effect can matter to an answer only if they share a name. */
import type { Command } from '../../src/domain/command.ts'
import type { RejectionCode } from '../../src/domain/outcome.ts'
import { commandsOf, isQuestion, type Ask, type Result } from '../simulation/history.ts'
import { keysOf } from '../simulation/journal-audit.ts'
import type { ReferenceLedger } from '../reference/ledger.ts'
import type { LiveEffect } from './journal.ts'

export function touchedBy(effects: readonly LiveEffect[]): ReadonlySet<string> {
  return new Set(effects.flatMap(changesOf))
}

function changesOf({ cause, lines }: LiveEffect): readonly string[] {
  if ('asset' in cause) return [`asset ${cause.asset.code}`]
  const { command } = cause
  if (command.kind === 'house') return [`house ${command.account}`]
  if (command.kind === 'rate') return [`rate ${command.from} ${command.to}`]
  const holds =
    'hold' in command ? [`hold ${command.hold}`] : command.kind === 'freeze' ? [`hold ${command.requestId}`] : []
  const ids = 'requestId' in command ? [`request ${command.requestId}`] : []
  const balances = lines.flatMap(({ account, asset }) => [`account ${account}`, `balance ${account} ${asset}`])
  const stands = command.kind === 'block' || command.kind === 'unblock' || command.kind === 'merge'
  const accounts = stands ? [command.account, ...(command.kind === 'merge' ? [command.into] : [])] : []
  const opened = command.kind === 'open' ? [`account ${command.account}`] : []
  const stood = accounts.flatMap((name) => [`standing ${name}`, `account ${name}`])
  return [...holds, ...ids, ...balances, ...opened, ...stood]
}

/** Rejections that depend on balances, or on how one was changed. Every other rejection has precedence and does not depend on them. */
const OF_COINS: ReadonlySet<RejectionCode> = new Set([
  'account_blocked',
  'account_closed',
  'changed_meanwhile',
  'insufficient_funds',
  'floor_above_available',
  'balance_overflow',
])

/** @param ledger the ledger at the end: a hold never changes its holder */
export function touchesOf(ask: Ask, result: Result, ledger: ReferenceLedger): ReadonlySet<string> {
  if (!isQuestion(ask)) {
    const names = commandsOf(ask).flatMap((command) => touchesOfCommand(command, ledger))
    const isOfCoins = ask.kind === 'group' || codesIn(result).some((code) => OF_COINS.has(code))
    return new Set(isOfCoins ? names : names.filter((name) => !name.startsWith('balance ')))
  }
  switch (ask.kind) {
    case 'read_account':
      return new Set([`account ${ask.account}`, `house ${ask.account}`])
    case 'read_hold':
    case 'read_history':
      return new Set([`hold ${ask.hold}`])
    case 'read_rate':
      return new Set([`rate ${ask.from} ${ask.to}`])
    case 'ready':
      return new Set()
  }
}

function codesIn(result: Result): readonly RejectionCode[] {
  const outcomes = result.kind === 'outcome' ? result.outcomes : []
  return outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.rejection.code] : []))
}

function touchesOfCommand(command: Command, ledger: ReferenceLedger): readonly string[] {
  const ids = keysOf(command).flatMap((key) => (key.includes('~') ? [] : [`request ${key}`]))
  switch (command.kind) {
    case 'declare':
      return [`asset ${command.asset}`]
    case 'house':
      return [`house ${command.account}`]
    case 'rate':
      return [`asset ${command.from}`, `asset ${command.to}`, `rate ${command.from} ${command.to}`]
    case 'transfer': {
      const legs = command.legs.flatMap(({ from, to, asset, toAsset = asset }) => [
        ...balance(from, asset),
        ...balance(to, toAsset),
        `rate ${asset} ${toAsset}`,
      ])
      return [...ids, ...legs]
    }
    case 'block':
    case 'unblock':
      return [...ids, ...standing(command.account)]
    case 'merge': {
      // Which balances there are is known at the end.
      const own = [...ledger.books.values()].filter(({ account }) => account === command.account)
      const other = own.flatMap(({ asset }) => balance(command.into, asset))
      return [
        ...ids,
        ...standing(command.account),
        ...standing(command.into),
        ...own.flatMap(({ asset }) => balance(command.account, asset)),
        ...other,
      ]
    }
    case 'open':
      return command.asset === null ? ids : [...ids, ...balance(command.account, command.asset)]
    case 'deposit':
      return [...ids, ...balance(command.account, command.asset)]
    case 'charge':
    case 'freeze': {
      // A repeat of a freeze is also told how the hold is now.
      const hold = command.kind === 'freeze' ? [`hold ${command.requestId}`] : []
      return [...ids, ...hold, ...balance(command.account, command.asset), ...balance(command.payee, command.asset)]
    }
    case 'settle':
    case 'settle-part':
    case 'amend':
    case 'refund':
    case 'release': {
      const named = 'payee' in command && command.payee !== null ? [`house ${command.payee}`] : []
      const hold = ledger.holds.get(command.hold)
      if (hold === undefined) return [...ids, ...named, `hold ${command.hold}`]
      const { account, payee, asset } = hold
      return [...ids, ...named, `hold ${command.hold}`, ...balance(account, asset), ...balance(payee, asset)]
    }
  }
}

/** House accounts have no floor, so no answer depends on their balances. */
function balance(account: string, asset: string): readonly string[] {
  return account.startsWith('@')
    ? [`asset ${asset}`, `house ${account}`]
    : [`asset ${asset}`, `balance ${account} ${asset}`, ...standing(account)]
}

function standing(account: string): readonly string[] {
  return account.startsWith('@') ? [`house ${account}`] : [`standing ${account}`]
}
