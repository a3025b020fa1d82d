/**
 * How large a page gets. Memos and metadata are up to their callers: a thousand rows of the largest would be a hundred megabytes.
 */
import type { Attached } from './attached.ts'

/** Of a row's JSON without memo and metadata; names as long as they may be make it up to twice that. */
const ROW_BYTES = 400

/** About as many bytes as the row takes as JSON. */
export function rowBytes({ memo = null, metadata }: Partial<Attached> & Pick<Attached, 'metadata'>): number {
  const attached = metadata === null && memo === null ? 0 : Buffer.byteLength(JSON.stringify([memo, metadata]))
  return ROW_BYTES + attached
}

/** As many of the first rows as `bytesMax` takes, and one at least. */
export function rowsWithin<Row>(rows: readonly Row[], bytesOf: (row: Row) => number, bytesMax: number): readonly Row[] {
  let bytes = 0
  const end = rows.findIndex((row, index) => (bytes += bytesOf(row)) > bytesMax && index > 0)
  return end < 0 ? rows : rows.slice(0, end)
}
