/** Coins enter from `@issuer`. */
import { answerAgain, reject } from '../decision.ts'
import { enter } from '../entering.ts'
import { attachedContents, fingerprintOf } from '../fingerprint.ts'
import { isHouse, ISSUER } from '../ids.ts'
import { showEntry } from '../journal.ts'
import { requireBalance } from '../precondition.ts'
import { NO_HOLD, type Rule } from '../rule.ts'

export const deposit: Rule<'deposit'> = {
  ...NO_HOLD,
  restsOnOneRow: false,

  request: ({ requestId }) => requestId,

  contents(command) {
    const { account, asset, amount } = command
    return `deposit ${account}\n${asset} ${amount} ${attachedContents(command)}`
  },

  kept(earlier) {
    if (earlier.kind !== 'deposit') return null
    const { account, asset, availableDelta: amount } = earlier.postings[1]!.posting
    return { account, asset, amount, memo: earlier.memo, metadata: earlier.metadata }
  },

  addKeys({ requestId, account, asset }, keys) {
    keys.addRequest(requestId)
    keys.addBalance(account, asset)
    keys.addBalance(ISSUER, asset)
  },

  decide(command, state, moment) {
    const { requestId, account, asset, amount } = command
    const fingerprint = fingerprintOf(deposit.contents(command))
    const earlier = state.request(requestId)
    if (earlier !== null) return answerAgain(requestId, earlier, fingerprint, showEntry)
    if (state.asset(asset) === null) return reject({ code: 'unknown_asset', asset })
    if (isHouse(account)) return reject({ code: 'house_account', account })
    const balance = state.balance(account, asset)
    const changed = requireBalance(command.ifVersion, balance)
    if (changed !== null) return changed
    return enter(command, fingerprint, moment, [
      { balance: state.balance(ISSUER, asset), available: -amount, held: 0n },
      { balance, available: amount, held: 0n },
    ])
  },
}
