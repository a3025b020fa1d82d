/**
 * A fingerprint distinguishes a repeat from a different request under the same id.
 *
 * Only requests with equal ids are compared, so with 53 bits (a safe integer) the probability that a different request is mistaken for a
 * repeat is 1 in 9 · 10^15. It would get the first answer and have no effect.
 */
import { canonicalMetadata, type Metadata } from './metadata.ts'

/** The contents of a memo and metadata. The order of metadata keys does not matter. */
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
 * The fingerprint of a command's contents, a 53-bit hash: two 32-bit multiply-xor lanes over the UTF-16 units, mixed at the end with the
 * constants of the MurmurHash3 finalizer (https://github.com/aappleby/smhasher, public domain).
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
