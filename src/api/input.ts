/**
 * Reading input that nobody has checked. Each function gives the value or throws `invalid_request` with a JSON pointer.
 *
 * fields.ts has the fields of commands, each with its schema.
 */
import { INSTANT_MAX, type Instant } from '../domain/ids.ts'
import {
  METADATA_KEY_LENGTH_MAX,
  METADATA_KEYS_MAX,
  METADATA_VALUE_LENGTH_MAX,
  type Metadata,
} from '../domain/metadata.ts'
import { LedgerError } from './error.ts'

/** An object of unknown values whose names have been checked. */
export type Fields = Readonly<Record<string, unknown>>

/** `value` as an object that has no field but the `known` ones. */
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

/** One step of a JSON pointer (RFC 6901). */
export function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

export const ACCOUNT_RULE = '1 to 64 characters of A-Z a-z 0-9 : _ . / @ -'
export const ASSET_RULE = '1 to 16 characters of a-z 0-9 _, a letter first'
export const REQUEST_ID_RULE = '1 to 128 characters of A-Z a-z 0-9 : _ . / @ + = -'

/** What a message says of a whole number. */
export function wholeNumber(least: bigint, most: bigint): string {
  return `a whole number from ${least} to ${most}, as a decimal string or a safe integer`
}

export function durationMsIn(value: unknown, pointer: string): number | null {
  if (value === undefined) return null
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0 && value <= INSTANT_MAX) return value
  throw refuse(value, pointer, `a whole number of milliseconds, 1 to ${INSTANT_MAX}`)
}

const ISO_8601 = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/

/** An instant as milliseconds since 1970, or as an ISO 8601 string with its offset; digits below a millisecond are cut. */
export function instantIn(value: unknown, pointer: string): Instant | null {
  if (value === undefined) return null
  const instant = typeof value === 'string' ? parseInstant(value) : value
  if (typeof instant === 'number' && Number.isSafeInteger(instant) && instant > 0 && instant <= INSTANT_MAX)
    return instant
  throw refuse(
    value,
    pointer,
    'an instant such as 2030-01-31T12:00:00.000Z, or milliseconds since 1970, up to the year 9999',
  )
}

function parseInstant(text: string): number {
  const parts = ISO_8601.exec(text)
  if (parts === null) return Number.NaN
  const [, year, month, day] = parts
  // Date.parse takes February 30 for March 2.
  const daysOfMonth = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()
  return Number(day) <= daysOfMonth ? Date.parse(text) : Number.NaN
}

/** Text that every database keeps as it is: whole Unicode characters, and no U+0000. Lengths count characters. */
export function textIn(value: unknown, pointer: string, lengthMin: number, lengthMax: number): string {
  if (typeof value === 'string' && value.length >= lengthMin && fits(value, lengthMax) && isStorable(value))
    return value
  throw refuse(value, pointer, `text of ${lengthMin} to ${lengthMax} characters without U+0000`)
}

function fits(text: string, lengthMax: number): boolean {
  if (text.length <= lengthMax) return true
  // Only a text of up to twice the length can still be short enough when its surrogate pairs count once.
  return text.length <= 2 * lengthMax && [...text].length <= lengthMax
}

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}

/** One of a few words. */
export function wordIn<Word extends string>(value: unknown, pointer: string, words: readonly Word[]): Word {
  if ((words as readonly unknown[]).includes(value)) return value as Word
  throw refuse(value, pointer, `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`)
}

/** A copy, so that what the caller does with the object later does not reach the ledger. */
export function metadataIn(value: unknown, pointer: string): Metadata | null {
  if (value === undefined) return null
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse(value, pointer, 'an object')
  const metadata: Record<string, string | number | boolean | null> = {}
  let keysLeft = METADATA_KEYS_MAX
  for (const [key, item] of Object.entries(value)) {
    const at = `${pointer}/${escapePointer(key)}`
    // Assigning to `__proto__` would change the copy's prototype instead of giving it a key.
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
  // Beyond the safe integers a JSON number has lost digits before anybody could look at it.
  if (typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER) return value
  throw refuse(value, pointer, 'a string, a boolean, null, or a number of at most 9007199254740991')
}

/** The error for one field: what it must be, and what it was. */
export function refuse(value: unknown, pointer: string, rule: string): LedgerError {
  const name = pointer.slice(pointer.lastIndexOf('/') + 1)
  return LedgerError.invalid(pointer, `${name} must be ${rule}${value === undefined ? '; it is missing' : ''}.`)
}

function unknownField(name: string, known: ReadonlySet<string>): string {
  const names = known.size === 0 ? 'none' : [...known].join(', ')
  return `There is no field ${JSON.stringify(name.slice(0, 64))} here; the fields are: ${names}.`
}
