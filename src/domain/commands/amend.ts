/** Changes an open hold: its total, its expiry, or the amount to settle at the expiry. */
import type { AmendCommand } from '../command.ts'
import { answerAgain, reject } from '../decision.ts'
import { fingerprintOf } from '../fingerprint.ts'
import { isLife, lifeMsMax, ttlMsOf } from '../hold-life.ts'
import { enterStep, holdIn, notOpen, showStepOf, type StepEntry } from '../hold-step.ts'
import type { HoldRecord } from '../hold.ts'
import type { Rule } from '../rule.ts'

export const amend: Rule<'amend'> = {
  restsOnOneRow: false,

  request: ({ requestId }) => requestId,

  hold: ({ hold }) => hold,

  contents(command) {
    const { hold, amount, expiresInMs, expiresAt } = command
    return `amend ${hold} ${amount} ${expiresInMs} ${expiresAt} ${onExpiryContents(command)}`
  },

  addKeys({ requestId, hold }, keys) {
    keys.addRequest(requestId)
    keys.addRequest(hold)
  },

  decide(command, state, moment) {
    const { requestId, amount, onExpiry } = command
    const fingerprint = fingerprintOf(amend.contents(command))
    const earlier = state.request(requestId)
    if (earlier !== null) return answerAgain(requestId, earlier, fingerprint, showStepOf)
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
    const entry: StepEntry = { id: requestId, kind: 'amend', fingerprint, memo: null, metadata: null }
    return enterStep({ entry, before: hold, after, moves }, moment)
  },

  followsEnd: () => false,
}

/** An unchanged `onExpiry` differs from a cleared one. */
function onExpiryContents({ onExpiry }: AmendCommand): string {
  if (onExpiry === undefined) return ''
  return onExpiry === null ? 'release' : `${onExpiry.settle}`
}
