/** A hash of a text, 0 to 2^32 − 1. It is the same in every process and version, because accounts are distributed by it. */

/** FNV-1a, and the last step of MurmurHash3, without which texts that end alike would have hashes near each other. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
