/** What a caller attaches to a request: a flat record of JSON scalars, opaque to the rules. */

export type Metadata = Readonly<Record<string, string | number | boolean | null>>

/** Limits, checked at the edges: number of keys, characters of a key, characters of a string value. */
export const METADATA_KEYS_MAX = 32
export const METADATA_KEY_LENGTH_MAX = 64
export const METADATA_VALUE_LENGTH_MAX = 512
/** Characters of a memo. */
export const MEMO_LENGTH_MAX = 256

/** One text for one content, whatever order the keys came in. */
export function canonicalMetadata(metadata: Metadata | null): string {
  if (metadata === null) return ''
  const keys = Object.keys(metadata).sort()
  return JSON.stringify(keys.map((key) => [key, metadata[key]]))
}
