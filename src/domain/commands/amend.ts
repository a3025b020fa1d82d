/** Changes an open hold: its total, its expiry, or the amount to settle at the expiry. */
import { AMOUNT_MAX } from '../amount.ts'
import type { AmendCommand } from '../command.ts'
import { answerAgain, reject } from '../decision.ts'
import { fingerprintOf } from '../fingerprint.ts'
import { isLife, lifeMsMax, ttlMsOf } from '../hold-life.ts'
import { enterStep, holdIn, notOpen, showStepOf, type StepEntry } from '../hold-step.ts'
import type { HoldRecord } from '../hold-record.ts'
import { requireHold } from '../precondition.ts'
import type { Rule } from '../rule.ts'

export const amend: Rule<'amend'> = {
  restsOnOneRow: false,

  request: ({ requestId }) => requestId,

  hold: ({ hold }) => hold,

  contents(command) {
    const { hold, amount, by, expiresInMs, expiresAt } = command
    return `amend ${hold} ${by === null ? amount : `by ${by}`} ${expiresInMs} ${expiresAt} ${onExpiryContents(command)}`
  },

  /** The hold after the step is stored, also with what the amend left as it was. */
  kept(earlier) {
    if (earlier.kind !== 'amend' || earlier.step === null) return null
    return { hold: earlier.step.hold, onExpiry: undefined }
  },

  addKeys({ requestId, hold }, keys) {
    keys.addRequest(requestId)
    keys.addRequest(hold)
  },

  decide(command, state, moment) {
    const { requestId, amount, by, onExpiry } = command
    const fingerprint = fingerprintOf(amend.contents(command))
    const earlier = state.request(requestId)
    if (earlier !== null) return answerAgain(requestId, earlier, fingerprint, showStepOf)
    const ttlMs = ttlMsOf(command, moment)
    if (ttlMs !== null && !isLife(ttlMs, moment)) {
      return reject({ code: 'expiry_out_of_range', ttlMsMax: lifeMsMax(moment) })
    }
    const hold = holdIn(state, command.hold)
    if (hold === null) return reject({ code: 'hold_not_found', hold: command.hold })
    const changed = requireHold(command.ifSteps, hold)
    if (changed !== null) return changed
    if (hold.state !== 'open') return notOpen(hold)
    const more = by ?? (amount === null ? 0n : amount - hold.amount)
    const taken = hold.amount - hold.held
    const minimum = taken > 1n ? taken : 1n
    const total = hold.amount + more
    if (more !== 0n && (total < minimum || total > AMOUNT_MAX)) {
      return reject({ code: 'amend_out_of_range', hold: hold.id, minimum, maximum: AMOUNT_MAX })
    }
    const after: HoldRecord = {
      ...hold,
      amount: total,
      held: hold.held + more,
      expiresAt: ttlMs === null ? hold.expiresAt : moment.now + ttlMs,
      onExpiry: onExpiry === undefined ? hold.onExpiry : onExpiry,
    }
    const balance = state.balance(hold.account, hold.asset)
    const moves = [{ balance, available: -more, held: more, isForced: more <= 0n }]
    const entry: StepEntry = { id: requestId, kind: 'amend', fingerprint, memo: null, metadata: null }
    return enterStep({ entry, before: hold, after, moves }, state, moment)
  },

  followsEnd: () => false,
}

/** An unchanged `onExpiry` differs from a cleared one. */
function onExpiryContents({ onExpiry }: AmendCommand): string {
  if (onExpiry === undefined) return ''
  return onExpiry === null ? 'release' : `${onExpiry.settle}`
}
