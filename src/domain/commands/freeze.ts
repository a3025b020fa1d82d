/** Opens a hold: coins are set aside for one request. */
import { isUndeclared, reject, reused } from '../decision.ts'
import { fingerprintOf } from '../fingerprint.ts'
import { isLife, lifeMsMax, ttlMsOf } from '../hold-life.ts'
import { showHold, showHoldAsFrozen, type HoldRecord } from '../hold-record.ts'
import { isHouse } from '../ids.ts'
import { canonicalMetadata } from '../metadata.ts'
import { post } from '../post.ts'
import { requireBalance } from '../precondition.ts'
import { NO_HOLD, type Rule } from '../rule.ts'

export const freeze: Rule<'freeze'> = {
  ...NO_HOLD,
  restsOnOneRow: true,

  request: ({ requestId }) => requestId,

  contents({ account, asset, amount, payee, expiresInMs, expiresAt, metadata, onExpiry }) {
    return `freeze ${account}\n${asset} ${amount} ${payee}\n${expiresInMs} ${expiresAt} ${canonicalMetadata(metadata)}${onExpiry === null ? '' : ` ${onExpiry.settle}`}`
  },

  /** The expiry is stored as an instant, and not as it was asked for. */
  kept(earlier) {
    if (earlier.kind !== 'freeze' || earlier.charge !== null) return null
    const { account, asset, amount, payee, metadata, onExpiry } = showHoldAsFrozen(earlier)
    return { account, asset, amount, payee, metadata, onExpiry }
  },

  /** The payee's balance is needed only if the same work also pays from the hold: `addPayeesOfNewHolds`. */
  addKeys(command, keys) {
    keys.addRequest(command.requestId)
    keys.addFreeze(command)
    keys.addBalance(command.account, command.asset)
  },

  payers: ({ account }) => [account],

  decide(command, state, moment) {
    const { requestId, account, asset, payee, amount } = command
    const fingerprint = fingerprintOf(freeze.contents(command))
    const earlier = state.request(requestId)
    if (earlier !== null) {
      if (earlier.kind !== 'freeze' || earlier.fingerprint !== fingerprint) return reused(requestId)
      return { verdict: 'replay', answer: showHoldAsFrozen(earlier), at: earlier.createdAt, current: showHold(earlier) }
    }
    if (state.asset(asset) === null) return reject({ code: 'unknown_asset', asset })
    if (isHouse(account)) return reject({ code: 'house_account', account })
    if (isUndeclared(payee, state)) return reject({ code: 'unknown_account', account: payee })
    if (payee === account) return reject({ code: 'same_account', account })
    const ttlMs = ttlMsOf(command, moment) ?? moment.holdTtlMsDefault
    if (!isLife(ttlMs, moment)) return reject({ code: 'expiry_out_of_range', ttlMsMax: lifeMsMax(moment) })
    const holder = state.balance(account, asset)
    const changed = requireBalance(command.ifVersion, holder)
    if (changed !== null) return changed
    const seq = moment.nextSeq()
    const heading = { entryId: requestId, seq, kind: 'freeze' } as const
    const posted = post(heading, moment.now, [{ balance: holder, available: -amount, held: amount }])
    if ('code' in posted) return reject(posted)
    const hold: HoldRecord = {
      id: requestId,
      kind: 'freeze',
      seq,
      account,
      asset,
      payee,
      state: 'open',
      amount,
      held: amount,
      settled: 0n,
      released: 0n,
      drawn: 0n,
      shortfall: 0n,
      refunded: 0n,
      settledLate: 0n,
      onExpiry: command.onExpiry,
      expiresAt: moment.now + ttlMs,
      createdAt: moment.now,
      metadata: command.metadata,
      fingerprint,
      charge: null,
      by: moment.by ?? null,
      balanceId: holder.id,
      openedVersion: holder.version + 1,
      end: null,
      changes: 0,
      firstAnswers: null,
    }
    const { postings, balances } = posted
    return { verdict: 'apply', effect: { request: hold, postings, balances }, answer: showHold(hold) }
  },
}
