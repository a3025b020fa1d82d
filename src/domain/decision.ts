/** What deciding looks at and what it comes to, and how commands with an entry of their own are answered. */
import type { Asset } from './asset.ts'
import type { BalanceRecord } from './balance.ts'
import type { ChargeCommand, DepositCommand, TransferCommand } from './command.ts'
import type { AccountName, AssetCode, Instant } from './ids.ts'
import { showEntry, type EntryLeg, type EntryRecord, type PostingRecord } from './journal.ts'
import type { Answer, Rejection } from './outcome.ts'
import { describe, post, type Move } from './post.ts'
import type { Rate } from './rate.ts'
import type { AccountChange, RequestRecord } from './snapshot.ts'

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
  readonly request: RequestRecord | null
  /** The entry of a step, beside its hold. */
  readonly step?: EntryRecord
  readonly postings: readonly PostingRecord[]
  /** The touched balances, after. Each moved by exactly one version. */
  readonly balances: readonly BalanceRecord[]
  readonly account: AccountChange | null
  readonly asset: Asset | null
  /** A rate that was declared. */
  readonly rate?: Rate
  /** The rates that it rests on: they must still be the newest when it is committed. */
  readonly ratesUsed?: readonly Rate[]
}

export type Decision =
  | { readonly verdict: 'apply'; readonly effect: Effect; readonly answer: Answer }
  | { readonly verdict: 'replay'; readonly answer: Answer }
  | { readonly verdict: 'reject'; readonly rejection: Rejection }

/** The decision for a command whose record is an entry: moves coins, and keeps the entry for repeats. */
export function enter(
  command: DepositCommand | ChargeCommand | TransferCommand,
  print: number,
  moment: Moment,
  moves: readonly Move[],
  legs: readonly EntryLeg[] | null = null,
): Decision {
  const moved = post(command.requestId, command.kind, moment.now, moves)
  if ('code' in moved) return reject(moved)
  const entry: EntryRecord = {
    id: command.requestId,
    kind: command.kind,
    at: moment.now,
    fingerprint: print,
    memo: command.memo,
    metadata: command.metadata,
    floor: null,
    legs,
    step: null,
    postings: moved.postings.map((posting, index) => describe(posting, moves[index]!.balance)),
    balanceIds: moved.postings.map((posting) => posting.balanceId),
  }
  return {
    verdict: 'apply',
    effect: { ...moved, request: entry, account: null, asset: null },
    answer: showEntry(entry),
  }
}

/** The first answer again, or `request_id_reused` when the contents differ. */
export function answerAgain(
  requestId: string,
  earlier: RequestRecord,
  print: number,
  show: (entry: EntryRecord) => Answer,
): Decision {
  if (earlier.kind === 'freeze' || earlier.fingerprint !== print) return reused(requestId)
  return { verdict: 'replay', answer: show(earlier) }
}

export function showEntryOf(entry: EntryRecord): Answer {
  return showEntry(entry)
}

export function reused(requestId: string): Decision {
  return reject({ code: 'request_id_reused', requestId })
}

export function reject(rejection: Rejection): Decision {
  return { verdict: 'reject', rejection }
}
