/** Postings as rows of `postings`. */
import type { EntryKind, Posting, PostingRecord } from '../../domain/journal.ts'
import { rowKind } from './row-kind.ts'
import { big, whole, type Row } from './values.ts'

export function postingRow(posting: PostingRecord) {
  return {
    balance_id: posting.balanceId,
    version: posting.version,
    entry_id: posting.entryId,
    kind: posting.kind,
    available_delta: posting.availableDelta,
    held_delta: posting.heldDelta,
    available: posting.available,
    held: posting.held,
    at: posting.at,
  }
}

/** @param row joined with its balance's `account`, `asset` and `stripe` */
export function postingOf(row: Row): Posting {
  return {
    entryId: row['entry_id'] as string,
    kind: row['kind'] as EntryKind,
    account: row['account'] as string,
    asset: row['asset'] as string,
    stripe: whole(row['stripe']),
    version: whole(row['version']),
    availableDelta: big(row['available_delta']),
    heldDelta: big(row['held_delta']),
    available: big(row['available']),
    held: big(row['held']),
    at: whole(row['at']),
  }
}

export const POSTING = rowKind('postings', postingRow, {
  balanceId: 1,
  version: 2,
  entryId: 'e',
  kind: 'transfer',
  availableDelta: 3n,
  heldDelta: 4n,
  available: 5n,
  held: 6n,
  at: 7,
})
