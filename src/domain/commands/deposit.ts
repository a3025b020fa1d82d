/** Coins enter from `@issuer`. */
import { answerAgain, reject } from '../decision.ts'
import { enter } from '../entering.ts'
import { attachedContents, fingerprintOf } from '../fingerprint.ts'
import { isHouse, ISSUER } from '../ids.ts'
import { showEntry } from '../journal.ts'
import { NO_HOLD, type Rule } from '../rule.ts'

export const deposit: Rule<'deposit'> = {
  ...NO_HOLD,
  restsOnOneRow: false,

  request: ({ requestId }) => requestId,

  contents(command) {
    const { account, asset, amount } = command
    return `deposit ${account} ${asset} ${amount} ${attachedContents(command)}`
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
    return enter(command, fingerprint, moment, [
      { balance: state.balance(ISSUER, asset), available: -amount, held: 0n },
      { balance: state.balance(account, asset), available: amount, held: 0n },
    ])
  },
}
