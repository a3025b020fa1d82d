/**
 * Ids of balances that have no row yet. Every process makes its own.
 *
 * Not a sequence of the database: every read of a new name would be a write, and the sequence one more contended row. Not a random number
 * for each: balances that appear together would be spread over the indexes. So a process draws a random number once per period of time,
 * and counts from there. If two processes make the same id, the later commit finds the key taken and is stale.
 */
import { randomInt } from 'node:crypto'

const EPOCH_MS = Date.UTC(2025, 0, 1)
/** About 17.5 minutes. */
const PERIOD_MS = 2 ** 20
/** Numbers in one period. With 21 bits for the period, an id stays a safe integer until the year 2094. */
const PERIOD_IDS = 2 ** 32

export class BalanceIds {
  readonly #now: () => number
  readonly #random: (below: number) => number
  #period = -1
  #last = 0

  constructor(now: () => number = Date.now, random: (below: number) => number = randomInt) {
    this.#now = now
    this.#random = random
  }

  /** A safe integer above 0 that this process did not give out before. */
  next(): number {
    const period = Math.max(this.#period, 0, Math.floor((this.#now() - EPOCH_MS) / PERIOD_MS))
    if (period !== this.#period) {
      this.#period = period
      this.#last = Math.max(this.#last, period * PERIOD_IDS + this.#random(PERIOD_IDS))
    }
    this.#last += 1
    return this.#last
  }
}
