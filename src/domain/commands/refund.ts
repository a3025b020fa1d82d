/** Returns settled coins from the payee's `available` to the holder's. */
import { answerAgain, reject } from '../decision.ts'
import { attachedContents, fingerprintOf } from '../fingerprint.ts'
import { enterStep, holdIn, showStepOf, type StepEntry } from '../hold-step.ts'
import type { Rule } from '../rule.ts'

export const refund: Rule<'refund'> = {
  restsOnOneRow: false,

  request: ({ requestId }) => requestId,

  hold: ({ hold }) => hold,

  contents(command) {
    const { hold, amount } = command
    return `refund ${hold} ${amount} ${attachedContents(command)}`
  },

  addKeys({ requestId, hold }, keys) {
    keys.addPayment(hold)
    keys.addRequest(requestId)
    keys.addRequest(hold)
  },

  decide(command, state, moment) {
    const { requestId, amount } = command
    const fingerprint = fingerprintOf(refund.contents(command))
    const earlier = state.request(requestId)
    if (earlier !== null) return answerAgain(requestId, earlier, fingerprint, showStepOf)
    const hold = holdIn(state, command.hold)
    if (hold === null) return reject({ code: 'hold_not_found', hold: command.hold })
    const { settled, refunded } = hold
    if (refunded + amount > settled) return reject({ code: 'refund_above_settled', hold: hold.id, settled, refunded })
    const moves = [
      { balance: state.balance(hold.payee, hold.asset), available: -amount, held: 0n },
      { balance: state.balance(hold.account, hold.asset), available: amount, held: 0n },
    ]
    const after = { ...hold, refunded: refunded + amount }
    const { memo, metadata } = command
    const entry: StepEntry = { id: requestId, kind: 'refund', fingerprint, memo, metadata }
    return enterStep({ entry, before: hold, after, moves }, moment)
  },

  followsEnd: () => true,
}
