/** Ends a hold: everything that it holds goes back. With the cause `expiry` only when it is due; then it may settle something. */
import { reject } from '../decision.ts'
import { fingerprintOf } from '../fingerprint.ts'
import { answerEnded, end } from '../hold-ending.ts'
import { holdIn } from '../hold-step.ts'
import { NOTHING, pay } from '../payment.ts'
import type { Rule } from '../rule.ts'

export const release: Rule<'release'> = {
  restsOnOneRow: false,

  request: ({ hold }) => hold,

  hold: ({ hold }) => hold,

  contents: ({ cause }) => `release ${cause}`,

  addKeys({ hold }, keys) {
    keys.addRequest(hold)
  },

  decide(command, state, moment) {
    const hold = holdIn(state, command.hold)
    if (hold === null) return reject({ code: 'hold_not_found', hold: command.hold })
    const fingerprint = fingerprintOf(release.contents(command))
    if (hold.state !== 'open') return answerEnded(hold, fingerprint)
    const { payee, onExpiry, expiresAt } = hold
    if (command.cause === 'caller') {
      return end(hold, NOTHING, { state: 'released', payee, fingerprint }, state, moment)
    }
    if (moment.now < expiresAt) return reject({ code: 'hold_not_due', hold: hold.id, expiresAt })
    const due = onExpiry === null ? NOTHING : pay({ amount: onExpiry.settle, overage: 'cap' }, hold, state)!
    // What the hold no longer has was never asked for.
    return end(hold, { ...due, shortfall: 0n }, { state: 'expired', payee, fingerprint }, state, moment)
  },

  followsEnd: () => false,
}
