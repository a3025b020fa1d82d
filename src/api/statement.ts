/**
 * The export of a statement: CSV for spreadsheets, or NDJSON for programs. Both end with an end row.
 *
 * CSV follows RFC 4180: a header, CRLF after every row, quotes where they are necessary. Amounts are decimal numbers in the decimal places
 * of the asset, for people; NDJSON has minor units, as JSON everywhere. Instants are written as in JSON.
 * A spreadsheet could read a text as a formula if it begins with `=`, `+`, `-`, `@` (or the full-width form of one of these), a tab or
 * a line break; such a text gets an apostrophe before it, and so does a text that begins with an apostrophe. Therefore the text is what
 * remains without one apostrophe at its start. Of the author CSV has the name of the API key. NDJSON has one document per line, the same as the lines of a page, with every value
 * unchanged.
 */
import { decimalText } from '../domain/decimal.ts'
import type { Instant } from '../domain/ids.ts'
import type { StatementLine } from '../domain/journal.ts'
import { guarded, quoted } from './csv-field.ts'
import { csvEndRow, jsonEndRow, type End } from './end-row.ts'
import type { StatementFormat } from './queries.ts'
import { lineToWire, type StatementLineWire } from './posting.ts'

export const STATEMENT_TYPES: Readonly<Record<StatementFormat, string>> = {
  csv: 'text/csv',
  ndjson: 'application/x-ndjson',
}

export const STATEMENT_COLUMNS = [
  'at',
  'kind',
  'change',
  'counterparties',
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
  'by',
] as const satisfies readonly (keyof StatementLineWire)[]

/** The columns with amounts. */
const AMOUNTS: ReadonlySet<string> = new Set(['change', 'availableDelta', 'heldDelta', 'available', 'held', 'total'])

/** The columns with texts of callers. */
const TEXTS: ReadonlySet<string> = new Set(['counterparties', 'entryId', 'hold', 'account', 'memo', 'metadata', 'by'])

/** How a statement is written. */
export interface StatementForm {
  readonly format: StatementFormat
  /** The decimal places of its asset. */
  readonly decimals: number
}

/** The text before the first line. */
export function statementHead(format: StatementFormat): string {
  return format === 'csv' ? `${STATEMENT_COLUMNS.join(',')}\r\n` : ''
}

/** The instant of the end row: what is read from now on is whole up to it. */
export function statementUntil(until: Instant | null | undefined): Instant {
  return Math.min(until ?? Infinity, Date.now())
}

/** Lines as text, each with its line break. */
export function statementText({ format, decimals }: StatementForm, lines: readonly StatementLine[]): string {
  const write = format === 'csv' ? (line: StatementLineWire) => csvRow(line, decimals) : jsonRow
  return lines.map((line) => write(lineToWire(line))).join('')
}

/** The text after the last line. A file without it is truncated. */
export function statementEnd(format: StatementFormat, end: End): string {
  return format === 'csv' ? csvEndRow(end, STATEMENT_COLUMNS.length) : jsonEndRow(end)
}

function jsonRow(line: StatementLineWire): string {
  return `${JSON.stringify(line)}\n`
}

function csvRow(line: StatementLineWire, decimals: number): string {
  const fields = STATEMENT_COLUMNS.map((column) => {
    if (AMOUNTS.has(column)) return decimalText(BigInt(line[column] as string), decimals)
    if (column === 'counterparties') return csvField(column, counterpartiesText(line))
    return csvField(column, column === 'by' ? (line.by?.key ?? null) : line[column])
  })
  return `${fields.join(',')}\r\n`
}

/** The name, if there is one; else a JSON array, which ends with `…` if there are more. */
function counterpartiesText({ counterparties, moreCounterparties }: StatementLineWire): string | null {
  const [only = null] = counterparties
  if (counterparties.length <= 1 && !moreCounterparties) return only
  return JSON.stringify(moreCounterparties ? [...counterparties, '…'] : counterparties)
}

function csvField(column: string, value: StatementLineWire[keyof StatementLineWire]): string {
  if (value === null) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return quoted(TEXTS.has(column) ? guarded(text) : text)
}
