/** Coins leave an account to a payee, without a hold. */
import { chargeOf } from '../charge.ts'
import { answerAgain, isUndeclared, reject } from '../decision.ts'
import { entered } from '../entering.ts'
import { attachedContents, fingerprintOf } from '../fingerprint.ts'
import { isHouse } from '../ids.ts'
import { showEntry, type EntryPosting } from '../journal.ts'
import { requireBalance } from '../precondition.ts'
import { NO_HOLD, type Rule } from '../rule.ts'
import { entryIn } from '../snapshot.ts'

export const charge: Rule<'charge'> = {
  ...NO_HOLD,
  restsOnOneRow: false,

  request: ({ requestId }) => requestId,

  contents(command) {
    const { account, asset, amount, payee, overdraft } = command
    return `charge ${account}\n${asset} ${amount} ${payee}${overdraft ? ' overdraft' : ''}\n${attachedContents(command)}`
  },

  kept(earlier) {
    const entry = entryIn(earlier)
    if (entry?.kind !== 'charge') return null
    const [{ posting: paid }, { posting: received }] = entry.postings as readonly [EntryPosting, EntryPosting]
    const { asset, availableDelta: amount } = received
    const { overdraft, memo, metadata } = entry
    return { account: paid.account, payee: received.account, asset, amount, overdraft, memo, metadata }
  },

  addKeys({ requestId, account, payee, asset }, keys) {
    keys.addRequest(requestId)
    keys.addBalance(account, asset)
    keys.addBalance(payee, asset)
  },

  /** A correction by an operator is no spending. */
  payers: ({ account, overdraft }) => (overdraft ? [] : [account]),

  decide(command, state, moment) {
    const { requestId, account, payee, asset, amount, overdraft } = command
    const fingerprint = fingerprintOf(charge.contents(command))
    const earlier = state.request(requestId)
    if (earlier !== null) return answerAgain(requestId, entryIn(earlier) ?? earlier, fingerprint, showEntry)
    if (state.asset(asset) === null) return reject({ code: 'unknown_asset', asset })
    if (isHouse(account)) return reject({ code: 'house_account', account })
    if (isUndeclared(payee, state)) return reject({ code: 'unknown_account', account: payee })
    if (payee === account) return reject({ code: 'same_account', account })
    const balance = state.balance(account, asset)
    const changed = requireBalance(command.ifVersion, balance)
    if (changed !== null) return changed
    const rows = entered(command, fingerprint, moment, [
      // A correction by an operator does not spare a blocked account.
      {
        balance,
        available: -amount,
        held: 0n,
        isOverdraft: overdraft,
        isForced: overdraft && balance.standing === 'blocked',
      },
      { balance: state.balance(payee, asset), available: amount, held: 0n },
    ])
    if ('code' in rows) return reject(rows)
    const effect = { ...rows, request: chargeOf(rows.request) }
    return { verdict: 'apply', effect, answer: showEntry(rows.request) }
  },
}
