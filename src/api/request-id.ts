/**
 * Request ids for callers that give none: UUIDv7 (RFC 9562), increasing within one process.
 *
 * Increasing ids keep the index of the requests table dense: on SQLite, freezes with increasing ids were twice as fast as with
 * random ids. Random bytes are drawn 4 KiB at a time; one draw per id cost six times as much. Written out, because the client has no
 * dependency; a test compares its ids with those of a library.
 */
import type { RequestId } from '../domain/ids.ts'

/** Creates the request id of a command that has none. */
export type NewRequestId = () => RequestId

const POOL_BYTES = 4_096
const ID_BYTES = 16
const pool = new Uint8Array(POOL_BYTES)
let used = POOL_BYTES
let lastMs = 0
let sequence = 0

export function newRequestId(): RequestId {
  if (used === POOL_BYTES) {
    crypto.getRandomValues(pool)
    used = 0
  }
  const random = pool.subarray(used, used + ID_BYTES)
  used += ID_BYTES
  const now = Date.now()
  if (now > lastMs) {
    lastMs = now
    // The first sequence number is in the lower half of the 32-bit range, so 2^31 ids fit into the millisecond.
    sequence = ((random[6]! & 0x7f) << 24) | (random[7]! << 16) | (random[8]! << 8) | random[9]!
  } else {
    sequence = (sequence + 1) >>> 0
  }
  return uuidOf(random, lastMs, sequence)
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const TWO_16 = 0x1_0000
const TWO_32 = 0x1_0000_0000

/**
 * The bits are: 48 of the time in milliseconds, the version 7, 32 of the sequence around the variant, and random ones from byte 10 on
 * (RFC 9562, section 6.2, method 1).
 *
 * @param sequenced a number of 32 bits
 */
export function uuidOf(random: Uint8Array, ms: number, sequenced: number): string {
  const [high, low] = [Math.floor(ms / TWO_16), ms % TWO_16]
  const time = `${hex32(high)}-${hex16(low)}`
  const version = hex16(0x7000 | (sequenced >>> 20))
  const variant = hex16(0x8000 | ((sequenced >>> 6) & 0x3fff))
  // The last six bits of the sequence, and two random ones.
  const rest = HEX[((sequenced << 2) & 0xff) | (random[10]! & 3)]!
  const node = HEX[random[11]!]! + HEX[random[12]!]! + HEX[random[13]!]! + HEX[random[14]!]! + HEX[random[15]!]!
  return `${time}-${version}-${variant}-${rest}${node}`
}

function hex32(value: number): string {
  return (value % TWO_32).toString(16).padStart(8, '0')
}

function hex16(value: number): string {
  return HEX[value >>> 8]! + HEX[value & 0xff]!
}
