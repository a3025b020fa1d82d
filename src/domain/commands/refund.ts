/** Returns settled coins, of a hold or of a charge, from the payee's `available` to the holder's. */
import { answerAgain, reject } from '../decision.ts'
import { attachedContents, fingerprintOf } from '../fingerprint.ts'
import { enterStep, holdIn, showStepOf, type StepEntry } from '../hold-step.ts'
import type { RefundCommand } from '../command.ts'
import type { Move } from '../post.ts'
import { requireHold } from '../precondition.ts'
import type { Rule } from '../rule.ts'

export const refund: Rule<'refund'> = {
  restsOnOneRow: false,

  request: ({ requestId }) => requestId,

  hold: ({ hold }) => hold,

  contents(command) {
    const { hold, amount, toTotal } = command
    return `refund ${hold} ${amount}${toTotal === null ? '' : ` to ${toTotal}`} ${attachedContents(command)}`
  },

  /** What was refunded is stored, and not whether an amount or a total was sent. */
  kept(earlier) {
    if (earlier.kind !== 'refund' || earlier.step === null) return null
    const { memo, metadata, step } = earlier
    return { hold: step.hold, memo, metadata }
  },

  addKeys({ requestId, hold }, keys) {
    keys.addPayment(hold)
    keys.addRequest(requestId)
    keys.addRequest(hold)
  },

  decide(command, state, moment) {
    const { requestId } = command
    const fingerprint = fingerprintOf(refund.contents(command))
    const earlier = state.request(requestId)
    if (earlier !== null) return answerAgain(requestId, earlier, fingerprint, showStepOf)
    const hold = holdIn(state, command.hold)
    if (hold === null) return reject({ code: 'hold_not_found', hold: command.hold })
    const changed = requireHold(command.ifSteps, hold)
    if (changed !== null) return changed
    const { settled, refunded } = hold
    const amount = refundedBy(command, refunded)
    if (refunded + amount > settled) return reject({ code: 'refund_above_settled', hold: hold.id, settled, refunded })
    const isForced = true
    const moves: Move[] = [{ balance: state.balance(hold.account, hold.asset), available: amount, held: 0n, isForced }]
    if (amount > 0n) {
      moves.unshift({ balance: state.balance(hold.payee, hold.asset), available: -amount, held: 0n, isForced })
    }
    const after = { ...hold, refunded: refunded + amount }
    const { memo, metadata } = command
    const entry: StepEntry = { id: requestId, kind: 'refund', fingerprint, memo, metadata }
    return enterStep({ entry, before: hold, after, moves }, state, moment)
  },

  followsEnd: () => true,
}

/** What the refund adds to what was already refunded. The events of a payment provider carry totals, and arrive in any order. */
function refundedBy({ amount, toTotal }: RefundCommand, refunded: bigint): bigint {
  if (amount !== null) return amount
  return toTotal! > refunded ? toTotal! - refunded : 0n
}
