/**
 * The size of a page. Callers choose memos and metadata: a thousand rows with the largest ones would be a hundred megabytes.
 */
import type { Counterparties, Entry, StatementLine } from '../domain/journal.ts'
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

/** Bytes of an author's JSON without the name of the key. */
const AUTHOR_BYTES = 120

/** As `rowBytes`, of a line with its author. */
export function lineBytes(line: Pick<StatementLine, 'by' | 'memo' | 'metadata' | 'counterparties'>): number {
  return rowBytes(line) + authorBytes(line)
}

function authorBytes({ by }: Pick<StatementLine, 'by'>): number {
  return by === null ? 0 : AUTHOR_BYTES + Buffer.byteLength(by.key)
}

/** Bytes of a posting's or a leg's JSON; with the longest names it is up to twice that. */
const POSTING_BYTES = 250

/** As `rowBytes`, of an entry with its postings and its author. */
export function entryBytes(entry: Entry): number {
  return rowBytes(entry) + authorBytes(entry) + POSTING_BYTES * (entry.postings.length + (entry.legs?.length ?? 0))
}

/** The first rows that fit into `bytesMax`, at least one. */
export function rowsWithin<Row>(rows: readonly Row[], bytesOf: (row: Row) => number, bytesMax: number): readonly Row[] {
  let bytes = 0
  const end = rows.findIndex((row, index) => (bytes += bytesOf(row)) > bytesMax && index > 0)
  return end < 0 ? rows : rows.slice(0, end)
}
