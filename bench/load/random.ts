/** Reproducible random numbers. */

/** From 0 (included) to 1 (excluded). */
export type Random = () => number

/** The generator "mulberry32" by Tommy Ettinger (public domain): 32 bits of state, enough to choose users by. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let word = Math.imul(state ^ (state >>> 15), state | 1)
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61)
    return ((word ^ (word >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

/** A random integer from 0 to `below - 1`. */
export function randomBelow(random: Random, below: number): number {
  return Math.floor(random() * below)
}

/** `count` distinct elements in random order. */
export function sample<Of>(random: Random, all: readonly Of[], count: number): readonly Of[] {
  const rest = [...all]
  for (let index = 0; index < count; index++) {
    const other = index + randomBelow(random, rest.length - index)
    const chosen = rest[other]!
    rest[other] = rest[index]!
    rest[index] = chosen
  }
  return rest.slice(0, count)
}
