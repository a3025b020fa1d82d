/**
 * Reads delimited text (RFC 4180) record by record. A malformed record is an error with its line, because a truncated or corrupted list
 * must not look like a shorter list.
 */
import { pipeline, Readable } from 'node:stream'
import { CsvError, parse } from 'csv-parse'
import { parse as parseNow } from 'csv-parse/sync'
import { DELIMITERS, type Delimiter } from './delimiters.ts'
import { ListError } from './list-error.ts'

export interface CsvRecord {
  /** The line where the record begins, from 1. */
  readonly line: number
  readonly fields: readonly string[]
}

/** The largest size of a record. */
export const RECORD_BYTES_MAX = 1_048_576
/** Records that are returned together. */
const RECORDS_PER_PIECE = 500

const FORM = {
  // A carriage return alone must not end a record.
  record_delimiter: ['\r\n', '\n'],
  relax_column_count: true,
  skip_empty_lines: true,
  max_record_size: RECORD_BYTES_MAX,
}

/** Returns the records in order, some at a time. @throws ListError */
export async function* readCsv(
  text: AsyncIterable<string>,
  delimiter: Delimiter,
): AsyncGenerator<readonly CsvRecord[]> {
  // The parser reads ahead, and forgets what it has read when it finds an error. Therefore it counts here.
  let next = 1
  const parser = parse({
    ...FORM,
    delimiter: DELIMITERS[delimiter],
    cast: (value, { quoting, lines }) => {
      // The parser takes a carriage return without a line feed as a character. Only quotes can mean that.
      if (!quoting && value.includes('\r')) {
        const line = Math.max(next, lines - lineBreaksIn([value]))
        throw new ListError(`Line ${line}: a carriage return without a line feed.`)
      }
      return value
    },
    on_record: (fields: string[], { lines }): string[] => {
      next = lines + 1
      // The parser knows the line where a record ends. Its types know no other record than an array.
      return { line: lines - lineBreaksIn(fields), fields } satisfies CsvRecord as unknown as string[]
    },
  })
  // The parser gets an error of the source, and the loop throws it.
  pipeline(Readable.from(text), parser, () => undefined)
  let piece: CsvRecord[] = []
  try {
    for await (const record of parser) {
      piece.push(record as CsvRecord)
      if (piece.length < RECORDS_PER_PIECE) continue
      yield piece
      piece = []
    }
  } catch (error) {
    throw error instanceof CsvError ? malformed(error, next) : error
  }
  if (piece.length > 0) yield piece
}

/**
 * The delimiter with which the first line has all of these columns. @throws ListError if there is none, or more than one
 */
export function delimiterOf(head: string, columns: readonly string[]): Delimiter {
  const fitting = (Object.keys(DELIMITERS) as Delimiter[]).filter((delimiter) => {
    const names = new Set(fieldsOf(head.replace(/\r$/, ''), delimiter))
    return columns.every((column) => names.has(column))
  })
  if (fitting.length === 1) return fitting[0]!
  throw new ListError(
    `Line 1: the columns ${columns.join(', ')} must be in the header, separated by commas, semicolons or tabs; ` +
      `the header is ${JSON.stringify(head.slice(0, 200).trimEnd())}.`,
  )
}

function fieldsOf(line: string, delimiter: Delimiter): readonly string[] {
  try {
    const [fields = []] = parseNow(line, { ...FORM, delimiter: DELIMITERS[delimiter] })
    return fields
  } catch {
    return []
  }
}

const LINE_BREAK = /\r\n|\r|\n/g

/** As the parser counts them. */
function lineBreaksIn(fields: readonly string[]): number {
  let count = 0
  for (const field of fields) count += field.match(LINE_BREAK)?.length ?? 0
  return count
}

const MEANINGS: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quoted field that begins in this record is not closed',
  INVALID_OPENING_QUOTE: 'a quote inside a field without quotes',
  CSV_INVALID_CLOSING_QUOTE: 'a character after the closing quote of a field',
  CSV_MAX_RECORD_SIZE: `a record has more than ${RECORD_BYTES_MAX} bytes`,
}

/** @param next the line after the last complete record */
function malformed(error: CsvError, next: number): ListError {
  const { code, lines } = error as CsvError & { readonly lines: number }
  // At the end of the file, the parser has counted the lines of the open field too.
  const line = code === 'CSV_QUOTE_NOT_CLOSED' ? next : lines
  return new ListError(`Line ${line}: ${MEANINGS[code] ?? error.message}.`, { cause: error })
}
