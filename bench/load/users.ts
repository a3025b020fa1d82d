/** Distributions of calls over users: a single user, uniform, or Zipf. */
import { randomBelow, type Random } from './random.ts'

export const DISTRIBUTIONS = ['uniform', 'zipf'] as const

export type Distribution = (typeof DISTRIBUTIONS)[number]

/** The user of the write-ups is 8. */
export function usersOf(count: number): readonly number[] {
  return count === 1 ? [8] : Array.from({ length: count }, (_, index) => index + 1)
}

/** Draws a user at each call. */
export function pickerOf(users: readonly number[], distribution: Distribution, random: Random): () => number {
  if (users.length === 1) return () => users[0]!
  switch (distribution) {
    case 'uniform':
      return () => users[randomBelow(random, users.length)]!
    case 'zipf':
      return zipf(users, random)
  }
}

/** Zipf's law with exponent 1: the user of rank n is drawn 1/n times as often as the first. */
function zipf(users: readonly number[], random: Random): () => number {
  const bounds: number[] = []
  let sum = 0
  for (let place = 1; place <= users.length; place++) {
    sum += 1 / place
    bounds.push(sum)
  }
  return () => {
    const drawn = random() * sum
    let low = 0
    let high = bounds.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (bounds[middle]! > drawn) high = middle
      else low = middle + 1
    }
    return users[low]!
  }
}
