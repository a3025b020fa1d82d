/** Sets the floor of one balance and the metadata of its account. What is not named stays as it is. */
import { showBalance, type BalanceRecord } from '../balance.ts'
import type { OpenCommand, OpenedAccount } from '../command.ts'
import { answerAgain, reject, type Decision, type Moment } from '../decision.ts'
import { fingerprintOf } from '../fingerprint.ts'
import { isHouse } from '../ids.ts'
import type { EntryRecord } from '../journal.ts'
import { canonicalMetadata } from '../metadata.ts'
import { describeAll, post } from '../post.ts'
import { requireBalance } from '../precondition.ts'
import { NO_HOLD, type Rule } from '../rule.ts'

export const open: Rule<'open'> = {
  ...NO_HOLD,
  restsOnOneRow: true,

  request: ({ requestId }) => requestId,

  contents({ account, asset, floor, metadata }) {
    return `open ${account}\n${asset ?? '~'} ${floor ?? '~'} ${canonicalMetadata(metadata)}`
  },

  /** The floor of the row may be one that was kept. */
  kept(earlier) {
    if (earlier.kind !== 'open') return null
    const { postings, metadata } = earlier
    const [first] = postings
    if (first === undefined) return { asset: null, metadata }
    return { account: first.posting.account, asset: first.posting.asset, metadata }
  },

  addKeys({ requestId, account, asset }, keys) {
    keys.addRequest(requestId)
    if (asset !== null) keys.addBalance(account, asset)
  },

  decide(command, state, moment) {
    const { requestId, account, asset } = command
    const fingerprint = fingerprintOf(open.contents(command))
    const earlier = state.request(requestId)
    if (earlier !== null) {
      return answerAgain(requestId, earlier, fingerprint, (entry) => showOpened(account, entry))
    }
    if (asset !== null && state.asset(asset) === null) return reject({ code: 'unknown_asset', asset })
    if (isHouse(account)) return reject({ code: 'house_account', account })
    if (asset === null) return openAccount(command, fingerprint, moment)
    const before = state.balance(account, asset)
    const { successor } = before
    const closed = successor === null ? null : reject({ code: 'account_closed', account, successor })
    return requireBalance(command.ifVersion, before) ?? closed ?? openBalance(command, before, fingerprint, moment)
  },
}

/** Metadata alone: an entry without postings. The account exists without a balance. */
function openAccount(command: OpenCommand, fingerprint: number, moment: Moment): Decision<OpenedAccount> {
  const { account, metadata } = command
  const request = { ...entryOf(command, fingerprint, moment), account, floor: null, postings: [] }
  return { verdict: 'apply', effect: { request, ...changeOf(command) }, answer: { account, metadata, balance: null } }
}

function openBalance(
  command: OpenCommand,
  before: BalanceRecord,
  fingerprint: number,
  moment: Moment,
): Decision<OpenedAccount> {
  const { requestId, account, metadata } = command
  const { asset, available } = before
  const floor = command.floor ?? before.floor!
  // A floor that is kept may be above what is available, after an overdraft.
  if (command.floor !== null && floor > available) {
    return reject({ code: 'floor_above_available', account, asset, available })
  }
  // A posting without coins: it changes the version, so that no engine decides on a cached floor.
  const moves = [{ balance: before, available: 0n, held: 0n }]
  const entry = entryOf(command, fingerprint, moment)
  const posted = post({ entryId: requestId, seq: entry.seq, kind: 'open' }, moment.now, moves)
  if ('code' in posted) return reject(posted)
  const moved = posted.balances[0]!
  // A new floor is not above what is available, so nothing is owed any more.
  const after: BalanceRecord = { ...moved, floor, debt: command.floor === null ? moved.debt : 0n }
  const request: EntryRecord = { ...entry, floor, postings: describeAll(posted, moves) }
  const effect = { request, postings: posted.postings, balances: [after], ...changeOf(command) }
  return { verdict: 'apply', effect, answer: { account, metadata, balance: showBalance(after) } }
}

function entryOf({ requestId, metadata }: OpenCommand, fingerprint: number, moment: Moment) {
  const seq = moment.nextSeq()
  const by = moment.by ?? null
  const attached = { memo: null, metadata, overdraft: false, account: null, legs: null, step: null, by }
  return { id: requestId, seq, kind: 'open', at: moment.now, fingerprint, ...attached } as const
}

function changeOf({ account, metadata }: OpenCommand) {
  return metadata === null ? {} : { account: { account, metadata } }
}

function showOpened(account: string, { postings, floor, metadata }: EntryRecord): OpenedAccount {
  const [first] = postings
  if (first === undefined) return { account, metadata, balance: null }
  const { asset, available, held, version } = first.posting
  return { account, metadata, balance: { account, asset, available, held, total: available + held, floor, version } }
}
