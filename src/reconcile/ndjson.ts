/** Reads lines of JSON objects. */
import type { LedgerError } from '../api/error.ts'
import { parseJsonText } from '../api/json.ts'
import { ListError } from './list-error.ts'

export interface JsonRecord {
  readonly line: number
  /** Null if the line is JSON, but not an object. */
  readonly fields: Readonly<Record<string, unknown>> | null
}

/** The largest length of a line. */
export const LINE_CHARACTERS_MAX = 1_048_576

/** Returns the objects in order, those of one piece of the file at a time. Blank lines are ignored. @throws ListError */
export async function* readNdjson(text: AsyncIterable<string>): AsyncGenerator<readonly JsonRecord[]> {
  let rest = ''
  let line = 0
  const recordsOf = (content: string): readonly JsonRecord[] => {
    line += 1
    if (content.length > LINE_CHARACTERS_MAX) throw tooLong(line)
    return content.trim() === '' ? [] : [{ line, fields: parseObject(content, line) }]
  }
  for await (const piece of text) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop()!
    yield lines.flatMap(recordsOf)
    if (rest.length > LINE_CHARACTERS_MAX) throw tooLong(line + 1)
  }
  yield recordsOf(rest)
}

function tooLong(line: number): ListError {
  return new ListError(`Line ${line}: more than ${LINE_CHARACTERS_MAX} characters.`)
}

function parseObject(text: string, line: number): JsonRecord['fields'] {
  try {
    const value: unknown = parseJsonText(text, 'it')
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
    return value as Readonly<Record<string, unknown>>
  } catch (error) {
    // A line with a duplicate name is ambiguous.
    const { pointer, message } = error as LedgerError
    const isJson = pointer !== '' || message.includes('nested')
    throw new ListError(`Line ${line}: ${isJson ? message : 'not JSON. In NDJSON, every line is a JSON object.'}`)
  }
}
