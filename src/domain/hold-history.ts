/**
 * The history of a hold, and the entries without a request of their own: the freeze, and an end that is not a step. Both belong to the
 * hold's request; steps have requests of their own.
 */
import { showAuthor } from './by.ts'
import { isCharge, kindOfEnd, showHold, showHoldAsFrozen, type HoldRecord } from './hold-record.ts'
import { endOfHold, type Entry, type EntryRecord, type HoldEvent, type Posting } from './journal.ts'

/** A posting's key: the balance and its version. */
export type PostingKey = readonly [balanceId: number, version: number]

/** The key of the posting that opened the hold. */
export function openingKeyOf({ balanceId, openedVersion }: HoldRecord): PostingKey {
  return [balanceId, openedVersion]
}

/** The keys of the postings that ended the hold, the holder's first; empty while it is open, and for a charge. */
export function endingKeysOf({ balanceId, end }: HoldRecord): readonly PostingKey[] {
  if (end === null || isCharge({ end })) return []
  const holder: PostingKey = [balanceId, end.version]
  return end.payee === null ? [holder] : [holder, [end.payee.balanceId, end.payee.version]]
}

/** The entry of the freeze, with the metadata of the hold. */
export function openingOf(hold: HoldRecord, postings: readonly Posting[]): Entry {
  const { id, createdAt, metadata, by } = hold
  return {
    id,
    kind: 'freeze',
    hold: id,
    at: createdAt,
    memo: null,
    metadata,
    floor: null,
    overdraft: false,
    legs: null,
    by: showAuthor(by),
    postings,
  }
}

/** The entry that ended the hold without a step; null while the hold is open, and for a charge, which has no end of its own. */
export function endingOf(hold: HoldRecord, postings: readonly Posting[]): Entry | null {
  const { id, end } = hold
  if (end === null || isCharge(hold)) return null
  const kind = kindOfEnd(hold)
  const attached = { memo: null, metadata: null, floor: null, overdraft: false, legs: null }
  return { id: endOfHold(id, kind), kind, hold: id, at: end.at, ...attached, by: showAuthor(end.by), postings }
}

/** The freeze, or the charge, as an event. */
export function frozenEvent(hold: HoldRecord): HoldEvent {
  return {
    number: 0,
    kind: isCharge(hold) ? 'charge' : 'freeze',
    entry: hold.id,
    at: hold.createdAt,
    by: showAuthor(hold.by),
    hold: showHoldAsFrozen(hold),
  }
}

/** A change of a hold as an event. @param step its entry; null for an end that is no step */
export function eventOfChange(
  after: HoldRecord,
  step: Pick<EntryRecord, 'id' | 'kind' | 'at' | 'by'> | null,
): HoldEvent {
  const hold = showHold(after)
  const number = after.changes
  if (step !== null) return { number, kind: step.kind, entry: step.id, at: step.at, by: showAuthor(step.by), hold }
  const kind = kindOfEnd(after)
  const { at, by } = after.end!
  return { number, kind, entry: endOfHold(after.id, kind), at, by: showAuthor(by), hold }
}
