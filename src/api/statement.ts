/**
 * A statement as a file: CSV for spreadsheets, or NDJSON for programs.
 *
 * CSV is that of RFC 4180: a head, CRLF behind every row, fields in quotes where they have to be. Amounts and instants are as
 * in JSON. In the columns of text a value that a spreadsheet could take for a formula (it begins with `=`, `+`, `-`, `@`, a tab or
 * the end of a line, or with the wide forms of the four signs) has an apostrophe put before it. NDJSON has every value as it
 * is, one document per line, the same as the lines of a page. Both end with an end row.
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

/** Those that a caller wrote. Numbers must stay numbers: `-5` is no formula. */
const TEXTS: ReadonlySet<string> = new Set(['entryId', 'hold', 'account', 'memo', 'metadata'])

const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/
const NEEDS_QUOTES = /[",\r\n]/

/** What comes before the first line. */
export function statementHead(format: StatementFormat): string {
  return format === 'csv' ? `${STATEMENT_COLUMNS.join(',')}\r\n` : ''
}

/** Lines as text, each with its end. */
export function statementText(format: StatementFormat, lines: readonly StatementLine[]): string {
  const write = format === 'csv' ? csvRow : jsonRow
  return lines.map((line) => write(lineToWire(line))).join('')
}

/** What comes after the last line. Without it a file is not whole. */
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
