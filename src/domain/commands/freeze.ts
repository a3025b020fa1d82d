/** Opens a hold: coins are set aside for one request. */
import { reject, reused } from '../decision.ts'
import { fingerprintOf } from '../fingerprint.ts'
import { isLife, lifeMsMax, ttlMsOf } from '../hold-life.ts'
import { showHold, showHoldAsFrozen, type HoldRecord } from '../hold.ts'
import { isHouse } from '../ids.ts'
import { canonicalMetadata } from '../metadata.ts'
import { post } from '../post.ts'
import { NO_HOLD, type Rule } from '../rule.ts'

export const freeze: Rule<'freeze'> = {
  ...NO_HOLD,
  restsOnOneRow: true,

  request: ({ requestId }) => requestId,

  contents({ account, asset, amount, payee, expiresInMs, expiresAt, metadata, onExpiry }) {
    return `freeze ${account} ${asset} ${amount} ${payee} ${expiresInMs} ${expiresAt} ${canonicalMetadata(metadata)}${onExpiry === null ? '' : ` ${onExpiry.settle}`}`
  },

  /** The payee's balance is needed only if the same work also pays from the hold: `addPayeesOfNewHolds`. */
  addKeys(command, keys) {
    keys.addRequest(command.requestId)
    keys.addFreeze(command)
    keys.addBalance(command.account, command.asset)
  },

  decide(command, state, moment) {
    const { requestId, account, asset, payee, amount } = command
    const fingerprint = fingerprintOf(freeze.contents(command))
    const earlier = state.request(requestId)
    if (earlier !== null) {
      if (earlier.kind !== 'freeze' || earlier.fingerprint !== fingerprint) return reused(requestId)
      return { verdict: 'replay', answer: showHoldAsFrozen(earlier) }
    }
    if (state.asset(asset) === null) return reject({ code: 'unknown_asset', asset })
    if (isHouse(account)) return reject({ code: 'house_account', account })
    if (payee === account) return reject({ code: 'same_account', account })
    const ttlMs = ttlMsOf(command, moment) ?? moment.holdTtlMsDefault
    if (!isLife(ttlMs, moment)) return reject({ code: 'expiry_out_of_range', ttlMsMax: lifeMsMax(moment) })
    const holder = state.balance(account, asset)
    const posted = post(requestId, 'freeze', moment.now, [{ balance: holder, available: -amount, held: amount }])
    if ('code' in posted) return reject(posted)
    const hold: HoldRecord = {
      id: requestId,
      kind: 'freeze',
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
      balanceId: holder.id,
      openedVersion: holder.version + 1,
      end: null,
      steps: 0,
      firstAnswers: null,
    }
    const { postings, balances } = posted
    return { verdict: 'apply', effect: { request: hold, postings, balances }, answer: showHold(hold) }
  },
}
