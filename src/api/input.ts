/**
 * Readers for unchecked input. Each function returns the value or throws `invalid_request` with a JSON pointer.
 *
 * fields.ts has the fields of commands, with their schemas.
 */
import { INSTANT_MAX, type Instant } from '../domain/ids.ts'
import {
  METADATA_KEY_LENGTH_MAX,
  METADATA_KEYS_MAX,
  METADATA_VALUE_LENGTH_MAX,
  type Metadata,
} from '../domain/metadata.ts'
import { LedgerError } from './error.ts'

/** An object with checked names and unchecked values. */
export type Fields = Readonly<Record<string, unknown>>

/** Reads an object that has only `known` fields. */
export function fieldsIn(value: unknown, known: ReadonlySet<string>, pointer = ''): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw LedgerError.invalid(pointer, `${pointer === '' ? 'The input' : pointer.slice(1)} must be an object.`)
  }
  for (const name in value) {
    if (!known.has(name) && Object.hasOwn(value, name)) {
      throw LedgerError.invalid(`${pointer}/${escapePointer(name)}`, unknownField(name, known))
    }
  }
  return value as Fields
}

/** Escapes one segment of a JSON pointer (RFC 6901). */
export function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

export const ACCOUNT_RULE = '1 to 128 printable ASCII characters, no space first or last, not . or ..'
export const ASSET_RULE = '1 to 16 characters of a-z 0-9 _, beginning with a letter'
export const REQUEST_ID_RULE = '1 to 128 characters of A-Z a-z 0-9 : _ . / @ + = -'

/** The rule for a whole number in error messages. */
export function wholeNumber(least: bigint, most: bigint): string {
  return `a whole number from ${least} to ${most}, as a decimal string or a safe integer`
}

export function durationMsIn(value: unknown, pointer: string): number | null {
  if (value === undefined) return null
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0 && value <= INSTANT_MAX) return value
  throw refuse(value, pointer, `a whole number of milliseconds from 1 to ${INSTANT_MAX}`)
}

const ISO_8601 = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/

/** An instant as milliseconds since 1970, or as an ISO 8601 string with an offset. Digits below a millisecond are truncated. */
export function instantIn(value: unknown, pointer: string): Instant | null {
  if (value === undefined) return null
  const instant = typeof value === 'string' ? parseInstant(value) : value
  if (typeof instant === 'number' && Number.isSafeInteger(instant) && instant > 0 && instant <= INSTANT_MAX)
    return instant
  throw refuse(
    value,
    pointer,
    'an instant up to the year 9999, such as 2030-01-31T12:00:00.000Z or milliseconds since 1970',
  )
}

function parseInstant(text: string): number {
  const parts = ISO_8601.exec(text)
  if (parts === null) return Number.NaN
  const [, year, month, day] = parts
  // Date.parse accepts February 30 as March 2.
  const daysOfMonth = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()
  return Number(day) <= daysOfMonth ? Date.parse(text) : Number.NaN
}

/** Text that every database stores unchanged: complete Unicode characters without U+0000. Lengths count characters. */
export function textIn(value: unknown, pointer: string, lengthMin: number, lengthMax: number): string {
  if (typeof value === 'string' && value.length >= lengthMin && fits(value, lengthMax) && isStorable(value))
    return value
  throw refuse(value, pointer, `text of ${lengthMin} to ${lengthMax} characters without U+0000`)
}

function fits(text: string, lengthMax: number): boolean {
  if (text.length <= lengthMax) return true
  // A surrogate pair counts as one character, so a text of up to twice the length can be short enough.
  return text.length <= 2 * lengthMax && [...text].length <= lengthMax
}

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}

/** Reads one of several words. */
export function wordIn<Word extends string>(value: unknown, pointer: string, words: readonly Word[]): Word {
  if ((words as readonly unknown[]).includes(value)) return value as Word
  throw refuse(value, pointer, `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`)
}

/** Returns a copy, so that later changes of the caller's object do not affect the ledger. */
export function metadataIn(value: unknown, pointer: string): Metadata | null {
  if (value === undefined) return null
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse(value, pointer, 'an object')
  const metadata: Record<string, string | number | boolean | null> = {}
  let keysLeft = METADATA_KEYS_MAX
  for (const [key, item] of Object.entries(value)) {
    const at = `${pointer}/${escapePointer(key)}`
    // An assignment to `__proto__` would change the prototype of the copy instead of adding a key.
    if (key === '' || key === '__proto__' || !fits(key, METADATA_KEY_LENGTH_MAX) || !isStorable(key)) {
      throw LedgerError.invalid(
        at,
        `A key of metadata has 1 to ${METADATA_KEY_LENGTH_MAX} characters and is not __proto__.`,
      )
    }
    if (keysLeft-- === 0) throw LedgerError.invalid(pointer, `Metadata has at most ${METADATA_KEYS_MAX} keys.`)
    metadata[key] = scalarIn(item, at)
  }
  return metadata
}

function scalarIn(value: unknown, pointer: string): string | number | boolean | null {
  if (value === null || typeof value === 'boolean') return value
  if (typeof value === 'string') return textIn(value, pointer, 0, METADATA_VALUE_LENGTH_MAX)
  // Outside the safe integers, JSON.parse has already lost digits.
  if (typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER) return value
  throw refuse(value, pointer, 'a string, a boolean, null, or a number of at most 9007199254740991')
}

/** The error for an invalid field, with the rule that it violates. */
export function refuse(value: unknown, pointer: string, rule: string): LedgerError {
  const name = pointer.slice(pointer.lastIndexOf('/') + 1)
  return LedgerError.invalid(pointer, `${name} must be ${rule}${value === undefined ? '; it is missing' : ''}.`)
}

function unknownField(name: string, known: ReadonlySet<string>): string {
  const names = known.size === 0 ? 'none' : [...known].join(', ')
  return `Unknown field ${JSON.stringify(name.slice(0, 64))}; the fields are: ${names}.`
}
