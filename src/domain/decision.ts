/** The input and the result of a decision. */
import type { Asset } from './asset.ts'
import type { BalanceRecord } from './balance.ts'
import type { AccountChange } from './changes.ts'
import type { Answer } from './command.ts'
import type { AccountName, AssetCode, Instant } from './ids.ts'
import type { EntryRecord, PostingRecord } from './journal.ts'
import type { Rejection } from './outcome.ts'
import type { Rate } from './rate.ts'
import type { RequestRecord } from './snapshot.ts'

/** The rows that a command may read, after the commands before it in the batch. */
export interface State {
  request(id: string): RequestRecord | null
  balance(account: AccountName, asset: AssetCode): BalanceRecord
  asset(code: AssetCode): Asset | null
  /** The newest rate of the pair. */
  rate(from: AssetCode, to: AssetCode): Rate | null
}

/** The time and the settings that the rules use. */
export interface Moment {
  readonly now: Instant
  /** The default lifetime of a hold, and the longest one, in milliseconds. */
  readonly holdTtlMsDefault: number
  readonly holdTtlMsMax: number
}

/** The rows that an applied command writes. */
export interface Effect {
  readonly request?: RequestRecord
  /** The entry of a step of the hold in `request`. */
  readonly step?: EntryRecord
  readonly postings?: readonly PostingRecord[]
  /** The changed balances, after the command. The version of each increased by exactly one. */
  readonly balances?: readonly BalanceRecord[]
  readonly account?: AccountChange
  readonly asset?: Asset
  /** The declared rate. */
  readonly rate?: Rate
  /** The rates that the command used. They must still be the newest at the commit. */
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

/** The first answer again, or `request_id_reused` if the contents differ. */
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
