/**
 * The size of a page. Callers choose memos and metadata: a thousand rows with the largest ones would be a hundred megabytes.
 */
import type { Counterparties, Entry } from '../domain/journal.ts'
import type { Attached } from './attached.ts'

/** Bytes of a row's JSON without memo and metadata; with the longest names it is up to twice that. */
const ROW_BYTES = 400

/** About the number of bytes of the row as JSON. */
export function rowBytes({
  memo = null,
  metadata,
  counterparties = [],
}: Partial<Attached & Counterparties> & Pick<Attached, 'metadata'>): number {
  const attached = metadata === null && memo === null ? 0 : Buffer.byteLength(JSON.stringify([memo, metadata]))
  return counterparties.reduce((bytes, name) => bytes + name.length, ROW_BYTES + attached)
}

/** Bytes of a posting's or a leg's JSON; with the longest names it is up to twice that. */
const POSTING_BYTES = 250

/** As `rowBytes`, of an entry with its postings. */
export function entryBytes(entry: Entry): number {
  return rowBytes(entry) + POSTING_BYTES * (entry.postings.length + (entry.legs?.length ?? 0))
}

/** The first rows that fit into `bytesMax`, at least one. */
export function rowsWithin<Row>(rows: readonly Row[], bytesOf: (row: Row) => number, bytesMax: number): readonly Row[] {
  let bytes = 0
  const end = rows.findIndex((row, index) => (bytes += bytesOf(row)) > bytesMax && index > 0)
  return end < 0 ? rows : rows.slice(0, end)
}
