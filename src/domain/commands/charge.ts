/** Coins leave an account to a payee, without a hold. */
import { answerAgain, reject } from '../decision.ts'
import { enter } from '../entering.ts'
import { attachedContents, fingerprintOf } from '../fingerprint.ts'
import { isHouse } from '../ids.ts'
import { showEntry } from '../journal.ts'
import { NO_HOLD, type Rule } from '../rule.ts'

export const charge: Rule<'charge'> = {
  ...NO_HOLD,
  restsOnOneRow: false,

  request: ({ requestId }) => requestId,

  contents(command) {
    const { account, asset, amount, payee } = command
    return `charge ${account} ${asset} ${amount} ${payee} ${attachedContents(command)}`
  },

  addKeys({ requestId, account, payee, asset }, keys) {
    keys.addRequest(requestId)
    keys.addBalance(account, asset)
    keys.addBalance(payee, asset)
  },

  decide(command, state, moment) {
    const { requestId, account, payee, asset, amount } = command
    const fingerprint = fingerprintOf(charge.contents(command))
    const earlier = state.request(requestId)
    if (earlier !== null) return answerAgain(requestId, earlier, fingerprint, showEntry)
    if (state.asset(asset) === null) return reject({ code: 'unknown_asset', asset })
    if (isHouse(account)) return reject({ code: 'house_account', account })
    if (payee === account) return reject({ code: 'same_account', account })
    return enter(command, fingerprint, moment, [
      { balance: state.balance(account, asset), available: -amount, held: 0n },
      { balance: state.balance(payee, asset), available: amount, held: 0n },
    ])
  },
}
