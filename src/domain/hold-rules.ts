/**
 * The rules of a hold's life: freeze, and what ends it. What happens to it in between and afterwards is in hold-steps.ts.
 *
 * All checks come first, in the order of `REJECTION_PRECEDENCE`. Upholds laws 4 and 5.
 */
import type { BalanceRecord } from './balance.ts'
import type { FreezeCommand, ReleaseCommand, SettleCommand } from './command.ts'
import { reject, reused, type Decision, type Moment, type State } from './decision.ts'
import { fingerprint } from './fingerprint.ts'
import {
  enterStep,
  holdIn,
  isFixed,
  isLife,
  lifeMsMax,
  notOpen,
  pay,
  settleLate,
  ttlMsOf,
  type Payment,
} from './hold-steps.ts'
import { kindOfEnd, showHold, showHoldAsEnded, showHoldAsFrozen, type HoldRecord } from './hold.ts'
import { isHouse, type AccountName } from './ids.ts'
import { endOfHold } from './journal.ts'
import { post, type Move } from './post.ts'

export function decideFreeze(command: FreezeCommand, state: State, moment: Moment): Decision {
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
  const ttlMs = ttlMsOf(command, moment) ?? moment.holdTtlMsDefault
  if (!isLife(ttlMs, moment)) return reject({ code: 'expiry_out_of_range', ttlMsMax: lifeMsMax(moment) })
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
    refunded: 0n,
    settledLate: 0n,
    onExpiry: command.onExpiry,
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
    steps: 0,
    firstAnswers: null,
  }
  return { verdict: 'apply', effect: { ...moved, request: hold, account: null, asset: null }, answer: showHold(hold) }
}

export function decideSettle(command: SettleCommand, state: State, moment: Moment): Decision {
  const hold = holdIn(state, command.hold)
  if (hold === null) return reject({ code: 'hold_not_found', hold: command.hold })
  const payee = command.payee ?? hold.payee
  if (payee === hold.account) return reject({ code: 'same_account', account: payee })
  const print = fingerprint(command)
  if (hold.state === 'expired' && command.late) return settleLate({ command, hold, payee, print }, state, moment)
  if (hold.state !== 'open') return answerEnded(hold, print)
  if (isFixed(hold, payee)) return reject({ code: 'payee_fixed', hold: hold.id, payee: hold.payee })
  const payment = pay(command, hold, state)
  if (payment === null) return reject({ code: 'settle_above_hold', hold: hold.id, held: hold.held })
  return end(hold, payment, { state: 'settled', payee, print }, state, moment)
}

export function decideRelease(command: ReleaseCommand, state: State, moment: Moment): Decision {
  const hold = holdIn(state, command.hold)
  if (hold === null) return reject({ code: 'hold_not_found', hold: command.hold })
  const print = fingerprint(command)
  if (hold.state !== 'open') return answerEnded(hold, print)
  if (command.cause === 'caller')
    return end(hold, NOTHING, { state: 'released', payee: hold.payee, print }, state, moment)
  if (moment.now < hold.expiresAt) {
    return reject({ code: 'hold_not_due', hold: hold.id, expiresAt: hold.expiresAt })
  }
  const due = hold.onExpiry === null ? NOTHING : pay({ amount: hold.onExpiry.settle, overage: 'cap' }, hold, state)!
  // What is not held then was never asked for.
  return end(hold, { ...due, shortfall: 0n }, { state: 'expired', payee: hold.payee, print }, state, moment)
}

const NOTHING: Payment = { settled: 0n, drawn: 0n, shortfall: 0n }

/** The command that ended the hold gets its answer again; any other comes too late. */
function answerEnded(hold: HoldRecord, print: number): Decision {
  if (hold.endFingerprint === print) return { verdict: 'replay', answer: showHoldAsEnded(hold) }
  return notOpen(hold)
}

interface Ending {
  readonly state: 'settled' | 'released' | 'expired'
  readonly payee: AccountName
  /** Of the command that ends it. */
  readonly print: number
}

/** Pays what is paid and gives the rest of what is held back. After steps, or in favour of another payee, it is a step itself. */
function end(hold: HoldRecord, payment: Payment, ending: Ending, state: State, moment: Moment): Decision {
  const { settled, drawn, shortfall } = payment
  const released = hold.held - (settled - drawn)
  const holder = state.balance(hold.account, hold.asset)
  const moves: Move[] = [{ balance: holder, available: released - drawn, held: -hold.held }]
  let payee: BalanceRecord | null = null
  if (settled > 0n) {
    payee = state.balance(ending.payee, hold.asset)
    moves.push({ balance: payee, available: settled, held: 0n })
  }
  const ended: HoldRecord = {
    ...hold,
    payee: ending.payee,
    state: ending.state,
    held: 0n,
    settled: plus(hold.settled, settled),
    released,
    drawn: plus(hold.drawn, drawn),
    shortfall: plus(hold.shortfall, shortfall),
    endedAt: moment.now,
    endFingerprint: ending.print,
    endedVersion: holder.version + 1,
    payeeBalanceId: payee === null ? null : payee.id,
    payeeVersion: payee === null ? null : payee.version + 1,
  }
  const kind = kindOfEnd(ended)
  const id = endOfHold(hold.id, kind)
  if (hold.steps > 0 || ending.payee !== hold.payee) {
    const entry = { id, kind, print: ending.print, memo: null, metadata: null }
    return enterStep({ entry, before: hold, after: ended, moves }, moment)
  }
  const moved = post(id, kind, moment.now, moves)
  if ('code' in moved) return reject(moved)
  return { verdict: 'apply', effect: { ...moved, request: ended, account: null, asset: null }, answer: showHold(ended) }
}

/** Without steps there is nothing to add to, and a bigint less to make. */
function plus(sum: bigint, more: bigint): bigint {
  return sum === 0n ? more : sum + more
}
