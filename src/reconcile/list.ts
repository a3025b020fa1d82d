/** Reads the list of the external system row by row: request ids, states and costs. */
import { CSV_END_MARK } from '../api/end-row.ts'
import { parseInt64 } from '../domain/amount.ts'
import {
  isAccountName,
  isAssetCode,
  isRequestId,
  type AccountName,
  type AssetCode,
  type RequestId,
} from '../domain/ids.ts'
import { delimiterOf, readCsv, type CsvRecord } from './csv.ts'
import type { Delimiter } from './delimiters.ts'
import { EndCheck, type EndRow } from './end-check.ts'
import { ListError } from './list-error.ts'
import { firstLineOf, textOfFile } from './list-text.ts'
import { readNdjson, type JsonRecord } from './ndjson.ts'

/** - `done`: completed, for the amount. - `failed`: not done, and will not be. - `pending`: not known yet. */
export type OtherState = 'done' | 'failed' | 'pending'

export interface ListRow {
  readonly line: number
  readonly requestId: RequestId
  readonly state: OtherState
  /** In minor units; null if the work was not completed. */
  readonly amount: bigint | null
  /** Each is null if the list has no such column. */
  readonly account: AccountName | null
  readonly counterparty: AccountName | null
  readonly asset: AssetCode | null
}

/** A row with an invalid value. */
export interface UnreadableRow {
  readonly line: number
  readonly problem: string
}

export type ListFormat = 'csv' | 'ndjson'

export interface ListShape {
  readonly format: ListFormat
  /** Null: it is found in the header. NDJSON has none. */
  readonly delimiter: Delimiter | null
  readonly idColumn: string
  readonly amountColumn: string
  /** In a list without this column, every row is `done`. */
  readonly statusColumn: string
  readonly isStatusNeeded: boolean
  /** The state of each status word. */
  readonly words: ReadonlyMap<string, OtherState>
  /** Columns to compare, or null. */
  readonly accountColumn: string | null
  readonly counterpartyColumn: string | null
  readonly assetColumn: string | null
}

interface ListRecord {
  readonly line: number
  readonly get: (column: string) => unknown
}

/**
 * Returns the rows in the order of the file, some at a time.
 *
 * @param end checks the end row, which is not returned
 * @throws ListError
 */
export async function* readList(
  path: string,
  shape: ListShape,
  end = new EndCheck(),
): AsyncGenerator<readonly (ListRow | UnreadableRow)[]> {
  const records = shape.format === 'csv' ? csvRecords(path, shape, end) : ndjsonRecords(path, end)
  const rowsOf = (record: ListRecord | UnreadableRow | EndRow): readonly (ListRow | UnreadableRow)[] => {
    if ('count' in record) {
      end.end(record)
      return []
    }
    end.row(record.line)
    return ['problem' in record ? record : rowOf(record, shape, end.isStatement)]
  }
  for await (const some of records) yield some.flatMap(rowsOf)
  end.close()
}

/** A statement has an apostrophe before a text that a spreadsheet could read as a formula. */
const GUARDED = /^'(?=[=+\-@])/

