/**
 * A fingerprint tells a repeated request from another one under the same id.
 *
 * Only rows with equal request ids are ever compared, so 53 bits (a safe integer) leave one chance in 9 · 10^15 that a
 * changed request passes for a repeat; it is then answered with the original, never applied.
 */
import { canonicalMetadata, type Metadata } from './metadata.ts'

/** What a memo and metadata add to the contents of a command. The order of metadata keys does not matter. */
export function attachedContents({
  memo,
  metadata,
}: {
  readonly memo: string | null
  readonly metadata: Metadata | null
}): string {
  return `${JSON.stringify(memo)} ${canonicalMetadata(metadata)}`
}

/**
 * The fingerprint of a command's contents, a 53-bit hash: two 32-bit multiply-xor lanes over its UTF-16 units, mixed at the end with the MurmurHash3
 * finalizer constants (https://github.com/aappleby/smhasher, public domain).
 */
export function fingerprintOf(contents: string): number {
  let high = 0x9e3779b9
  let low = 0x85ebca6b
  for (let index = 0; index < contents.length; index++) {
    const unit = contents.charCodeAt(index)
    high = Math.imul(high ^ unit, 0x85ebca6b)
    low = Math.imul(low ^ unit, 0xc2b2ae35)
    high ^= low >>> 15
  }
  high = mix(high ^ contents.length)
  low = mix(low ^ high)
  return (high & 0x1fffff) * 0x1_0000_0000 + (low >>> 0)
}

function mix(word: number): number {
  let mixed = word
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
