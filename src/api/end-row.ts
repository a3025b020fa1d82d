/**
 * The end row: the last row of a file, which counts the rows before it. A file that lacks it was cut, whatever carried it: a
 * response of HTTP/1.0 ends with its connection, so a cut one looks whole to its client and to every proxy on the way.
 */

/** The first field of the end row of a CSV file, whose second field is the count. */
export const CSV_END_MARK = '#end'

/** As wide as the other rows, because strict readers of CSV want that. */
export function csvEndRow(rowsCount: number, columnsCount: number): string {
  return `${CSV_END_MARK},${rowsCount}${','.repeat(columnsCount - 2)}\r\n`
}

/** Of NDJSON. */
export interface JsonEndRow {
  readonly end: true
  readonly rows: number
}

export function jsonEndRow(rowsCount: number): string {
  const row: JsonEndRow = { end: true, rows: rowsCount }
  return `${JSON.stringify(row)}\n`
}
