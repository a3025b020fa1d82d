/** Settles a part of an open hold. The hold stays open. */
import { answerAgain, isUndeclared, reject } from '../decision.ts'
import { attachedContents, fingerprintOf } from '../fingerprint.ts'
import { enterStep, holdIn, movesOf, notOpen, paid, showStepOf, type StepEntry } from '../hold-step.ts'
import { isFixed, pay } from '../payment.ts'
import { requireHold } from '../precondition.ts'
import type { Rule } from '../rule.ts'

export const settlePart: Rule<'settle-part'> = {
  restsOnOneRow: false,

  request: ({ requestId }) => requestId,

  hold: ({ hold }) => hold,

  contents(command) {
    const { hold, amount, overage, payee } = command
    return `settle-part ${hold} ${amount} ${overage} ${payee ?? ''}\n${attachedContents(command)}`
  },

  /** A part is stored with what it paid, which overage can make less than was asked for. */
  kept(earlier) {
    if (earlier.kind !== 'settle' || earlier.step === null) return null
    return { hold: earlier.step.hold, memo: earlier.memo, metadata: earlier.metadata }
  },

  addKeys({ requestId, hold, payee }, keys) {
    keys.addPayment(hold)
    if (payee !== null) keys.addPayee(hold, payee)
    keys.addRequest(requestId)
    keys.addRequest(hold)
  },

  decide(command, state, moment) {
    const { requestId } = command
    const fingerprint = fingerprintOf(settlePart.contents(command))
    const earlier = state.request(requestId)
    if (earlier !== null) return answerAgain(requestId, earlier, fingerprint, showStepOf)
    if (command.payee !== null && isUndeclared(command.payee, state)) {
      return reject({ code: 'unknown_account', account: command.payee })
    }
    const hold = holdIn(state, command.hold)
    if (hold === null) return reject({ code: 'hold_not_found', hold: command.hold })
    const payee = command.payee ?? hold.payee
    if (payee === hold.account) return reject({ code: 'same_account', account: payee })
    const changed = requireHold(command.ifSteps, hold)
    if (changed !== null) return changed
    if (hold.state !== 'open') return notOpen(hold)
    if (isFixed(hold, payee)) return reject({ code: 'payee_fixed', hold: hold.id, payee: hold.payee })
    const payment = pay(command, hold, state)
    if (payment === null) return reject({ code: 'settle_above_hold', hold: hold.id, held: hold.held })
    const after = paid(hold, payment, payee)
    const { memo, metadata } = command
    const entry: StepEntry = { id: requestId, kind: 'settle', fingerprint, memo, metadata }
    return enterStep({ entry, before: hold, after, moves: movesOf(hold, after, state) }, state, moment)
  },

  followsEnd: () => false,
}
