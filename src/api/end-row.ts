/**
 * The end row: the last row of a file, with the number of rows before it. A file without it is truncated.
 *
 * HTTP alone does not show this: an HTTP/1.0 response ends with its connection, so a truncated response looks complete to the client
 * and to every proxy.
 */

/** The first field of the end row of a CSV file. The second field is the count. */
export const CSV_END_MARK = '#end'

/** Has as many columns as the other rows, because strict CSV readers require that. */
export function csvEndRow(rowsCount: number, columnsCount: number): string {
  return `${CSV_END_MARK},${rowsCount}${','.repeat(columnsCount - 2)}\r\n`
}

/** The end row of an NDJSON file. */
export interface JsonEndRow {
  readonly end: true
  readonly rows: number
}

export function jsonEndRow(rowsCount: number): string {
  const row: JsonEndRow = { end: true, rows: rowsCount }
  return `${JSON.stringify(row)}\n`
}
