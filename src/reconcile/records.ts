/** The records of a list: the rows of a CSV file, or the objects of an NDJSON file. The end row is checked here, and is not one of them. */
import { unguarded } from '../api/csv-field.ts'
import { CSV_END_MARK } from '../api/end-row.ts'
import { delimiterOf, readCsv, type CsvRecord } from './csv.ts'
import type { Delimiter } from './delimiters.ts'
import type { EndCheck, EndRow } from './end-check.ts'
import { ListError } from './list-error.ts'
import { firstLineOf, textOfFile } from './list-text.ts'
import { readNdjson, type JsonRecord } from './ndjson.ts'

export type ListFormat = 'csv' | 'ndjson'

export interface FileShape {
  readonly format: ListFormat
  /** Null: it is found in the header. NDJSON has none. */
  readonly delimiter: Delimiter | null
  /** The columns that a header must have. */
  readonly columns: readonly string[]
}

export interface ListRecord {
  readonly line: number
  readonly get: (column: string) => unknown
}

/** A row with an invalid value. */
export interface UnreadableRow {
  readonly line: number
  readonly problem: string
}

/**
 * Returns the records in the order of the file, some at a time.
 *
 * @param end checks the end row
 * @throws ListError
 */
export async function* readRecords(
  path: string,
  shape: FileShape,
  end: EndCheck,
): AsyncGenerator<readonly (ListRecord | UnreadableRow)[]> {
  const records = shape.format === 'csv' ? csvRecords(path, shape, end) : ndjsonRecords(path, end)
  for await (const some of records) {
    const rows: (ListRecord | UnreadableRow)[] = []
    for (const record of some) {
      if ('count' in record) end.end(record)
      else {
        end.row(record.line)
        rows.push(record)
      }
    }
    yield rows
  }
  end.close()
}

/** The value of a column that is a name or an id. */
export function nameIn(value: unknown, isStatement: boolean): unknown {
  return isStatement && typeof value === 'string' ? unguarded(value) : value
}

/** As a word of the command line is compared with it. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

const SHOWN_MAX = 80

/** As a message shows it. */
export function shown(value: unknown): string {
  const text = value === undefined ? '(missing)' : JSON.stringify(value)
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text
}

async function* csvRecords(
  path: string,
  shape: FileShape,
  end: EndCheck,
): AsyncGenerator<readonly (ListRecord | EndRow)[]> {
  const { line: first, text } = await firstLineOf(textOfFile(path))
  if (first.trim() === '') throw new ListError('The list is empty. A CSV file must begin with a header row.')
  const delimiter = shape.delimiter ?? delimiterOf(first, shape.columns)
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

function headOf(fields: readonly string[], { columns }: FileShape): ReadonlyMap<string, number> {
  const head = new Map(fields.map((name, index) => [name, index]))
  if (head.size !== fields.length) throw new ListError('Line 1: the header has a duplicate column.')
  for (const name of columns) {
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
