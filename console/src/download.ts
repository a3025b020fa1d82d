/** Files that the console makes of what it shows. */
import { guarded, quoted } from '../../src/api/csv-field.ts'

const KEPT_MS = 60_000

/** Gives the viewer a file. */
export function download(name: string, type: string, parts: readonly string[]): void {
  const url = URL.createObjectURL(new Blob([...parts], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // Some browsers read it only after a question to the viewer.
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS)
}

/** Rows as CSV, of which texts are guarded against spreadsheets that run formulas; numbers are not texts. */
export function csvOf<Row>(
  columns: readonly (readonly [name: string, value: (row: Row) => string | number | null])[],
  rows: readonly Row[],
): readonly string[] {
  const line = (row: Row): string =>
    columns
      .map(([, value]) => {
        const field = value(row)
        return typeof field === 'string' ? quoted(guarded(field)) : (field ?? '')
      })
      .join(',')
  return [columns.map(([name]) => name).join(','), ...rows.map(line)].map((text) => `${text}\r\n`)
}
