/** Pages of keyset lists, the same for every list. */
import { sql, type RawBuilder } from 'kysely'
import type { Page, PageQuery } from '../../engine/reader.ts'
import { decodeCursor, encodeCursor, type CursorKeys, type CursorList } from '../cursor.ts'

/** @throws RangeError for a cursor that no page of the list gave out */
export function lastKey<List extends CursorList>(list: List, { cursor }: PageQuery): CursorKeys[List] | null {
  return cursor === null ? null : decodeCursor(list, cursor)
}

/**
 * One row more than the page has tells whether there is a next one. It is written into the statement: MySQL's prepared
 * statements refuse a LIMIT that arrives as a double.
 */
export function oneMoreThan(limit: number): RawBuilder<number> {
  return sql.lit(limit + 1)
}

/**
 * @param rows those of the page, and one more when there is a next page
 * @param walkedTo where the walk ended before the list did, if it ended early
 */
export function pageOf<Item, List extends CursorList>(
  rows: readonly Item[],
  limit: number,
  list: List,
  keyOf: (row: Item) => CursorKeys[List],
  walkedTo: CursorKeys[List] | null = null,
): Page<Item> {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  if (rows.length > limit && last !== undefined) return { items, next: encodeCursor(list, keyOf(last)) }
  return { items, next: walkedTo === null ? null : encodeCursor(list, walkedTo) }
}
