/**
 * The size of a page. Callers choose memos and metadata: a thousand rows with the largest ones would be a hundred megabytes.
 */
import type { Attached } from './attached.ts'

/** Bytes of a row's JSON without memo and metadata; with the longest names it is up to twice that. */
const ROW_BYTES = 400

/** About the number of bytes of the row as JSON. */
export function rowBytes({ memo = null, metadata }: Partial<Attached> & Pick<Attached, 'metadata'>): number {
  const attached = metadata === null && memo === null ? 0 : Buffer.byteLength(JSON.stringify([memo, metadata]))
  return ROW_BYTES + attached
}

/** The first rows that fit into `bytesMax`, at least one. */
export function rowsWithin<Row>(rows: readonly Row[], bytesOf: (row: Row) => number, bytesMax: number): readonly Row[] {
  let bytes = 0
  const end = rows.findIndex((row, index) => (bytes += bytesOf(row)) > bytesMax && index > 0)
  return end < 0 ? rows : rows.slice(0, end)
}
