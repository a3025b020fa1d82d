/**
 * The journal: entries (one business event each) and postings (the line of an entry for one balance).
 *
 * Upholds laws 1 and 3: the postings of an entry sum to zero per asset, and the key of a posting is (balance, version), so two writers
 * that start from the same version of a balance cannot both succeed.
 */
import type { Hold } from './hold.ts'
import type { AccountName, AssetCode, Instant, RequestId } from './ids.ts'
import type { Metadata } from './metadata.ts'
import type { Rate } from './rate.ts'

export const ENTRY_KINDS = [
  'open',
  'deposit',
  'charge',
  'transfer',
  'freeze',
  'settle',
  'release',
  'amend',
  'refund',
] as const
export type EntryKind = (typeof ENTRY_KINDS)[number]

export interface Posting {
  readonly entryId: string
  readonly kind: EntryKind
  readonly account: AccountName
  readonly asset: AssetCode
  /** 0, except for house accounts. */
  readonly stripe: number
  /** The version of the balance after this posting: 1, 2, 3, … without gaps. */
  readonly version: number
  readonly availableDelta: bigint
  readonly heldDelta: bigint
  /** The amounts of the balance after this posting. */
  readonly available: bigint
  readonly held: bigint
  readonly at: Instant
}

/** The rate of a leg across assets, stored in the entry so that the leg can be recalculated at any time. */
export interface AppliedRate extends Pick<Rate, 'version' | 'numerator' | 'denominator' | 'rounding'> {
  /** `amount × numerator = toAmount × denominator + remainder`, exactly. Negative if more was received. */
  readonly remainder: bigint
}

/** A leg of an entry, with the amount received. */
export interface EntryLeg {
  readonly from: AccountName
  readonly to: AccountName
  readonly asset: AssetCode
  readonly amount: bigint
  /** For a leg within one asset, these equal `asset` and `amount`. */
  readonly toAsset: AssetCode
  readonly toAmount: bigint
  /** Null for a leg within one asset. */
  readonly rate: AppliedRate | null
}

export interface Entry {
  /** The request id. The end of a hold has the id `HOLD~settle` or `HOLD~release`, a late settle `HOLD~late`. */
  readonly id: string
  readonly kind: EntryKind
  /** The hold that the entry opened, changed or ended; null for other entries. */
  readonly hold: RequestId | null
  readonly at: Instant
  readonly memo: string | null
  readonly metadata: Metadata | null
  /** The floor that an `open` set; null for other entries. */
  readonly floor: bigint | null
  /** The legs of a transfer across assets; null for every other entry, whose postings are sufficient. */
  readonly legs: readonly EntryLeg[] | null
  readonly postings: readonly Posting[]
}

/** A line of a statement: a posting with the running total, and with the memo and metadata of its request. */
export interface StatementLine extends Posting {
  /** available + held after this posting. For a house account, all three are those of the stripe. */
  readonly total: bigint
  /** The hold of the entry; null for entries without a hold. */
  readonly hold: RequestId | null
  readonly memo: string | null
  /** The metadata of the request. For the end of a hold, the metadata of its freeze. */
  readonly metadata: Metadata | null
}

/** A posting in a store. */
export interface PostingRecord {
  readonly balanceId: number
  readonly version: number
  readonly entryId: string
  readonly kind: EntryKind
  readonly availableDelta: bigint
  readonly heldDelta: bigint
  readonly available: bigint
  readonly held: bigint
  readonly at: Instant
}

/** The step of a hold that an entry records. */
export interface HoldStep {
  readonly hold: RequestId
  /** 1, 2, 3, … without gaps. */
  readonly number: number
  /** The hold after the step, which is the answer of the step. */
  readonly after: Hold
}

/** An event in the history of a hold. */
export interface HoldEvent {
  /** 0 for the freeze, then 1, 2, 3, … without gaps. */
  readonly number: number
  readonly kind: EntryKind
  /** The id of the entry. */
  readonly entry: string
  readonly at: Instant
  /** The hold as it was after the event. */
  readonly hold: Hold
}

/** An entry in a store. It is the idempotency record of every command that opens no hold, and of every step. */
export interface EntryRecord {
  /** See `Entry.id`. */
  readonly id: string
  readonly kind: Exclude<EntryKind, 'freeze'>
  readonly at: Instant
  readonly fingerprint: number
  readonly memo: string | null
  readonly metadata: Metadata | null
  readonly floor: bigint | null
  readonly legs: readonly EntryLeg[] | null
  /** Null for an entry without a hold. */
  readonly step: HoldStep | null
  /** The postings in the order in which they were written. A stored row has only their (balance id, version). */
  readonly postings: readonly EntryPosting[]
}

/** A posting of an entry, and its balance. */
export interface EntryPosting {
  readonly balanceId: number
  readonly posting: Posting
}

export function showEntry(record: EntryRecord): Entry {
  const { id, kind, at, memo, metadata, floor, legs, step, postings } = record
  return {
    id,
    kind,
    hold: step === null ? null : step.hold,
    at,
    memo,
    metadata,
    floor,
    legs,
    postings: postings.map(({ posting }) => posting),
  }
}

/** The id of the entry that ended a hold. Request ids do not contain `~`, so no caller can use this id. */
export function endOfHold(hold: RequestId, kind: 'settle' | 'release'): string {
  return `${hold}~${kind}`
}

/** The id of the entry of a hold's late settle. A hold has at most one. */
export function lateOfHold(hold: RequestId): string {
  return `${hold}~late`
}

/** The request id at the beginning of an entry's id: its own, or the hold's. */
export function requestOfEntry(id: string): RequestId {
  const mark = id.indexOf('~')
  return mark === -1 ? id : id.slice(0, mark)
}

/** @param step the hold if the posting's entry is a step; the other entries of holds contain it in their id */
export function showLine(
  posting: Posting,
  attached: Pick<Entry, 'memo' | 'metadata'>,
  step: RequestId | null = null,
): StatementLine {
  const { entryId, kind, available, held } = posting
  const named = kind === 'freeze' || entryId.includes('~') ? requestOfEntry(entryId) : null
  return {
    ...posting,
    total: available + held,
    hold: step ?? named,
    memo: attached.memo,
    metadata: attached.metadata,
  }
}
