/**
 * The rules: one command, the rows it touches, one decision. Pure: no clock, no randomness, no promise.
 *
 * All checks come first, in the order of `REJECTION_PRECEDENCE`; then the rows to write. Upholds laws 1, 2, 4 and 5.
 */
import type { Asset } from './asset.ts'
import { showBalance, type BalanceRecord } from './balance.ts'
import type {
  ChargeCommand,
  Command,
  DeclareCommand,
  DepositCommand,
  FreezeCommand,
  OpenCommand,
  ReleaseCommand,
  SettleCommand,
} from './command.ts'
import { answerAgain, enter, reject, reused, showEntryOf, type Decision, type Moment, type State } from './decision.ts'
import { decideRate, decideTransfer } from './exchange.ts'
import { fingerprint } from './fingerprint.ts'
import { showHold, showHoldAsFrozen, type HoldRecord } from './hold.ts'
import { isHouse, ISSUER } from './ids.ts'
import { endOfHold, type EntryRecord } from './journal.ts'
import type { Answer } from './outcome.ts'
import { describe, post, type Move } from './post.ts'

export function decide(command: Command, state: State, moment: Moment): Decision {
  switch (command.kind) {
    case 'freeze':
      return decideFreeze(command, state, moment)
    case 'settle':
      return decideSettle(command, state, moment)
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

function decideFreeze(command: FreezeCommand, state: State, moment: Moment): Decision {
  const { requestId, account, asset, payee, amount } = command
  const print = fingerprint(command)
  const earlier = state.request(requestId)
  if (earlier !== null) {
    if (earlier.kind !== 'freeze' || earlier.fingerprint !== print) return reused(requestId)
    return { verdict: 'replay', answer: showHoldAsFrozen(earlier) }
  }
  if (state.asset(asset) === null) return reject({ code: 'unknown_asset', asset })
  if (isHouse(account)) return reject({ code: 'house_account', account })
  if (payee === account) return reject({ code: 'same_account', account })
  const ttlMs =
    command.expiresInMs ?? (command.expiresAt === null ? moment.holdTtlMsDefault : command.expiresAt - moment.now)
  if (ttlMs <= 0 || ttlMs > moment.holdTtlMsMax) {
    return reject({ code: 'expiry_out_of_range', ttlMsMax: moment.holdTtlMsMax })
  }
  const holder = state.balance(account, asset)
  const moved = post(requestId, 'freeze', moment.now, [{ balance: holder, available: -amount, held: amount }])
  if ('code' in moved) return reject(moved)
  const hold: HoldRecord = {
    id: requestId,
    kind: 'freeze',
    account,
    asset,
    payee,
    state: 'open',
    amount,
    held: amount,
    settled: 0n,
    released: 0n,
    drawn: 0n,
    shortfall: 0n,
    expiresAt: moment.now + ttlMs,
    createdAt: moment.now,
    endedAt: null,
    metadata: command.metadata,
    fingerprint: print,
    endFingerprint: null,
    balanceId: holder.id,
    openedVersion: holder.version + 1,
    endedVersion: null,
    payeeBalanceId: null,
    payeeVersion: null,
  }
  return { verdict: 'apply', effect: { ...moved, request: hold, account: null, asset: null }, answer: showHold(hold) }
}

function decideSettle(command: SettleCommand, state: State, moment: Moment): Decision {
  const hold = state.request(command.hold)
  if (hold === null || hold.kind !== 'freeze') return reject({ code: 'hold_not_found', hold: command.hold })
  const print = fingerprint(command)
  if (hold.state !== 'open') return answerEnded(hold, print)
  const above = command.amount > hold.held ? command.amount - hold.held : 0n
  if (above > 0n && command.overage === 'reject') {
    return reject({ code: 'settle_above_hold', hold: hold.id, held: hold.held })
  }
  const holder = state.balance(hold.account, hold.asset)
  const drawn = above > 0n && command.overage === 'draw' ? smaller(above, spendable(holder)) : 0n
  const settled = command.amount - above + drawn
  const released = hold.held - (command.amount - above)
  const ending: Ending = { state: 'settled', kind: 'settle', settled, released, drawn, shortfall: above - drawn }
  return end(hold, ending, print, state, moment)
}

function decideRelease(command: ReleaseCommand, state: State, moment: Moment): Decision {
  const hold = state.request(command.hold)
  if (hold === null || hold.kind !== 'freeze') return reject({ code: 'hold_not_found', hold: command.hold })
  const print = fingerprint(command)
  if (hold.state !== 'open') return answerEnded(hold, print)
  const ending: Ending = {
    state: command.cause === 'expiry' ? 'expired' : 'released',
    kind: 'release',
    settled: 0n,
    released: hold.held,
    drawn: 0n,
    shortfall: 0n,
  }
  return end(hold, ending, print, state, moment)
}

/** The command that ended the hold gets its answer again; any other comes too late. */
function answerEnded(hold: HoldRecord, print: number): Decision {
  if (hold.endFingerprint === print) return { verdict: 'replay', answer: showHold(hold) }
  return reject({ code: 'hold_not_open', hold: hold.id, state: hold.state, settled: hold.settled })
}

interface Ending {
  readonly state: 'settled' | 'released' | 'expired'
  readonly kind: 'settle' | 'release'
  readonly settled: bigint
  readonly released: bigint
  readonly drawn: bigint
  readonly shortfall: bigint
}

function end(hold: HoldRecord, ending: Ending, print: number, state: State, moment: Moment): Decision {
  const holder = state.balance(hold.account, hold.asset)
  const moves: Move[] = [{ balance: holder, available: ending.released - ending.drawn, held: -hold.held }]
  let payee: BalanceRecord | null = null
  if (ending.settled > 0n) {
    payee = state.balance(hold.payee, hold.asset)
    moves.push({ balance: payee, available: ending.settled, held: 0n })
  }
  const moved = post(endOfHold(hold.id, ending.kind), ending.kind, moment.now, moves)
  if ('code' in moved) return reject(moved)
  const ended: HoldRecord = {
    ...hold,
    state: ending.state,
    held: 0n,
    settled: ending.settled,
    released: ending.released,
    drawn: ending.drawn,
    shortfall: ending.shortfall,
    endedAt: moment.now,
    endFingerprint: print,
    endedVersion: holder.version + 1,
    payeeBalanceId: payee === null ? null : payee.id,
    payeeVersion: payee === null ? null : payee.version + 1,
  }
  return { verdict: 'apply', effect: { ...moved, request: ended, account: null, asset: null }, answer: showHold(ended) }
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

function spendable(balance: BalanceRecord): bigint {
  if (balance.floor === null || balance.available <= balance.floor) return 0n
  return balance.available - balance.floor
}

function smaller(left: bigint, right: bigint): bigint {
  return left < right ? left : right
}
