/** Pages of the memory store: all rows of a list, in its order, from after a key. */
import { PAGE_BYTES_MAX } from '../../domain/page.ts'
import type { Page, PageQuery } from '../../engine/reader.ts'
import { decodeCursor, encodeCursor, type CursorKeys, type CursorList } from '../cursor.ts'
import { rowsWithin } from '../page-bytes.ts'

interface PageOrder<Row, Key> {
  readonly key: (row: Row) => Key
  /** Whether the row comes after the one with this key. */
  readonly isAfter: (row: Row, key: Key) => boolean
  /** The bytes of a row towards `PAGE_BYTES_MAX`; left out where all rows are small. */
  readonly bytesOf?: (row: Row) => number
}

/** @param rows all of the list, in its order. */
export function pageOf<Row, List extends CursorList>(
  rows: readonly Row[],
  { limit, cursor }: PageQuery,
  list: List,
  { key, isAfter, bytesOf = () => 0 }: PageOrder<Row, CursorKeys[List]>,
): Page<Row> {
  const last = cursor === null ? null : decodeCursor(list, cursor)
  const rest = last === null ? rows : rows.filter((row) => isAfter(row, last))
  const items = rowsWithin(rest.slice(0, limit), bytesOf, PAGE_BYTES_MAX)
  const lastItem = items.at(-1)
  return {
    items,
    next: rest.length > items.length && lastItem !== undefined ? encodeCursor(list, key(lastItem)) : null,
  }
}

export function compareKeys(left: readonly (number | string)[], right: readonly (number | string)[]): number {
  for (const [index, part] of left.entries()) {
    const order = compare(part, right[index]!)
    if (order !== 0) return order
  }
  return 0
}

/** By code unit, as a binary collation orders ASCII. */
export function compare(left: number | string, right: number | string): number {
  if (left === right) return 0
  return left < right ? -1 : 1
}