function rowOf({ line, get }: ListRecord, shape: ListShape, isStatement: boolean): ListRow | UnreadableRow {
  const { idColumn, amountColumn, statusColumn, words } = shape
  const textIn = (column: string): unknown => {
    const value = get(column)
    return isStatement && typeof value === 'string' ? value.replace(GUARDED, '') : value
  }
  const requestId = textIn(idColumn)
  if (!isRequestId(requestId)) return { line, problem: `${idColumn} ${shown(requestId)} is not a valid request id` }
  const status = get(statusColumn)
  if (status === undefined && shape.isStatusNeeded) return { line, problem: `${statusColumn} is missing` }
  const state = status === undefined ? 'done' : words.get(textOf(status))
  if (state === undefined)
    return { line, problem: `${statusColumn} ${shown(status)} must be one of ${[...words.keys()].join(', ')}` }
  const names = { account: null as string | null, counterparty: null as string | null, asset: null as string | null }
  for (const [name, column, isName, what] of [
    ['account', shape.accountColumn, isAccountName, 'account name'],
    ['counterparty', shape.counterpartyColumn, isAccountName, 'account name'],
    ['asset', shape.assetColumn, isAssetCode, 'asset code'],
  ] as const) {
    if (column === null) continue
    const value = textIn(column)
    if (!isName(value)) return { line, problem: `${column} ${shown(value)} is not a valid ${what}` }
    names[name] = value
  }
  if (state !== 'done') return { line, requestId, state, amount: null, ...names }
  const amount = parseInt64(get(amountColumn))
  if (amount === null || amount < 0n) {
    return {
      line,
      problem: `${amountColumn} ${shown(get(amountColumn))} must be a whole number of minor units, 0 or more`,
    }
  }
  return { line, requestId, state, amount, ...names }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

const SHOWN_MAX = 80

function shown(value: unknown): string {
  const text = value === undefined ? '(missing)' : JSON.stringify(value)
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text
}

async function* csvRecords(
  path: string,
  shape: ListShape,
  end: EndCheck,
): AsyncGenerator<readonly (ListRecord | EndRow)[]> {
  const { line: first, text } = await firstLineOf(textOfFile(path))
  if (first.trim() === '') throw new ListError('The list is empty. A CSV file must begin with a header row.')
  const delimiter = shape.delimiter ?? delimiterOf(first, columnsOf(shape))
  let head: readonly string[] = []
  let columns: ReadonlyMap<string, number> | null = null
  const recordOf = ({ line, fields }: CsvRecord): ListRecord | EndRow => {
    if (isEndRow(fields)) return { line, count: fields[1], at: fields[2] === '' ? undefined : fields[2] }
    if (fields.length !== head.length) {
      throw new ListError(`Line ${line}: ${fields.length} fields, but the header has ${head.length}.`)
    }
    if (fields.every((field, index) => field === head[index])) {
      throw new ListError(`Line ${line}: the header again. Give one complete file.`)
    }
    const get = (column: string): unknown => {
      const index = columns!.get(column)
      return index === undefined ? undefined : fields[index]
    }
    return { line, get }
  }
  for await (const records of readCsv(text, delimiter)) {
    if (columns !== null) yield records.map(recordOf)
    else {
      head = records[0]!.fields
      columns = headOf(head, shape)
      end.head(new Set(columns.keys()))
      yield records.slice(1).map(recordOf)
    }
  }
}

/** An end row can have any number of columns, so a program that writes one need not know the number of columns. */
function isEndRow([mark, count, _at, ...rest]: readonly string[]): boolean {
  return mark === CSV_END_MARK && count !== undefined && rest.every((field) => field === '')
}

/** The columns that the list must have. */
function columnsOf(shape: ListShape): readonly string[] {
  const { idColumn, amountColumn, statusColumn, isStatusNeeded } = shape
  const compared = [shape.accountColumn, shape.counterpartyColumn, shape.assetColumn]
  const named = compared.filter((column) => column !== null)
  return [idColumn, amountColumn, ...(isStatusNeeded ? [statusColumn] : []), ...named]
}

function headOf(fields: readonly string[], shape: ListShape): ReadonlyMap<string, number> {
  const head = new Map(fields.map((name, index) => [name, index]))
  if (head.size !== fields.length) throw new ListError('Line 1: the header has a duplicate column.')
  for (const name of columnsOf(shape)) {
    if (!head.has(name))
      throw new ListError(`Line 1: there is no column "${name}"; the columns are ${fields.join(', ')}.`)
  }
  return head
}

async function* ndjsonRecords(
  path: string,
  end: EndCheck,
): AsyncGenerator<readonly (ListRecord | UnreadableRow | EndRow)[]> {
  let isFirst = true
  const recordOf = ({ line, fields }: JsonRecord): ListRecord | UnreadableRow | EndRow => {
    if (fields === null) return { line, problem: 'not a JSON object' }
    const names = Object.keys(fields)
    if (isJsonEnd(fields, names)) return { line, count: fields['rows'], at: fields['at'] }
    if (isFirst) end.head(new Set(names))
    isFirst = false
    return { line, get: (column) => (Object.hasOwn(fields, column) ? fields[column] : undefined) }
  }
  for await (const records of readNdjson(textOfFile(path))) yield records.map(recordOf)
}

const END_NAMES = new Set(['end', 'rows', 'at'])

function isJsonEnd(fields: Readonly<Record<string, unknown>>, names: readonly string[]): boolean {
  return fields['end'] === true && Object.hasOwn(fields, 'rows') && names.every((name) => END_NAMES.has(name))
}
