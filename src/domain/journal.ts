/**
 * The journal: entries (one business event each) and postings (one balance's line of an entry).
 *
 * Upholds laws 1 and 3: the postings of an entry sum to zero per asset, and a posting's key is (balance, version), so
 * two writers that start from the same version of a balance cannot both succeed.
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
  /** The balance's version after this posting: 1, 2, 3, … without gaps. */
  readonly version: number
  readonly availableDelta: bigint
  readonly heldDelta: bigint
  /** The balance's amounts after this posting. */
  readonly available: bigint
  readonly held: bigint
  readonly at: Instant
}

/** The rate that a leg across assets was exchanged at, kept here so that anybody can reckon it again at any time. */
export interface AppliedRate extends Pick<Rate, 'version' | 'numerator' | 'denominator' | 'rounding'> {
  /** `amount × numerator = toAmount × denominator + remainder`, exactly; negative where more was received. */
  readonly remainder: bigint
}

/** What one leg came to. */
export interface EntryLeg {
  readonly from: AccountName
  readonly to: AccountName
  readonly asset: AssetCode
  readonly amount: bigint
  /** `asset` and `amount` again, unless it is across assets. */
  readonly toAsset: AssetCode
  readonly toAmount: bigint
  /** Null for a leg within one asset. */
  readonly rate: AppliedRate | null
}

export interface Entry {
  /** The request id; `HOLD~settle` or `HOLD~release` for the end of a hold, `HOLD~late` for its late settle. */
  readonly id: string
  readonly kind: EntryKind
  /** The hold that it opened, changed or ended; null for an entry of none. */
  readonly hold: RequestId | null
  readonly at: Instant
  readonly memo: string | null
  readonly metadata: Metadata | null
  /** The floor that an `open` set. */
  readonly floor: bigint | null
  /** The legs of a transfer across assets; null for every other entry, whose postings tell all. */
  readonly legs: readonly EntryLeg[] | null
  readonly postings: readonly Posting[]
}

/** A posting as a statement shows it: with the running total, and with what the caller attached to its request. */
export interface StatementLine extends Posting {
  /** available + held after this posting; like them, of this stripe alone. */
  readonly total: bigint
  /** The hold that it belongs to; null for kinds that have none. */
  readonly hold: RequestId | null
  readonly memo: string | null
  /** That of the request; at the end of a hold, that of its freeze. */
  readonly metadata: Metadata | null
}

/** A posting as the stores keep it. */
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

/** What an entry did to a hold as a step of it. */
export interface HoldStep {
  readonly hold: RequestId
  /** 1, 2, 3, … without gaps. */
  readonly number: number
  /** The hold after it: what the step was answered. */
  readonly after: Hold
}

/** One thing that happened to a hold, as its history shows it. */
export interface HoldEvent {
  /** Its place in the history: 0 is the freeze, then 1, 2, 3, … without gaps. */
  readonly number: number
  readonly kind: EntryKind
  /** The id of its entry. */
  readonly entry: string
  readonly at: Instant
  /** The hold as it was after it. */
  readonly hold: Hold
}

/** An entry as the stores keep it: the idempotency record of every command that opens no hold, and of every step. */
export interface EntryRecord {
  /** As `Entry.id`. */
  readonly id: string
  readonly kind: Exclude<EntryKind, 'freeze'>
  readonly at: Instant
  readonly fingerprint: number
  readonly memo: string | null
  readonly metadata: Metadata | null
  readonly floor: bigint | null
  readonly legs: readonly EntryLeg[] | null
  /** Null for an entry of no hold. */
  readonly step: HoldStep | null
  /** Its postings, in the order they were written; a stored row keeps their (balance id, version) only. */
  readonly postings: readonly EntryPosting[]
}

/** A posting of an entry, and the balance that it belongs to. */
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

/** The entry that ended a hold. `~` is in no request id, so no caller can take its name. */
export function endOfHold(hold: RequestId, kind: 'settle' | 'release'): string {
  return `${hold}~${kind}`
}

/** The entry of a hold's late settle, of which there is one at most. */
export function lateOfHold(hold: RequestId): string {
  return `${hold}~late`
}

/** The request id that an entry's name begins with: its own, or the hold's. */
export function requestOfEntry(id: string): RequestId {
  const mark = id.indexOf('~')
  return mark === -1 ? id : id.slice(0, mark)
}

/** @param step the hold that the posting's entry is a step of; the other entries of holds tell it by their names */
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
