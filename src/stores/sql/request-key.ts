/**
 * Request ids as keys: the narrow unique index of requests has these bytes in place of the text.
 *
 * | id | key | |
 * |---|---|---|
 * | a UUID in its usual form: lower case, with hyphens, of the variant of RFC 9562 | its 16 bytes | exact |
 * | other text of up to 32 characters | the text itself, in ASCII | exact |
 * | longer text | the byte 255, and the first 24 bytes of its SHA-256 | practically exact |
 *
 * No key of one kind is a key of another: the ninth byte of such a UUID is 128 to 191 (RFC 9562, section 4.1), every byte of a text is
 * below 128, and the digests have a length of their own. Two long texts have one key with a probability of 2^-192, and it takes 2^96
 * attempts to find such a pair on purpose. So that nothing rests on that, a long text is kept beside its key and compared with it: the
 * second of two such texts is refused (`assertSameId`), and never mistaken for the first.
 */
import { createHash } from 'node:crypto'
import { Bytes, type Row } from './values.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const UUID_LENGTH = 36
const UUID_BYTES = 16
/** The byte in which a UUID differs from every text. */
const VARIANT_BYTE = 8

const TEXT_LENGTH_MAX = 32
const DIGEST_MARK = 'ff'
const DIGEST_BYTES = 24
const DIGEST_KEY_DIGITS = DIGEST_MARK.length + 2 * DIGEST_BYTES

/** @param id of a request or of an entry, in ASCII */
export function requestKey(id: string): Bytes {
  return new Bytes(keyHex(id))
}

/** The key as a parameter of a query. */
export function requestKeyBuffer(id: string): Buffer {
  return Buffer.from(keyHex(id), 'hex')
}

/** The text that the key does not tell; null when it tells all of it. */
export function requestIdText(id: string, { hex } = requestKey(id)): string | null {
  return hex.length === DIGEST_KEY_DIGITS && hex.startsWith(DIGEST_MARK) ? id : null
}

/** @param key as it was read. @param text see `requestIdText` */
export function requestIdOf(key: unknown, text: unknown): string {
  if (typeof text === 'string') return text
  const bytes = key as Uint8Array
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (buffer.length !== UUID_BYTES || buffer[VARIANT_BYTE]! < 128) return buffer.toString('latin1')
  const hex = buffer.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** The id of a row of `requests`. */
export function idOf(row: Row): string {
  return requestIdOf(row['id'], row['id_text'])
}

/** @throws Error when a row that was found by the key of `id` has another id */
export function assertSameId(id: string, found: string): void {
  if (id !== found) throw new Error(`The request ids "${id}" and "${found}" have the same key.`)
}

function isUuid(id: string): boolean {
  return id.length === UUID_LENGTH && UUID.test(id)
}

function keyHex(id: string): string {
  if (isUuid(id)) return id.slice(0, 8) + id.slice(9, 13) + id.slice(14, 18) + id.slice(19, 23) + id.slice(24)
  if (id.length <= TEXT_LENGTH_MAX) return Buffer.from(id, 'latin1').toString('hex')
  return (
    DIGEST_MARK +
    createHash('sha256')
      .update(id, 'latin1')
      .digest('hex')
      .slice(0, 2 * DIGEST_BYTES)
  )
}
