/** The input and the result of a decision. */
import type { Asset } from './asset.ts'
import type { BalanceRecord } from './balance.ts'
import type { Author } from './by.ts'
import type { AccountChange } from './changes.ts'
import type { Answer } from './command.ts'
import type { Hold } from './hold.ts'
import { needsDeclaration, type HouseAccount } from './house-account.ts'
import type { AccountName, AssetCode, Instant } from './ids.ts'
import type { EntryRecord, PostingRecord } from './journal.ts'
import type { Rejection } from './outcome.ts'
import type { Rate } from './rate.ts'
import type { RequestRecord } from './snapshot.ts'
import type { StandingRecord, Standings } from './standing.ts'

/** The rows that a command may read, after the commands before it in the batch. */
export interface State {
  request(id: string): RequestRecord | null
  balance(account: AccountName, asset: AssetCode): BalanceRecord
  /** The standing of an account of a user. */
  standing(account: AccountName): StandingRecord
  asset(code: AssetCode): Asset | null
  /** The declaration of an account that needs one. */
  house(account: AccountName): HouseAccount | null
  /** The newest rate of the pair. */
  rate(from: AssetCode, to: AssetCode): Rate | null
}

/** The time and the settings that the rules use, and who gives the command. */
export interface Moment {
  readonly now: Instant
  /** Gives the next request that is written its number. Numbers that are not used leave gaps. */
  readonly nextSeq: () => number
  /** The default lifetime of a hold, and the longest one, in milliseconds. */
  readonly holdTtlMsDefault: number
  readonly holdTtlMsMax: number
  /** Who gives the command, for its rows. Absent for a batch, and for a command that was given without a key. */
  readonly by?: Author
}

/** The rows that an applied command writes. */
export interface Effect {
  readonly request?: RequestRecord
  /** The entry of a step of the hold in `request`. */
  readonly step?: EntryRecord
  /** The entry by which the successor of a closed account receives what returned to it. */
  readonly forward?: EntryRecord
  readonly postings?: readonly PostingRecord[]
  /** The changed balances, after the command. The version of each increased by one for each of its postings. */
  readonly balances?: readonly BalanceRecord[]
  readonly account?: AccountChange
  /** The new standing of an account. All balances that it has are in `balances`. */
  readonly standing?: Standings & { readonly account: AccountName }
  readonly asset?: Asset
  readonly house?: HouseAccount
  /** The declared rate. */
  readonly rate?: Rate
  /** The rates that the command used. They must still be the newest at the commit. */
  readonly ratesUsed?: readonly Rate[]
}

export type Decision<Answered extends Answer = Answer> =
  | { readonly verdict: 'apply'; readonly effect: Effect; readonly answer: Answered }
  | Replay<Answered>
  | Refusal

/** A repeat: the first answer again. */
export interface Replay<Answered extends Answer = Answer> {
  readonly verdict: 'replay'
  readonly answer: Answered
  /** When the first request had its effect. */
  readonly at: Instant
  /** The hold of a freeze, as it is now. */
  readonly current?: Hold
}

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
  return { verdict: 'replay', answer: show(earlier), at: earlier.at }
}

/** Whether the account is a house account that was not declared. */
export function isUndeclared(account: AccountName, state: State): boolean {
  return needsDeclaration(account) && state.house(account) === null
}

/** Which fields differ is added by `decide`, which knows the command. */
export function reused(requestId: string): Refusal {
  return reject({ code: 'request_id_reused', requestId, differs: [], mayDiffer: [] })
}

export function reject(rejection: Rejection): Refusal {
  return { verdict: 'reject', rejection }
}
