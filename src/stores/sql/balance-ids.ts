/**
 * Numbers for balances that have no row yet, given out by every process on its own.
 *
 * Not a sequence of the database: that would make every look at a new name a write, and one more row that everybody wants.
 * Not numbers drawn at random one by one: the rows of balances that appeared together would lie all over the tables'
 * indexes. So a process draws a number for the current stretch of time, and counts from there. Two processes that meet all
 * the same find the key taken, and the later commit is stale.
 */
import { randomInt } from 'node:crypto'

const EPOCH_MS = Date.UTC(2025, 0, 1)
/** About 17.5 minutes. */
const STRETCH_MS = 2 ** 20
/** Numbers in one stretch. With 21 bits of stretches an id stays a safe integer until the year 2094. */
const STRETCH_IDS = 2 ** 32

export class BalanceIds {
  readonly #now: () => number
  readonly #random: (below: number) => number
  #stretch = -1
  #last = 0

  constructor(now: () => number = Date.now, random: (below: number) => number = randomInt) {
    this.#now = now
    this.#random = random
  }

  /** A safe integer above 0 that was not given out before. */
  next(): number {
    const stretch = Math.max(this.#stretch, 0, Math.floor((this.#now() - EPOCH_MS) / STRETCH_MS))
    if (stretch !== this.#stretch) {
      this.#stretch = stretch
      this.#last = Math.max(this.#last, stretch * STRETCH_IDS + this.#random(STRETCH_IDS))
    }
    this.#last += 1
    return this.#last
  }
}
