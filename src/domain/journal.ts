/**
 * The journal: entries (one business event each) and postings (the line of an entry for one balance).
 *
 * Upholds laws 1 and 3: the postings of an entry sum to zero per asset, and the key of a posting is (balance, version), so two writers
 * that start from the same version of a balance cannot both succeed.
 */
import { showAuthor, type Author, type ShownAuthor } from './by.ts'
import type { Hold } from './hold.ts'
import { isRequestId, type AccountName, type AssetCode, type Instant, type RequestId } from './ids.ts'
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
  'block',
  'unblock',
  'merge',
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
  /** The floor of the balance after an `open` of it; null for other entries. */
  readonly floor: bigint | null
  /** Whether a charge was allowed to take its account below the floor; false for other entries. */
  readonly overdraft: boolean
  /** The legs of a transfer across assets; null for every other entry, whose postings are sufficient. */
  readonly legs: readonly EntryLeg[] | null
  /** Who gave the command of the entry; null if it was given without a key. */
  readonly by: ShownAuthor | null
  readonly postings: readonly Posting[]
}

/** The accounts that received what a posting's balance lost in its entry, or gave what it gained (counterparties.ts). */
export interface Counterparties {
  /** In the order of the entry; empty if no coins moved to or from another account. */
  readonly counterparties: readonly AccountName[]
  /** Whether the entry may have more of them. */
  readonly moreCounterparties: boolean
}

export const NO_COUNTERPARTIES: Counterparties = { counterparties: [], moreCounterparties: false }

/** The change of what an account has of an asset, available and held. */
export function changeOf({ availableDelta, heldDelta }: Pick<Posting, 'availableDelta' | 'heldDelta'>): bigint {
  return availableDelta + heldDelta
}

/** A line of a statement: a posting with what it changed in total, with whom, and with the memo and metadata of its request. */
export interface StatementLine extends Posting, Counterparties {
  /** availableDelta + heldDelta: what the account received, or with a minus what it cost. 0 if coins were only set aside or returned. */
  readonly change: bigint
  /** available + held after this posting. For a house account, all three are those of the stripe. */
  readonly total: bigint
  /** The hold of the entry; null for entries without a hold. */
  readonly hold: RequestId | null
  readonly memo: string | null
  /** The metadata of the request. For the end of a hold, the metadata of its freeze. */
  readonly metadata: Metadata | null
  /** See `Entry`. */
  readonly by: ShownAuthor | null
}

/** A posting in a store. */
export interface PostingRecord {
  readonly balanceId: number
  readonly version: number
  readonly entryId: string
  /** The number of the request that the entry belongs to: its own, or that of the hold which an end without a step ended. */
  readonly seq: number
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
  /** The number of the hold's request. */
  readonly holdSeq: number
  /** The number of the change, see `HoldChange`. */
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
  /** See `Entry`. */
  readonly by: ShownAuthor | null
  /** The hold as it was after the event. */
  readonly hold: Hold
}

/** An entry in a store. It is the idempotency record of every command that opens no hold, and of every step. */
export interface EntryRecord {
  /** See `Entry.id`. */
  readonly id: string
  /** See `HoldRecord`. */
  readonly seq: number
  readonly kind: Exclude<EntryKind, 'freeze'>
  readonly at: Instant
  readonly fingerprint: number
  readonly memo: string | null
  readonly metadata: Metadata | null
  readonly floor: bigint | null
  readonly overdraft: boolean
  /** The account of an entry without postings: an open without a balance, a block before the first coin. Null for the others. */
  readonly account: AccountName | null
  readonly legs: readonly EntryLeg[] | null
  /** Null for an entry without a hold. */
  readonly step: HoldStep | null
  readonly by: Author | null
  /** The postings in the order in which they were written. A stored row has only their (balance id, version). */
  readonly postings: readonly EntryPosting[]
}

/** A posting of an entry, and its balance. */
export interface EntryPosting {
  readonly balanceId: number
  readonly posting: Posting
}

export function showEntry(record: EntryRecord): Entry {
  const { id, kind, at, memo, metadata, floor, overdraft, legs, step, by, postings } = record
  return {
    id,
    kind,
    hold: step === null ? null : step.hold,
    at,
    memo,
    metadata,
    floor,
    overdraft,
    legs,
    by: showAuthor(by),
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

/** The id of the entry by which the successor of a closed account receives what another entry returned to the account. */
export function forwardOf(entryId: string): string {
  return `${entryId}~merge`
}

/** The request id at the beginning of an entry's id: its own, or the hold's. */
export function requestOfEntry(id: string): RequestId {
  const mark = id.indexOf('~')
  return mark === -1 ? id : id.slice(0, mark)
}

/** Whether the text can be the id of an entry: a request id, or that of a hold with an ending, perhaps that of what followed it. */
export function isEntryId(text: string): boolean {
  return isRequestId(text.replace(/(?:~[a-z]+){1,2}$/, ''))
}

/** @param step the hold if the posting's entry is a step; the other entries of holds contain it in their id */
export function showLine(
  posting: Posting,
  attached: Pick<StatementLine, 'memo' | 'metadata' | 'by' | keyof Counterparties>,
  step: RequestId | null = null,
): StatementLine {
  const { entryId, kind, available, held } = posting
  const { memo, metadata, by, counterparties, moreCounterparties } = attached
  const named = kind === 'freeze' || (kind !== 'merge' && entryId.includes('~')) ? requestOfEntry(entryId) : null
  return {
    ...posting,
    change: changeOf(posting),
    counterparties,
    moreCounterparties,
    total: available + held,
    hold: step ?? named,
    memo,
    metadata,
    by,
  }
}
