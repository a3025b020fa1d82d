/** Query strings, in which everything is text. */
import { LedgerError } from '../api/error.ts'
import { parseJsonText } from '../api/json.ts'

/** What each parameter that is no text looks like in a query string, and how it is read. What does not fit stays as it is. */
const READ: Readonly<Record<string, (text: string) => unknown>> = {
  limit: (text) => (/^[0-9]{1,9}$/.test(text) ? Number(text) : text),
  at: instantOf,
  from: instantOf,
  until: instantOf,
  metadata: jsonOf,
}

/** A query string can only carry the digits of a number and the JSON of an object. */
export function typedQuery(query: unknown): Readonly<Record<string, unknown>> {
  const parameters = query as Readonly<Record<string, unknown>>
  const typed: Record<string, unknown> = { ...parameters }
  for (const [name, read] of Object.entries(READ)) {
    const text = parameters[name]
    if (typeof text === 'string') typed[name] = read(text)
  }
  return typed
}

function instantOf(text: string): unknown {
  return /^[0-9]{1,16}$/.test(text) ? Number(text) : text
}

function jsonOf(text: string): unknown {
  try {
    return parseJsonText(text, 'metadata')
  } catch (error) {
    throw LedgerError.invalidParameter('metadata', error instanceof Error ? error.message : String(error))
  }
}
