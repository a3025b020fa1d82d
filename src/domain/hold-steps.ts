/**
 * The rules of what happens to a hold under a request id of its own: a partial settle, an amend, a refund, a late settle.
 *
 * A step writes an entry that keeps the hold as it was after it, which is the step's answer for ever, and keeps in the hold what
 * its row will not tell any more. It always moves the holder's version, if need be without coins, because that guards the hold.
 */
import { isInt64, type Amount } from './amount.ts'
import type { BalanceRecord } from './balance.ts'
import type {
  AmendCommand,
  FreezeCommand,
  Overage,
  RefundCommand,
  SettleCommand,
  SettlePartCommand,
} from './command.ts'
import { answerAgain, reject, type Decision, type Moment, type State } from './decision.ts'
import { fingerprint } from './fingerprint.ts'
import { showHold, showHoldAsEnded, showHoldAsFrozen, type HoldRecord } from './hold.ts'
import { INSTANT_MAX, type AccountName, type RequestId } from './ids.ts'
import { lateOfHold, type EntryRecord } from './journal.ts'
import type { Metadata } from './metadata.ts'
import type { Answer } from './outcome.ts'
import { describe, post, type Move } from './post.ts'

export function decideSettlePart(command: SettlePartCommand, state: State, moment: Moment): Decision {
  const { requestId } = command
  const print = fingerprint(command)
  const earlier = state.request(requestId)
  if (earlier !== null) return answerAgain(requestId, earlier, print, showStepOf)
  const hold = holdIn(state, command.hold)
  if (hold === null) return reject({ code: 'hold_not_found', hold: command.hold })
  const payee = command.payee ?? hold.payee
  if (payee === hold.account) return reject({ code: 'same_account', account: payee })
  if (hold.state !== 'open') return notOpen(hold)
  if (isFixed(hold, payee)) return reject({ code: 'payee_fixed', hold: hold.id, payee: hold.payee })
  const payment = pay(command, hold, state)
  if (payment === null) return reject({ code: 'settle_above_hold', hold: hold.id, held: hold.held })
  const after = paid(hold, payment, payee)
  const entry: StepEntry = { ...command, id: requestId, kind: 'settle', print }
  return enterStep({ entry, before: hold, after, moves: movesOf(hold, after, state) }, moment)
}

export function decideAmend(command: AmendCommand, state: State, moment: Moment): Decision {
  const { requestId, amount, onExpiry } = command
  const print = fingerprint(command)
  const earlier = state.request(requestId)
  if (earlier !== null) return answerAgain(requestId, earlier, print, showStepOf)
  const ttlMs = ttlMsOf(command, moment)
  if (ttlMs !== null && !isLife(ttlMs, moment)) {
    return reject({ code: 'expiry_out_of_range', ttlMsMax: lifeMsMax(moment) })
  }
  const hold = holdIn(state, command.hold)
  if (hold === null) return reject({ code: 'hold_not_found', hold: command.hold })
  if (hold.state !== 'open') return notOpen(hold)
  const more = amount === null ? 0n : amount - hold.amount
  if (hold.held + more < 0n) {
    return reject({ code: 'amend_below_settled', hold: hold.id, minimum: hold.amount - hold.held })
  }
  const after: HoldRecord = {
    ...hold,
    amount: hold.amount + more,
    held: hold.held + more,
    expiresAt: ttlMs === null ? hold.expiresAt : moment.now + ttlMs,
    onExpiry: onExpiry === undefined ? hold.onExpiry : onExpiry,
  }
  const moves = [{ balance: state.balance(hold.account, hold.asset), available: -more, held: more }]
  const entry: StepEntry = { id: requestId, kind: 'amend', print, memo: null, metadata: null }
  return enterStep({ entry, before: hold, after, moves }, moment)
}

export function decideRefund(command: RefundCommand, state: State, moment: Moment): Decision {
  const { requestId, amount } = command
  const print = fingerprint(command)
  const earlier = state.request(requestId)
  if (earlier !== null) return answerAgain(requestId, earlier, print, showStepOf)
  const hold = holdIn(state, command.hold)
  if (hold === null) return reject({ code: 'hold_not_found', hold: command.hold })
  const { settled, refunded } = hold
  if (refunded + amount > settled) return reject({ code: 'refund_above_settled', hold: hold.id, settled, refunded })
  const moves = [
    { balance: state.balance(hold.payee, hold.asset), available: -amount, held: 0n },
    { balance: state.balance(hold.account, hold.asset), available: amount, held: 0n },
  ]
  const after = { ...hold, refunded: refunded + amount }
  return enterStep({ entry: { ...command, id: requestId, kind: 'refund', print }, before: hold, after, moves }, moment)
}

interface LateSettle {
  readonly command: SettleCommand
  /** It has expired. */
  readonly hold: HoldRecord
  readonly payee: AccountName
  readonly print: number
}

/** Once: what the expiry released, or more where it may draw, as far as the holder still has it. */
export function settleLate({ command, hold, payee, print }: LateSettle, state: State, moment: Moment): Decision {
  const { amount, overage } = command
  const id = lateOfHold(hold.id)
  const earlier = state.request(id)
  if (earlier !== null) {
    const again = answerAgain(id, earlier, print, showStepOf)
    return again.verdict === 'replay' ? again : notOpen(hold)
  }
  if (isFixed(hold, payee)) return reject({ code: 'payee_fixed', hold: hold.id, payee: hold.payee })
  const isAbove = amount > hold.released
  if (isAbove && overage === 'reject') {
    return reject({ code: 'settle_above_hold', hold: hold.id, held: hold.released })
  }
  const wanted = isAbove && overage === 'cap' ? hold.released : amount
  const drawn = smaller(wanted, spendable(state.balance(hold.account, hold.asset)))
  const settled = paid(hold, { settled: drawn, drawn, shortfall: amount - drawn }, payee)
  const after = { ...settled, settledLate: drawn }
  const entry: StepEntry = { id, kind: 'settle', print, memo: null, metadata: null }
  return enterStep({ entry, before: hold, after, moves: movesOf(hold, after, state) }, moment)
}

