/** Metadata: a flat object of JSON scalars that a caller attaches to a request. The rules do not interpret it. */

export type Metadata = Readonly<Record<string, string | number | boolean | null>>

/** The limits: number of keys, characters of a key, characters of a string value. They are checked at the edges. */
export const METADATA_KEYS_MAX = 32
export const METADATA_KEY_LENGTH_MAX = 64
export const METADATA_VALUE_LENGTH_MAX = 512
/** The largest number of characters of a memo. */
export const MEMO_LENGTH_MAX = 256

/** The same text for the same content, in any order of the keys. */
export function canonicalMetadata(metadata: Metadata | null): string {
  if (metadata === null) return ''
  const keys = Object.keys(metadata).sort()
  return JSON.stringify(keys.map((key) => [key, metadata[key]]))
}
