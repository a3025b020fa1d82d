/** Chooses a share of the request ids, always the same ones, so that the repeats of a command are chosen as it was. */

const TWO_TO_32 = 0x1_0000_0000

/** @param share 0 for none, 1 for all */
export function isSampled(id: string, share: number): boolean {
  return share >= 1 || (share > 0 && hashOf(id) < share * TWO_TO_32)
}

/** FNV-1a over the characters, and the last step of MurmurHash3, because FNV alone hardly moves the high bits of ids that count up. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
