/** Ends a hold: the actual cost goes to the payee, the rest returns to the holder. A late settle after the expiry takes from `available`. */
import type { SettleCommand } from '../command.ts'
import { answerAgain, type Decision, isUndeclared, type Moment, reject, type State } from '../decision.ts'
import { fingerprintOf } from '../fingerprint.ts'
import { answerEnded, end } from '../hold-ending.ts'
import { enterStep, holdIn, movesOf, notOpen, paid, showStepOf, type StepEntry } from '../hold-step.ts'
import type { Hold } from '../hold.ts'
import type { HoldRecord } from '../hold-record.ts'
import type { AccountName } from '../ids.ts'
import { lateOfHold } from '../journal.ts'
import { heldAtExpiry, isFixed, pay, payLate } from '../payment.ts'
import { requireHold } from '../precondition.ts'
import type { Rule } from '../rule.ts'

export const settle: Rule<'settle'> = {
  restsOnOneRow: false,

  request: ({ hold }) => hold,

  hold: ({ hold }) => hold,

  contents({ amount, overage, payee, late }) {
    return payee === null && !late
      ? `settle ${amount} ${overage}`
      : `settle ${amount} ${overage} ${payee ?? ''}\n${late}`
  },

  kept: null,

  addKeys({ hold, payee, late }, keys) {
    keys.addPayment(hold)
    if (payee !== null) keys.addPayee(hold, payee)
    if (late) keys.addEntry(lateOfHold(hold))
    keys.addRequest(hold)
  },

  decide(command, state, moment) {
    if (command.payee !== null && isUndeclared(command.payee, state)) {
      return reject({ code: 'unknown_account', account: command.payee })
    }
    const hold = holdIn(state, command.hold)
    if (hold === null) return reject({ code: 'hold_not_found', hold: command.hold })
    const payee = command.payee ?? hold.payee
    if (payee === hold.account) return reject({ code: 'same_account', account: payee })
    const fingerprint = fingerprintOf(settle.contents(command))
    if (hold.state === 'expired' && command.late) {
      return settleLate({ command, hold, payee, fingerprint }, state, moment)
    }
    if (hold.state !== 'open') return answerEnded(hold, fingerprint, command.ifSteps)
    const changed = requireHold(command.ifSteps, hold)
    if (changed !== null) return changed
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
    return again.verdict === 'replay' ? again : (requireHold(command.ifSteps, hold) ?? notOpen(hold))
  }
  const changed = requireHold(command.ifSteps, hold)
  if (changed !== null) return changed
  if (isFixed(hold, payee)) return reject({ code: 'payee_fixed', hold: hold.id, payee: hold.payee })
  const payment = payLate(command, hold, state)
  if (payment === null) return reject({ code: 'settle_above_hold', hold: hold.id, held: heldAtExpiry(hold) })
  const after = { ...paid(hold, payment, payee), settledLate: payment.settled }
  const entry: StepEntry = { id, kind: 'settle', fingerprint, memo: null, metadata: null }
  return enterStep({ entry, before: hold, after, moves: movesOf(hold, after, state) }, state, moment)
}
