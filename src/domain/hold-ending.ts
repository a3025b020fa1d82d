/** The end of a hold: the common part of settle, release and expiry. */
import type { BalanceRecord } from './balance.ts'
import type { Precondition } from './command.ts'
import { reject, type Decision, type Moment, type State } from './decision.ts'
import { forward } from './forwarding.ts'
import { notOpen, enterStep } from './hold-step.ts'
import type { Hold } from './hold.ts'
import { kindOfEnd, showHold, showHoldAsEnded, type HoldRecord } from './hold-record.ts'
import type { AccountName } from './ids.ts'
import { endOfHold } from './journal.ts'
import type { Payment } from './payment.ts'
import { post, type Move } from './post.ts'
import { requireHold } from './precondition.ts'

export interface Ending {
  readonly state: 'settled' | 'released' | 'expired'
  readonly payee: AccountName
  /** The fingerprint of the command that ends the hold. */
  readonly fingerprint: number
}

/** Pays, and returns the rest to the holder. The end is a step if it follows steps or names another payee. */
export function end(hold: HoldRecord, payment: Payment, ending: Ending, state: State, moment: Moment): Decision<Hold> {
  const { settled, drawn, shortfall } = payment
  const released = hold.held - (settled - drawn)
  const holder = state.balance(hold.account, hold.asset)
  const moves: Move[] = [{ balance: holder, available: released - drawn, held: -hold.held, isForced: true }]
  let payee: BalanceRecord | null = null
  if (settled > 0n) {
    payee = state.balance(ending.payee, hold.asset)
    moves.push({ balance: payee, available: settled, held: 0n, isForced: true })
  }
  const { fingerprint } = ending
  const isStep = hold.changes > 0 || ending.payee !== hold.payee
  const ended: HoldRecord = {
    ...hold,
    payee: ending.payee,
    state: ending.state,
    held: 0n,
    settled: plus(hold.settled, settled),
    released,
    drawn: plus(hold.drawn, drawn),
    shortfall: plus(hold.shortfall, shortfall),
    end: {
      number: hold.changes + 1,
      at: moment.now,
      fingerprint,
      settled,
      version: holder.version + 1,
      payee: payee === null ? null : { balanceId: payee.id, version: payee.version + 1 },
      by: isStep ? null : (moment.by ?? null),
    },
  }
  const kind = kindOfEnd(ended)
  const id = endOfHold(hold.id, kind)
  if (isStep) {
    const entry = { id, kind, fingerprint, memo: null, metadata: null }
    return enterStep({ entry, before: hold, after: ended, moves }, state, moment)
  }
  const posted = post({ entryId: id, seq: hold.seq, kind }, moment.now, moves)
  if ('code' in posted) return reject(posted)
  const rows = forward(posted, id, state, moment)
  if ('code' in rows) return reject(rows)
  const request = { ...ended, changes: 1 }
  return { verdict: 'apply', effect: { request, ...rows }, answer: showHold(request) }
}

/** A repeat of the command that ended the hold gets its answer again; any other command is too late. */
export function answerEnded(hold: HoldRecord, fingerprint: number, ifSteps: Precondition | undefined): Decision<Hold> {
  if (hold.end?.fingerprint === fingerprint) {
    return { verdict: 'replay', answer: showHoldAsEnded(hold), at: hold.end.at }
  }
  return requireHold(ifSteps, hold) ?? notOpen(hold)
}

/** Avoids creating a bigint for a hold without steps, whose sums are 0. */
function plus(sum: bigint, more: bigint): bigint {
  return sum === 0n ? more : sum + more
}
