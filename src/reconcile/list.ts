/** Reads the list of the external system row by row: request ids, states and costs. */
import { createReadStream } from 'node:fs'
import { CSV_END_MARK } from '../api/end-row.ts'
import type { LedgerError } from '../api/error.ts'
import { parseJsonText } from '../api/json.ts'
import { parseInt64 } from '../domain/amount.ts'
import { isRequestId, type RequestId } from '../domain/ids.ts'
import { CsvReader } from './csv.ts'
import { EndCheck, type EndRow } from './end-check.ts'
import { ListError } from './list-error.ts'

/** - `done`: completed, for the amount. - `failed`: not done, and will not be. - `pending`: not known yet. */
export type OtherState = 'done' | 'failed' | 'pending'

export interface ListRow {
  readonly line: number
  readonly requestId: RequestId
  readonly state: OtherState
  /** In minor units; null if the work was not completed. */
  readonly amount: bigint | null
}

/** A row with an invalid value. */
export interface UnreadableRow {
  readonly line: number
  readonly problem: string
}

export type ListFormat = 'csv' | 'ndjson'

export interface ListShape {
  readonly format: ListFormat
  readonly idColumn: string
  readonly amountColumn: string
  /** In a list without this column, every row is `done`. */
  readonly statusColumn: string
  readonly isStatusNeeded: boolean
  /** The state of each status word. */
  readonly words: ReadonlyMap<string, OtherState>
}

/** The largest length of a line of NDJSON. */
export const LINE_CHARACTERS_MAX = 1_048_576

interface ListRecord {
  readonly line: number
  readonly get: (column: string) => unknown
}

/**
 * Returns the rows in the order of the file, one piece of the file at a time.
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
    return ['problem' in record ? record : rowOf(record, shape)]
  }
  for await (const some of records) yield some.flatMap(rowsOf)
  end.close()
}

function rowOf({ line, get }: ListRecord, shape: ListShape): ListRow | UnreadableRow {
  const { idColumn, amountColumn, statusColumn, words } = shape
  const requestId = get(idColumn)
  if (!isRequestId(requestId)) return { line, problem: `${idColumn} ${shown(requestId)} is not a valid request id` }
  const status = get(statusColumn)
  if (status === undefined && shape.isStatusNeeded) return { line, problem: `${statusColumn} is missing` }
  const state = status === undefined ? 'done' : words.get(textOf(status))
  if (state === undefined)
    return { line, problem: `${statusColumn} ${shown(status)} must be one of ${[...words.keys()].join(', ')}` }
  if (state !== 'done') return { line, requestId, state, amount: null }
  const amount = parseInt64(get(amountColumn))
  if (amount === null || amount < 0n) {
    return {
      line,
      problem: `${amountColumn} ${shown(get(amountColumn))} must be a whole number of minor units, 0 or more`,
    }
  }
  return { line, requestId, state, amount }
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
  const reader = new CsvReader()
  let head: ReadonlyMap<string, number> | null = null
  const recordsOf = (found: ReturnType<CsvReader['push']>): readonly (ListRecord | EndRow)[] => {
    const [first] = found
    if (first === undefined) return []
    const isHead = head === null
    head ??= headOf(first.fields, shape)
    const columns = head
    if (isHead) end.head(new Set(columns.keys()))
    return (isHead ? found.slice(1) : found).map(({ line, fields }) => {
      if (isEndRow(fields)) return { line, count: fields[1] }
      if (fields.length !== columns.size) {
        throw new ListError(`Line ${line}: ${fields.length} fields, but the header has ${columns.size}.`)
      }
      const get = (column: string): unknown => {
        const index = columns.get(column)
        return index === undefined ? undefined : fields[index]
      }
      return { line, get }
    })
  }
  for await (const piece of textOfFile(path)) yield recordsOf(reader.push(piece))
  yield recordsOf(reader.end())
  if (head === null) throw new ListError('The list is empty. A CSV file must begin with a header row.')
}

/** An end row can have any number of columns, so a program that writes one need not know the number of columns. */
function isEndRow([mark, count, ...rest]: readonly string[]): boolean {
  return mark === CSV_END_MARK && count !== undefined && rest.every((field) => field === '')
}

function headOf(fields: readonly string[], shape: ListShape): ReadonlyMap<string, number> {
  const head = new Map(fields.map((name, index) => [name, index]))
  if (head.size !== fields.length) throw new ListError('Line 1: the header has a duplicate column.')
  const needed = [shape.idColumn, shape.amountColumn, ...(shape.isStatusNeeded ? [shape.statusColumn] : [])]
  for (const name of needed) {
    if (!head.has(name))
      throw new ListError(`Line 1: there is no column "${name}"; the columns are ${fields.join(', ')}.`)
  }
  return head
}

async function* ndjsonRecords(
  path: string,
  end: EndCheck,
): AsyncGenerator<readonly (ListRecord | UnreadableRow | EndRow)[]> {
  let rest = ''
  let line = 0
  const recordOf = (text: string): readonly (ListRecord | UnreadableRow | EndRow)[] => {
    line += 1
    if (text.length > LINE_CHARACTERS_MAX) throw tooLong(line)
    if (text.trim() === '') return []
    return [parseRecord(text, line, end)]
  }
  for await (const piece of textOfFile(path)) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop()!
    yield lines.flatMap(recordOf)
    if (rest.length > LINE_CHARACTERS_MAX) throw tooLong(line + 1)
  }
  yield recordOf(rest)
}

function tooLong(line: number): ListError {
  return new ListError(`Line ${line}: more than ${LINE_CHARACTERS_MAX} characters.`)
}

function parseRecord(text: string, line: number, end: EndCheck): ListRecord | UnreadableRow | EndRow {
  let value: unknown
  try {
    value = parseJsonText(text, 'it')
  } catch (error) {
    // A line with a duplicate name is ambiguous.
    const { pointer, message } = error as LedgerError
    const isJson = pointer !== '' || message.includes('nested')
    throw new ListError(`Line ${line}: ${isJson ? message : 'not JSON. In NDJSON, every line is a JSON object.'}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { line, problem: 'not a JSON object' }
  const fields = value as Readonly<Record<string, unknown>>
  const names = Object.keys(fields)
  if (names.length === 2 && fields['end'] === true && Object.hasOwn(fields, 'rows'))
    return { line, count: fields['rows'] }
  if (line === 1) end.head(new Set(names))
  return { line, get: (column) => (Object.hasOwn(fields, column) ? fields[column] : undefined) }
}

/** UTF-8, with or without a byte order mark. */
async function* textOfFile(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    for await (const bytes of createReadStream(path)) yield decoder.decode(bytes as Buffer, { stream: true })
    yield decoder.decode()
  } catch (error) {
    if (error instanceof TypeError) throw new ListError('The list is not UTF-8.', { cause: error })
    if (error instanceof Error && 'syscall' in error) {
      throw new ListError(`The list cannot be read: ${error.message}`, { cause: error })
    }
    throw error
  }
}