/** What a settle comes to. */
export interface Payment {
  readonly settled: bigint
  /** Of `settled`: from `available`. The rest is from what is held. */
  readonly drawn: bigint
  readonly shortfall: bigint
}

interface Price {
  readonly amount: Amount
  readonly overage: Overage
}

/** What is paid of an open hold; null when that is more than it may be. */
export function pay({ amount, overage }: Price, hold: HoldRecord, state: State): Payment | null {
  const above = amount > hold.held ? amount - hold.held : 0n
  if (above > 0n && overage === 'reject') return null
  const drawn =
    above > 0n && overage === 'draw' ? smaller(above, spendable(state.balance(hold.account, hold.asset))) : 0n
  return { settled: amount - above + drawn, drawn, shortfall: above - drawn }
}

function paid(hold: HoldRecord, { settled, drawn, shortfall }: Payment, payee: AccountName): HoldRecord {
  return {
    ...hold,
    payee,
    held: hold.held - (settled - drawn),
    settled: hold.settled + settled,
    drawn: hold.drawn + drawn,
    shortfall: hold.shortfall + shortfall,
  }
}

/** What a payment moves: nothing may come of it, but the holder's version moves. */
function movesOf(before: HoldRecord, after: HoldRecord, state: State): Move[] {
  const holder = state.balance(before.account, before.asset)
  const moves: Move[] = [{ balance: holder, available: before.drawn - after.drawn, held: after.held - before.held }]
  const settled = after.settled - before.settled
  if (settled > 0n) moves.push({ balance: state.balance(after.payee, after.asset), available: settled, held: 0n })
  return moves
}

/** What tells of a step in the journal. */
interface StepEntry {
  readonly id: string
  readonly kind: EntryRecord['kind']
  readonly print: number
  readonly memo: string | null
  readonly metadata: Metadata | null
}

interface Step {
  readonly entry: StepEntry
  readonly before: HoldRecord
  /** What the step makes of it. */
  readonly after: HoldRecord
  readonly moves: readonly Move[]
}

export function enterStep({ entry, before, after, moves }: Step, moment: Moment): Decision {
  const { id, kind, print, memo, metadata } = entry
  const moved = post(id, kind, moment.now, moves)
  if ('code' in moved) return reject(moved)
  // Parts can be paid again and again of what comes back to the holder, so the balances alone do not bound them.
  if (!isInt64(after.amount + after.drawn) || !isInt64(after.shortfall)) {
    return reject({ code: 'balance_overflow', account: before.account, asset: before.asset })
  }
  const hold: HoldRecord = {
    ...after,
    steps: before.steps + 1,
    firstAnswers: {
      freeze: showHoldAsFrozen(before),
      end: before.state === 'open' ? null : showHoldAsEnded(before),
    },
  }
  const answer = showHold(hold)
  const record: EntryRecord = {
    id,
    kind,
    at: moment.now,
    fingerprint: print,
    memo,
    metadata,
    floor: null,
    legs: null,
    step: { hold: hold.id, number: hold.steps, after: answer },
    postings: moved.postings.map((posting, index) => describe(posting, moves[index]!.balance)),
    balanceIds: moved.postings.map((posting) => posting.balanceId),
  }
  return { verdict: 'apply', effect: { ...moved, request: hold, step: record, account: null, asset: null }, answer }
}

export function holdIn(state: State, id: RequestId): HoldRecord | null {
  const record = state.request(id)
  return record?.kind === 'freeze' ? record : null
}

/** All that is settled of a hold goes to one payee: whether another one comes too late. */
export function isFixed(hold: HoldRecord, payee: AccountName): boolean {
  return payee !== hold.payee && hold.settled > 0n
}

export function notOpen({ id, state, settled }: HoldRecord): Decision {
  return reject({ code: 'hold_not_open', hold: id, state, settled })
}

function showStepOf(entry: EntryRecord): Answer {
  // No two kinds of commands have one fingerprint, so this is the entry of a step.
  return entry.step!.after
}

/** How long the hold is to live from now on; null when the command names no expiry. */
export function ttlMsOf(
  { expiresInMs, expiresAt }: Pick<FreezeCommand, 'expiresInMs' | 'expiresAt'>,
  { now }: Moment,
): number | null {
  if (expiresInMs !== null) return expiresInMs
  return expiresAt === null ? null : expiresAt - now
}

export function isLife(ttlMs: number, moment: Moment): boolean {
  return ttlMs > 0 && ttlMs <= lifeMsMax(moment)
}

/** The longest life that a hold can be given now: it ends within the instants that can be written down. */
export function lifeMsMax({ now, holdTtlMsMax }: Moment): number {
  return Math.max(0, Math.min(holdTtlMsMax, INSTANT_MAX - now))
}

function spendable(balance: BalanceRecord): bigint {
  if (balance.floor === null || balance.available <= balance.floor) return 0n
  return balance.available - balance.floor
}

function smaller(left: bigint, right: bigint): bigint {
  return left < right ? left : right
}
