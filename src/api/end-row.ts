/**
 * The end row: the last row of a file, with the number of rows before it and the instant up to which the file has everything. A file
 * without it is truncated.
 *
 * HTTP alone does not show this: an HTTP/1.0 response ends with its connection, so a truncated response looks complete to the client
 * and to every proxy.
 */

import type { Instant } from '../domain/ids.ts'
import { instantToWire } from './instants.ts'

export interface End {
  readonly rowsCount: number
  /** When the file was begun, or where its period ends, whichever is earlier. */
  readonly at: Instant
}

/** The first field of the end row of a CSV file. The second field is the count, the third the instant. */
export const CSV_END_MARK = '#end'

/** Has as many columns as the other rows, because strict CSV readers require that. */
export function csvEndRow({ rowsCount, at }: End, columnsCount: number): string {
  return `${CSV_END_MARK},${rowsCount},${instantToWire(at)}${','.repeat(columnsCount - 3)}\r\n`
}

/** The end row of an NDJSON file. */
export interface JsonEndRow {
  readonly end: true
  readonly rows: number
  readonly at: string
}

export function jsonEndRow({ rowsCount, at }: End): string {
  const row: JsonEndRow = { end: true, rows: rowsCount, at: instantToWire(at) }
  return `${JSON.stringify(row)}\n`
}
