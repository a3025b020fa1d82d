/** The decision of a command whose record is an entry: it moves coins, and repeats are answered from the entry. */
import { reject, type Decision, type Moment } from './decision.ts'
import type { AccountName, RequestId } from './ids.ts'
import { showEntry, type Entry, type EntryLeg, type EntryRecord } from './journal.ts'
import type { Metadata } from './metadata.ts'
import type { Rejection } from './outcome.ts'
import { describeAll, post, type Move, type Posted } from './post.ts'
import type { Standings } from './standing.ts'
import type { Rate } from './rate.ts'

/** The common fields of such commands. The kind of the entry is the kind of the command. */
interface EntryCommand {
  readonly kind: EntryRecord['kind']
  readonly requestId: RequestId
  /** Not of a transfer. */
  readonly account?: AccountName
  readonly memo: string | null
  readonly metadata: Metadata | null
  /** Only of a charge. */
  readonly overdraft?: boolean
}

/** The additional fields of a transfer across assets. */
interface Exchanged {
  readonly legs: readonly EntryLeg[]
  readonly rates: readonly Rate[]
}

/** The rows of an applied command. */
export interface Entered {
  readonly request: EntryRecord
  readonly postings: Posted['postings']
  readonly balances: Posted['balances']
}

export function enter(
  command: EntryCommand,
  fingerprint: number,
  moment: Moment,
  moves: readonly Move[],
  exchanged: Exchanged | null = null,
): Decision<Entry> {
  const rows = entered(command, fingerprint, moment, moves, exchanged)
  if ('code' in rows) return reject(rows)
  const effect = exchanged === null ? rows : { ...rows, ratesUsed: exchanged.rates }
  return { verdict: 'apply', effect, answer: showEntry(rows.request) }
}

/** @param moves with one for each balance of the account */
export function enterStanding(
  command: EntryCommand,
  standing: Standings & { readonly account: AccountName },
  fingerprint: number,
  moment: Moment,
  moves: readonly Move[],
): Decision<Entry> {
  const rows = entered(command, fingerprint, moment, moves)
  if ('code' in rows) return reject(rows)
  const { account, ...standings } = standing
  const balances = rows.balances.map((balance) =>
    balance.account === account ? { ...balance, ...standings } : balance,
  )
  return { verdict: 'apply', effect: { ...rows, balances, standing }, answer: showEntry(rows.request) }
}

export function entered(
  command: EntryCommand,
  fingerprint: number,
  moment: Moment,
  moves: readonly Move[],
  exchanged: Exchanged | null = null,
): Entered | Rejection {
  const { requestId, kind, memo, metadata } = command
  const seq = moment.nextSeq()
  const posted = post({ entryId: requestId, seq, kind }, moment.now, moves)
  if ('code' in posted) return posted
  const { postings, balances } = posted
  const request: EntryRecord = {
    id: requestId,
    seq,
    kind,
    at: moment.now,
    fingerprint,
    memo,
    metadata,
    floor: null,
    overdraft: command.overdraft ?? false,
    account: moves.length > 0 ? null : (command.account ?? null),
    legs: exchanged === null ? null : exchanged.legs,
    step: null,
    by: moment.by ?? null,
    postings: describeAll(posted, moves),
  }
  return { request, postings, balances }
}
