/**
 * The text of a key: `hf_`, 32 random characters, and a checksum of 6, all of A-Z a-z 0-9.
 *
 * The 32 characters have 190 bits of chance, so a plain SHA-256 is enough at rest: there is nothing to guess. The checksum refuses every
 * key with one wrong character or two that changed places without a look at the database, and lets programs that search texts for
 * secrets be sure. Everything here is of the web platform, because the client has no dependency.
 */

const PREFIX = 'hf_'
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const RANDOM_LENGTH = 32
const CHECKSUM_LENGTH = 6

export const KEY_LENGTH = PREFIX.length + RANDOM_LENGTH + CHECKSUM_LENGTH
const FORM = new RegExp(`^${PREFIX}[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}$`)

/** A new key. Only its hash is kept. */
export function newSecret(): string {
  const body = PREFIX + randomCharacters(RANDOM_LENGTH)
  return body + checksumOf(body)
}

/** Whether `text` has the form of a key and its checksum is right. It says nothing about whether the key exists. */
export function isSecret(text: string): boolean {
  if (text.length !== KEY_LENGTH || !FORM.test(text)) return false
  const body = text.slice(0, -CHECKSUM_LENGTH)
  return checksumOf(body) === text.slice(-CHECKSUM_LENGTH)
}

/** What is kept of a key: SHA-256, as 64 hexadecimal digits. */
export async function hashOf(secret: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(secret))
  return hexOf(new Uint8Array(digest))
}

function hexOf(bytes: Uint8Array): string {
  let hex = ''
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0')
  return hex
}

function randomCharacters(count: number): string {
  // The largest multiple of 62 in a byte: with the others, the first characters would be more frequent.
  const limit = 256 - (256 % ALPHABET.length)
  let text = ''
  while (text.length < count) {
    for (const byte of crypto.getRandomValues(new Uint8Array(count))) {
      if (byte < limit && text.length < count) text += ALPHABET[byte % ALPHABET.length]!
    }
  }
  return text
}

function checksumOf(text: string): string {
  let rest = crc32(text)
  let digits = ''
  for (let place = 0; place < CHECKSUM_LENGTH; place++) {
    digits = ALPHABET[rest % ALPHABET.length]! + digits
    rest = Math.floor(rest / ALPHABET.length)
  }
  return digits
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})

/** CRC-32 of ISO-HDLC, as of zlib, of ASCII text. */
export function crc32(text: string): number {
  let crc = 0xffffffff
  for (let index = 0; index < text.length; index++) {
    crc = TABLE[(crc ^ text.charCodeAt(index)) & 0xff]! ^ (crc >>> 8)
  }
  return ~crc >>> 0
}
