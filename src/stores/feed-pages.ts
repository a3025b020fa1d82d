/** Pages of the feed, the same for every store. */
import type { EntryPlace } from '../domain/changes.ts'
import type { Entry } from '../domain/journal.ts'
import { PAGE_BYTES_MAX } from '../domain/page.ts'
import { FeedCursorError, type FeedPage, type FeedQuery } from '../engine/reader.ts'
import { decodeCursor, encodeCursor, type CursorKeys } from './cursor.ts'
import { entryBytes, rowsWithin } from './page-bytes.ts'

/** The entries of a commit, at its position from 1 on. */
export interface FedCommit {
  readonly position: number
  readonly entries: readonly EntryPlace[]
}

/** The key of a place in the feed: behind this many entries of the commit at the position. */
export type FeedKey = CursorKeys['feed']

const FEED_BEGINNING: FeedKey = [0, 0, 0]

/** Where a page begins; null: at the end. */
export function feedKeyOf({ cursor, start }: FeedQuery): FeedKey | null {
  if (cursor !== null) return decodeCursor('feed', cursor)
  return start === 'beginning' ? FEED_BEGINNING : null
}

/** The key behind all entries of a commit. @param last of the feed; undefined when it is empty */
export function keyBehind(last: FedCommit | undefined): FeedKey {
  return last === undefined ? FEED_BEGINNING : [last.position, last.entries.length, last.entries.at(-1)!.seq]
}

/** An entry's place, with the key behind it. */
export interface FedPlace extends EntryPlace {
  readonly key: FeedKey
}

/**
 * The places after a key.
 *
 * @param commits from the key's position on
 * @throws FeedCursorError unless the entry before the key is the one that it was
 */
export function placesAfter([position, count, seq]: FeedKey, commits: readonly FedCommit[]): readonly FedPlace[] {
  if (position > 0) {
    const own = commits[0]
    if (own?.position !== position || own.entries[count - 1]?.seq !== seq) throw new FeedCursorError()
  }
  return commits.flatMap((commit) => {
    const skipped = commit.position === position ? count : 0
    return commit.entries
      .slice(skipped)
      .map((place, index) => ({ ...place, key: [commit.position, skipped + index + 1, place.seq] as const }))
  })
}

/** @param entries at these places. @param rest whether there is more than the places */
export function feedPageOf(
  begin: FeedKey,
  { places, entries, rest }: { places: readonly FedPlace[]; entries: readonly Entry[]; rest: boolean },
): FeedPage {
  const items = rowsWithin(entries, entryBytes, PAGE_BYTES_MAX)
  const next = items.length === 0 ? begin : places[items.length - 1]!.key
  return { items, next: encodeCursor('feed', next), more: rest || items.length < places.length }
}
