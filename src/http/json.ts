/** Reads a body: JSON in UTF-8 without duplicate names. */
import { isUtf8 } from 'node:buffer'
import { LedgerError } from '../api/error.ts'
import { parseJsonText } from '../api/json.ts'

export function parseJson(body: Buffer): unknown {
  if (!isUtf8(body)) throw LedgerError.invalid('', 'The body is not UTF-8.')
  return parseJsonText(body.toString('utf8'), 'The body')
}
