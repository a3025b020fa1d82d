/** Pages of keyset lists, the same for every list. */
import { sql, type RawBuilder } from 'kysely'
import { PAGE_BYTES_MAX } from '../../domain/page.ts'
import type { Page, PageQuery } from '../../engine/reader.ts'
import { decodeCursor, encodeCursor, type CursorKeys, type CursorList } from '../cursor.ts'
import { rowsWithin } from '../page-bytes.ts'

/** @throws CursorError for a cursor that no page of the list gave out */
export function lastKey<List extends CursorList>(list: List, { cursor }: PageQuery): CursorKeys[List] | null {
  return cursor === null ? null : decodeCursor(list, cursor)
}

/**
 * One row more than the page shows whether there is a next page. The limit is written into the statement, because MySQL's prepared
 * statements refuse a LIMIT that is sent as a double.
 */
export function oneMoreThan(limit: number): RawBuilder<number> {
  return sql.lit(limit + 1)
}

/** The order and the limits of a page. */
export interface PageOrder<Item, List extends CursorList> {
  readonly list: List
  readonly limit: number
  readonly keyOf: (row: Item) => CursorKeys[List]
  /** The bytes of a row towards `PAGE_BYTES_MAX`; left out where all rows are small. */
  readonly bytesOf?: (row: Item) => number
  /** The key at which the walk ended before the list did; null when it did not. */
  readonly walkedTo?: CursorKeys[List] | null
}

/** @param rows of the page, and one more when there is a next page */
export function pageOf<Item, List extends CursorList>(
  rows: readonly Item[],
  { list, limit, keyOf, bytesOf, walkedTo = null }: PageOrder<Item, List>,
): Page<Item> {
  const most = rows.slice(0, limit)
  const items = bytesOf === undefined ? most : rowsWithin(most, bytesOf, PAGE_BYTES_MAX)
  const last = items.at(-1)
  if (rows.length > items.length && last !== undefined) return { items, next: encodeCursor(list, keyOf(last)) }
  return { items, next: walkedTo === null ? null : encodeCursor(list, walkedTo) }
}

/** Rows of the first statement of a page, and the largest factor to the rows so far for the next one: rows can be 250 times as large as usual. */
const PORTION_ROWS_FIRST = 64
const PORTION_GROWTH_MAX = 8

/**
 * A page that is read in several statements. Each reads as many rows as still fit, by the size of the rows so far, so that not much more
 * is read than the page can have.
 */
export class PageInProgress<Row> {
  /** The rows of the page, and at least one more when there is a next page. */
  readonly rows: Row[] = []
  readonly #limit: number
  readonly #bytesOf: (row: Row) => number
  #bytes = 0
  #readCount = 0
  #readBytes = 0

  constructor(limit: number, bytesOf: (row: Row) => number) {
    this.#limit = limit
    this.#bytesOf = bytesOf
  }

  get isFull(): boolean {
    return this.rows.length > this.#limit || this.#bytes > PAGE_BYTES_MAX
  }

  /** How many rows to read next, 1 to `most`. */
  portion(most = this.#limit - this.rows.length): number {
    if (this.#readCount === 0) return Math.min(PORTION_ROWS_FIRST, most)
    const fitting = Math.ceil((PAGE_BYTES_MAX * this.#readCount) / this.#readBytes)
    return Math.max(1, Math.min(most, fitting, PORTION_GROWTH_MAX * this.#readCount))
  }

  /** @param read rows of the list, in its order */
  add(read: readonly Row[], isWanted: (row: Row) => boolean = () => true): void {
    for (const row of read) {
      const bytes = this.#bytesOf(row)
      this.#readCount += 1
      this.#readBytes += bytes
      if (!isWanted(row)) continue
      this.rows.push(row)
      this.#bytes += bytes
    }
  }
}
