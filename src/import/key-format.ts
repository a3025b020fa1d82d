/** Binary keys as names: hexadecimal digits, or the notation of a UUID. */

/** `uuid-swapped`: the order of bytes of MySQL's `uuid_to_bin(…, 1)`. */
export const KEY_FORMATS = ['hex', 'uuid', 'uuid-swapped'] as const
export type KeyFormat = (typeof KEY_FORMATS)[number]

export const UUID_BYTES = 16

/** @param hex the bytes as lower-case digits; for a UUID, 16 bytes */
export function nameOfBytes(hex: string, format: KeyFormat): string {
  if (format === 'hex') return hex
  const digits = format === 'uuid' ? hex : hex.slice(8, 16) + hex.slice(4, 8) + hex.slice(0, 4) + hex.slice(16)
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join(
    '-',
  )
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const HEX = /^([0-9a-f]{2})*$/

/** The inverse of `nameOfBytes`; null for a name that is not one of this format. */
export function bytesOfName(name: string, format: KeyFormat): Buffer | null {
  if (format === 'hex') return HEX.test(name) ? Buffer.from(name, 'hex') : null
  if (!UUID.test(name)) return null
  const digits = name.replaceAll('-', '')
  if (format === 'uuid') return Buffer.from(digits, 'hex')
  return Buffer.from(digits.slice(12, 16) + digits.slice(8, 12) + digits.slice(0, 8) + digits.slice(16), 'hex')
}

export function isUuid(name: string): boolean {
  return UUID.test(name.toLowerCase())
}
