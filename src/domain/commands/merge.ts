/** Closes an account: what is available goes to its successor, and so does what returns later from holds and refunds. */
import { answerAgain, isUndeclared, reject } from '../decision.ts'
import { enterStanding } from '../entering.ts'
import { attachedContents, fingerprintOf } from '../fingerprint.ts'
import { isHouse } from '../ids.ts'
import { showEntry } from '../journal.ts'
import type { Move } from '../post.ts'
import { NO_HOLD, type Rule } from '../rule.ts'

export const merge: Rule<'merge'> = {
  ...NO_HOLD,
  restsOnOneRow: false,

  request: ({ requestId }) => requestId,

  contents(command) {
    const { account, into } = command
    return `merge ${account}\n${into}\n${attachedContents(command)}`
  },

  kept: (earlier) => (earlier.kind === 'merge' ? { memo: earlier.memo, metadata: earlier.metadata } : null),

  addKeys({ requestId, account, into }, keys) {
    keys.addRequest(requestId)
    keys.addHouse(into)
    if (isHouse(account)) return
    keys.addWhole(account, into)
    keys.addStanding(into)
  },

  decide(command, state, moment) {
    const { requestId, account, into } = command
    const fingerprint = fingerprintOf(merge.contents(command))
    const earlier = state.request(requestId)
    if (earlier !== null) return answerAgain(requestId, earlier, fingerprint, showEntry)
    if (isHouse(account)) return reject({ code: 'house_account', account })
    if (isUndeclared(into, state)) return reject({ code: 'unknown_account', account: into })
    if (into === account) return reject({ code: 'same_account', account })
    for (const name of [account, into]) {
      if (isHouse(name)) continue
      const { standing, successor } = state.standing(name)
      if (standing === 'closed') return reject({ code: 'account_closed', account: name, successor: successor! })
    }
    const moves = state.standing(account).assets.flatMap((asset): Move[] => {
      const balance = state.balance(account, asset)
      const { available } = balance
      const left = { balance, available: -available, held: 0n, isForced: true, floor: 0n }
      return available === 0n ? [left] : [left, { balance: state.balance(into, asset), available, held: 0n }]
    })
    return enterStanding(command, { account, standing: 'closed', successor: into }, fingerprint, moment, moves)
  },
}
