/**
 * The export of a statement: CSV for spreadsheets, or NDJSON for programs. Both end with an end row.
 *
 * CSV follows RFC 4180: a header, CRLF after every row, quotes where they are necessary. Amounts and instants are written as in JSON.
 * A spreadsheet could read a text as a formula if it begins with `=`, `+`, `-`, `@` (or the full-width form of one of these), a tab or
 * a line break; such a text gets an apostrophe before it. NDJSON has one document per line, the same as the lines of a page, with
 * every value unchanged.
 */
import type { StatementLine } from '../domain/journal.ts'
import { csvEndRow, jsonEndRow } from './end-row.ts'
import type { StatementFormat } from './queries.ts'
import { lineToWire, type StatementLineWire } from './posting.ts'

export const STATEMENT_TYPES: Readonly<Record<StatementFormat, string>> = {
  csv: 'text/csv',
  ndjson: 'application/x-ndjson',
}

export const STATEMENT_COLUMNS = [
  'at',
  'kind',
  'entryId',
  'hold',
  'account',
  'asset',
  'stripe',
  'version',
  'availableDelta',
  'heldDelta',
  'available',
  'held',
  'total',
  'memo',
  'metadata',
] as const satisfies readonly (keyof StatementLineWire)[]

/** The columns with texts of callers. Numbers must stay numbers: `-5` is not a formula. */
const TEXTS: ReadonlySet<string> = new Set(['entryId', 'hold', 'account', 'memo', 'metadata'])

const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/
const NEEDS_QUOTES = /[",\r\n]/

/** The text before the first line. */
export function statementHead(format: StatementFormat): string {
  return format === 'csv' ? `${STATEMENT_COLUMNS.join(',')}\r\n` : ''
}

/** Lines as text, each with its line break. */
export function statementText(format: StatementFormat, lines: readonly StatementLine[]): string {
  const write = format === 'csv' ? csvRow : jsonRow
  return lines.map((line) => write(lineToWire(line))).join('')
}

/** The text after the last line. A file without it is truncated. */
export function statementEnd(format: StatementFormat, linesCount: number): string {
  return format === 'csv' ? csvEndRow(linesCount, STATEMENT_COLUMNS.length) : jsonEndRow(linesCount)
}

function jsonRow(line: StatementLineWire): string {
  return `${JSON.stringify(line)}\n`
}

function csvRow(line: StatementLineWire): string {
  return `${STATEMENT_COLUMNS.map((column) => csvField(column, line[column])).join(',')}\r\n`
}

function csvField(column: string, value: StatementLineWire[keyof StatementLineWire]): string {
  if (value === null) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  const safe = TEXTS.has(column) && FORMULA.test(text) ? `'${text}` : text
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
