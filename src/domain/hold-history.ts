/**
 * The history of a hold, and the entries without a row of their own: the freeze, and an end that is not a step. Both are derived from
 * the hold's row; steps have rows.
 */
import { kindOfEnd, showHoldAsEnded, showHoldAsFrozen, type HoldRecord } from './hold.ts'
import { endOfHold, type Entry, type EntryRecord, type HoldEvent, type HoldStep, type Posting } from './journal.ts'

/** A posting's key: the balance and its version. */
export type PostingKey = readonly [balanceId: number, version: number]

/** The key of the posting that opened the hold. */
export function openingKeyOf({ balanceId, openedVersion }: HoldRecord): PostingKey {
  return [balanceId, openedVersion]
}

/** The keys of the postings that ended the hold, the holder's first; empty while it is open. */
export function endingKeysOf({ balanceId, end }: HoldRecord): readonly PostingKey[] {
  if (end === null) return []
  const holder: PostingKey = [balanceId, end.version]
  return end.payee === null ? [holder] : [holder, [end.payee.balanceId, end.payee.version]]
}

/** The entry of the freeze, with the metadata of the hold. */
export function openingOf(hold: HoldRecord, postings: readonly Posting[]): Entry {
  const { id, createdAt, metadata } = hold
  return { id, kind: 'freeze', hold: id, at: createdAt, memo: null, metadata, floor: null, legs: null, postings }
}

/** The entry that ended the hold without a step; null while the hold is open. */
export function endingOf(hold: HoldRecord, postings: readonly Posting[]): Entry | null {
  const { id, end } = hold
  if (end === null) return null
  const kind = kindOfEnd(hold)
  const attached = { memo: null, metadata: null, floor: null, legs: null }
  return { id: endOfHold(id, kind), kind, hold: id, at: end.at, ...attached, postings }
}

/** The events that the hold's row shows: the freeze, and the end unless it was a step. No other event can be between them. */
export function eventsOfRow(hold: HoldRecord, isEndStep: boolean): HoldEvent[] {
  const { id, createdAt, end } = hold
  const frozen: HoldEvent = { number: 0, kind: 'freeze', entry: id, at: createdAt, hold: showHoldAsFrozen(hold) }
  if (end === null || isEndStep) return [frozen]
  const kind = kindOfEnd(hold)
  return [frozen, { number: 1, kind, entry: endOfHold(id, kind), at: end.at, hold: showHoldAsEnded(hold) }]
}

/** A step as an event. @param ofRowCount the number of events that the hold's row shows; steps follow them and are numbered from 1 */
export function eventOfStep(
  { id, kind, at }: Pick<EntryRecord, 'id' | 'kind' | 'at'>,
  { number, after }: Pick<HoldStep, 'number' | 'after'>,
  ofRowCount: number,
): HoldEvent {
  return { number: ofRowCount - 1 + number, kind, entry: id, at, hold: after }
}
