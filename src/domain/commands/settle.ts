/** Ends a hold: the actual cost goes to the payee, the rest returns to the holder. A late settle after the expiry takes from `available`. */
import type { SettleCommand } from '../command.ts'
import { answerAgain, reject, type Decision, type Moment, type State } from '../decision.ts'
import { fingerprintOf } from '../fingerprint.ts'
import { answerEnded, end } from '../hold-ending.ts'
import { enterStep, holdIn, movesOf, notOpen, paid, showStepOf, type StepEntry } from '../hold-step.ts'
import type { Hold, HoldRecord } from '../hold.ts'
import type { AccountName } from '../ids.ts'
import { lateOfHold } from '../journal.ts'
import { isFixed, pay, payLate } from '../payment.ts'
import type { Rule } from '../rule.ts'

export const settle: Rule<'settle'> = {
  restsOnOneRow: false,

  request: ({ hold }) => hold,

  hold: ({ hold }) => hold,

  contents({ amount, overage, payee, late }) {
    return payee === null && !late
      ? `settle ${amount} ${overage}`
      : `settle ${amount} ${overage} ${payee ?? '~'} ${late}`
  },

  addKeys({ hold, payee, late }, keys) {
    keys.addPayment(hold)
    if (payee !== null) keys.addPayee(hold, payee)
    if (late) keys.addEntry(lateOfHold(hold))
    keys.addRequest(hold)
  },

  decide(command, state, moment) {
    const hold = holdIn(state, command.hold)
    if (hold === null) return reject({ code: 'hold_not_found', hold: command.hold })
    const payee = command.payee ?? hold.payee
    if (payee === hold.account) return reject({ code: 'same_account', account: payee })
    const fingerprint = fingerprintOf(settle.contents(command))
    if (hold.state === 'expired' && command.late) {
      return settleLate({ command, hold, payee, fingerprint }, state, moment)
    }
    if (hold.state !== 'open') return answerEnded(hold, fingerprint)
    if (isFixed(hold, payee)) return reject({ code: 'payee_fixed', hold: hold.id, payee: hold.payee })
    const payment = pay(command, hold, state)
    if (payment === null) return reject({ code: 'settle_above_hold', hold: hold.id, held: hold.held })
    return end(hold, payment, { state: 'settled', payee, fingerprint }, state, moment)
  },

  followsEnd: ({ late }) => late,
}

interface LateSettle {
  readonly command: SettleCommand
  /** An expired hold. */
  readonly hold: HoldRecord
  readonly payee: AccountName
  readonly fingerprint: number
}

/** At most once per hold. */
function settleLate({ command, hold, payee, fingerprint }: LateSettle, state: State, moment: Moment): Decision<Hold> {
  const id = lateOfHold(hold.id)
  const earlier = state.request(id)
  if (earlier !== null) {
    const again = answerAgain(id, earlier, fingerprint, showStepOf)
    return again.verdict === 'replay' ? again : notOpen(hold)
  }
  if (isFixed(hold, payee)) return reject({ code: 'payee_fixed', hold: hold.id, payee: hold.payee })
  const payment = payLate(command, hold, state)
  if (payment === null) return reject({ code: 'settle_above_hold', hold: hold.id, held: hold.released })
  const after = { ...paid(hold, payment, payee), settledLate: payment.settled }
  const entry: StepEntry = { id, kind: 'settle', fingerprint, memo: null, metadata: null }
  return enterStep({ entry, before: hold, after, moves: movesOf(hold, after, state) }, moment)
}
