/** Ends a hold: everything that is held returns to the holder. With the cause `expiry`, the hold must be due and `onExpiry` applies. */
import { reject } from '../decision.ts'
import { fingerprintOf } from '../fingerprint.ts'
import { answerEnded, end } from '../hold-ending.ts'
import { holdIn } from '../hold-step.ts'
import { NOTHING, pay } from '../payment.ts'
import { requireHold } from '../precondition.ts'
import type { Rule } from '../rule.ts'

export const release: Rule<'release'> = {
  restsOnOneRow: false,

  request: ({ hold }) => hold,

  hold: ({ hold }) => hold,

  contents: ({ cause }) => `release ${cause}`,

  kept: null,

  addKeys({ hold }, keys) {
    keys.addRequest(hold)
  },

  decide(command, state, moment) {
    const hold = holdIn(state, command.hold)
    if (hold === null) return reject({ code: 'hold_not_found', hold: command.hold })
    const fingerprint = fingerprintOf(release.contents(command))
    if (hold.state !== 'open') return answerEnded(hold, fingerprint, command.ifSteps)
    const changed = requireHold(command.ifSteps, hold)
    if (changed !== null) return changed
    const { payee, onExpiry, expiresAt } = hold
    if (command.cause === 'caller') {
      return end(hold, NOTHING, { state: 'released', payee, fingerprint }, state, moment)
    }
    if (moment.now < expiresAt) return reject({ code: 'hold_not_due', hold: hold.id, expiresAt })
    const due = onExpiry === null ? NOTHING : pay({ amount: onExpiry.settle, overage: 'cap' }, hold, state)!
    // An expiry settles at most what is held. It has no shortfall, because no caller asked for the rest.
    return end(hold, { ...due, shortfall: 0n }, { state: 'expired', payee, fingerprint }, state, moment)
  },

  followsEnd: () => false,
}
