/**
 * The rules: one command, the rows it touches, one decision. Pure: no clock, no randomness, no promise.
 *
 * All checks come first, in the order of `REJECTION_PRECEDENCE`; then the rows to write. Upholds laws 1, 2, 4 and 5.
 */
import type { Asset } from './asset.ts'
import { showBalance, type BalanceRecord } from './balance.ts'
import type { ChargeCommand, Command, DeclareCommand, DepositCommand, OpenCommand } from './command.ts'
import { answerAgain, enter, reject, showEntryOf, type Decision, type Moment, type State } from './decision.ts'
import { decideRate, decideTransfer } from './exchange.ts'
import { fingerprint } from './fingerprint.ts'
import { decideFreeze, decideRelease, decideSettle } from './hold-rules.ts'
import { decideAmend, decideRefund, decideSettlePart } from './hold-steps.ts'
import { isHouse, ISSUER } from './ids.ts'
import type { EntryRecord } from './journal.ts'
import type { Answer } from './outcome.ts'
import { describe, post } from './post.ts'

export function decide(command: Command, state: State, moment: Moment): Decision {
  switch (command.kind) {
    case 'freeze':
      return decideFreeze(command, state, moment)
    case 'settle':
      return decideSettle(command, state, moment)
    case 'settle-part':
      return decideSettlePart(command, state, moment)
    case 'amend':
      return decideAmend(command, state, moment)
    case 'refund':
      return decideRefund(command, state, moment)
    case 'release':
      return decideRelease(command, state, moment)
    case 'deposit':
      return decideDeposit(command, state, moment)
    case 'charge':
      return decideCharge(command, state, moment)
    case 'transfer':
      return decideTransfer(command, state, moment)
    case 'open':
      return decideOpen(command, state, moment)
    case 'declare':
      return decideDeclare(command, state, moment)
    case 'rate':
      return decideRate(command, state, moment)
  }
}

function decideDeposit(command: DepositCommand, state: State, moment: Moment): Decision {
  const { requestId, account, asset, amount } = command
  const print = fingerprint(command)
  const earlier = state.request(requestId)
  if (earlier !== null) return answerAgain(requestId, earlier, print, showEntryOf)
  if (state.asset(asset) === null) return reject({ code: 'unknown_asset', asset })
  if (isHouse(account)) return reject({ code: 'house_account', account })
  return enter(command, print, moment, [
    { balance: state.balance(ISSUER, asset), available: -amount, held: 0n },
    { balance: state.balance(account, asset), available: amount, held: 0n },
  ])
}

function decideCharge(command: ChargeCommand, state: State, moment: Moment): Decision {
  const { requestId, account, payee, asset, amount } = command
  const print = fingerprint(command)
  const earlier = state.request(requestId)
  if (earlier !== null) return answerAgain(requestId, earlier, print, showEntryOf)
  if (state.asset(asset) === null) return reject({ code: 'unknown_asset', asset })
  if (isHouse(account)) return reject({ code: 'house_account', account })
  if (payee === account) return reject({ code: 'same_account', account })
  return enter(command, print, moment, [
    { balance: state.balance(account, asset), available: -amount, held: 0n },
    { balance: state.balance(payee, asset), available: amount, held: 0n },
  ])
}

function decideOpen(command: OpenCommand, state: State, moment: Moment): Decision {
  const { requestId, account, asset, floor } = command
  const print = fingerprint(command)
  const earlier = state.request(requestId)
  if (earlier !== null) return answerAgain(requestId, earlier, print, showOpened)
  if (state.asset(asset) === null) return reject({ code: 'unknown_asset', asset })
  if (isHouse(account)) return reject({ code: 'house_account', account })
  const before = state.balance(account, asset)
  if (floor > before.available) {
    return reject({ code: 'floor_above_available', account, asset, available: before.available })
  }
  // A posting without coins: it moves the version, so that nobody decides on a remembered floor.
  const moved = post(requestId, 'open', moment.now, [{ balance: before, available: 0n, held: 0n }])
  if ('code' in moved) return reject(moved)
  const after: BalanceRecord = { ...moved.balances[0]!, floor }
  const entry: EntryRecord = {
    id: requestId,
    kind: 'open',
    at: moment.now,
    fingerprint: print,
    memo: null,
    metadata: command.metadata,
    floor,
    legs: null,
    step: null,
    postings: [describe(moved.postings[0]!, before)],
    balanceIds: [before.id],
  }
  return {
    verdict: 'apply',
    effect: {
      request: entry,
      postings: moved.postings,
      balances: [after],
      account: command.metadata === null ? null : { account, metadata: command.metadata },
      asset: null,
    },
    answer: showBalance(after),
  }
}

function decideDeclare(command: DeclareCommand, state: State, moment: Moment): Decision {
  const { asset: code, decimals, name } = command
  const known = state.asset(code)
  if (known !== null && known.decimals !== decimals) {
    return reject({ code: 'asset_conflict', asset: code, decimals: known.decimals })
  }
  if (known !== null && known.name === name) return { verdict: 'replay', answer: known }
  const asset: Asset = { code, decimals, name, createdAt: known === null ? moment.now : known.createdAt }
  return {
    verdict: 'apply',
    effect: { request: null, postings: [], balances: [], account: null, asset },
    answer: asset,
  }
}

function showOpened(entry: EntryRecord): Answer {
  const { account, asset, available, held, version } = entry.postings[0]!
  return { account, asset, available, held, total: available + held, floor: entry.floor, version }
}
