/** Converts the texts of a query string to typed values. */
import { LedgerError } from '../api/error.ts'
import { parseJsonText } from '../api/json.ts'

/** The readers of the parameters that are not texts. A value that does not match is left unchanged. */
const READ: Readonly<Record<string, (text: string) => unknown>> = {
  limit: countOf,
  days: countOf,
  rows: countOf,
  at: instantOf,
  from: instantOf,
  since: instantOf,
  until: instantOf,
  metadata: jsonOf,
}

/** In a query string, a number is written with digits and an object as JSON. */
export function typedQuery(query: unknown): Readonly<Record<string, unknown>> {
  const parameters = query as Readonly<Record<string, unknown>>
  const typed: Record<string, unknown> = { ...parameters }
  for (const [name, read] of Object.entries(READ)) {
    const text = parameters[name]
    if (typeof text === 'string') typed[name] = read(text)
  }
  return typed
}

function countOf(text: string): unknown {
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : text
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
