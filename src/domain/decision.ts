/** What deciding looks at and what it comes to. */
import type { Asset } from './asset.ts'
import type { BalanceRecord } from './balance.ts'
import type { AccountChange } from './changes.ts'
import type { Answer } from './command.ts'
import type { AccountName, AssetCode, Instant } from './ids.ts'
import type { EntryRecord, PostingRecord } from './journal.ts'
import type { Rejection } from './outcome.ts'
import type { Rate } from './rate.ts'
import type { RequestRecord } from './snapshot.ts'

/** The rows that a command may look at, as the commands before it in the batch left them. */
export interface State {
  request(id: string): RequestRecord | null
  balance(account: AccountName, asset: AssetCode): BalanceRecord
  asset(code: AssetCode): Asset | null
  /** The newest rate of the pair. */
  rate(from: AssetCode, to: AssetCode): Rate | null
}

/** Everything about the present that the rules may know. */
export interface Moment {
  readonly now: Instant
  /** Life of a hold whose freeze names no expiry, and the longest one allowed, in milliseconds. */
  readonly holdTtlMsDefault: number
  readonly holdTtlMsMax: number
}

/** The rows that an applied command writes. */
export interface Effect {
  readonly request?: RequestRecord
  /** The entry of a step of the hold in `request`. */
  readonly step?: EntryRecord
  readonly postings?: readonly PostingRecord[]
  /** The touched balances, after. Each moved by exactly one version. */
  readonly balances?: readonly BalanceRecord[]
  readonly account?: AccountChange
  readonly asset?: Asset
  /** A rate that was declared. */
  readonly rate?: Rate
  /** The rates that it rests on: they must still be the newest when it is committed. */
  readonly ratesUsed?: readonly Rate[]
}

export type Decision<Answered extends Answer = Answer> =
  | { readonly verdict: 'apply'; readonly effect: Effect; readonly answer: Answered }
  | { readonly verdict: 'replay'; readonly answer: Answered }
  | Refusal

export interface Refusal {
  readonly verdict: 'reject'
  readonly rejection: Rejection
}

/** The first answer again, or `request_id_reused` when the contents differ. */
export function answerAgain<Answered extends Answer>(
  requestId: string,
  earlier: RequestRecord,
  fingerprint: number,
  show: (entry: EntryRecord) => Answered,
): Decision<Answered> {
  if (earlier.kind === 'freeze' || earlier.fingerprint !== fingerprint) return reused(requestId)
  return { verdict: 'replay', answer: show(earlier) }
}

export function reused(requestId: string): Refusal {
  return reject({ code: 'request_id_reused', requestId })
}

export function reject(rejection: Rejection): Refusal {
  return { verdict: 'reject', rejection }
}
