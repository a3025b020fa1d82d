/** Sets the floor of one balance and the metadata of its account. */
import { showBalance, type Balance, type BalanceRecord } from '../balance.ts'
import { answerAgain, reject } from '../decision.ts'
import { fingerprintOf } from '../fingerprint.ts'
import { isHouse } from '../ids.ts'
import type { EntryRecord } from '../journal.ts'
import { canonicalMetadata } from '../metadata.ts'
import { describeAll, post } from '../post.ts'
import { NO_HOLD, type Rule } from '../rule.ts'

export const open: Rule<'open'> = {
  ...NO_HOLD,
  restsOnOneRow: true,

  request: ({ requestId }) => requestId,

  contents({ account, asset, floor, metadata }) {
    return `open ${account} ${asset} ${floor} ${canonicalMetadata(metadata)}`
  },

  addKeys({ requestId, account, asset }, keys) {
    keys.addRequest(requestId)
    keys.addBalance(account, asset)
  },

  decide(command, state, moment) {
    const { requestId, account, asset, floor, metadata } = command
    const fingerprint = fingerprintOf(open.contents(command))
    const earlier = state.request(requestId)
    if (earlier !== null) return answerAgain(requestId, earlier, fingerprint, showOpened)
    if (state.asset(asset) === null) return reject({ code: 'unknown_asset', asset })
    if (isHouse(account)) return reject({ code: 'house_account', account })
    const before = state.balance(account, asset)
    if (floor > before.available) {
      return reject({ code: 'floor_above_available', account, asset, available: before.available })
    }
    // A posting without coins: it changes the version, so that no engine decides on a cached floor.
    const moves = [{ balance: before, available: 0n, held: 0n }]
    const posted = post(requestId, 'open', moment.now, moves)
    if ('code' in posted) return reject(posted)
    const after: BalanceRecord = { ...posted.balances[0]!, floor }
    const request: EntryRecord = {
      id: requestId,
      kind: 'open',
      at: moment.now,
      fingerprint,
      memo: null,
      metadata,
      floor,
      legs: null,
      step: null,
      postings: describeAll(posted, moves),
    }
    const rows = { request, postings: posted.postings, balances: [after] }
    const effect = metadata === null ? rows : { ...rows, account: { account, metadata } }
    return { verdict: 'apply', effect, answer: showBalance(after) }
  },
}

function showOpened({ postings, floor }: EntryRecord): Balance {
  const { account, asset, available, held, version } = postings[0]!.posting
  return { account, asset, available, held, total: available + held, floor, version }
}
