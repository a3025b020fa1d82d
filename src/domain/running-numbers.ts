/**
 * Running numbers: keys that every process makes for itself, nearly in the order of time.
 *
 * Not a sequence of the database: it would be one more contended row, and its numbers are not known before the rows are written. Not
 * random numbers: rows that are written together would be spread over the table. So a process draws a random number once per period of
 * time, and counts from there. If two processes make the same number, the later commit finds the key taken and is stale. The numbers after
 * it are probably taken too, thousands of them, and the other process goes on as fast as this one. So after a stale commit a process leaps
 * to another place.
 */
import type { Instant } from './ids.ts'

/** The beginning of 2025. */
const EPOCH_MS = 1_735_689_600_000
/** About 17.5 minutes. */
const PERIOD_MS = 2 ** 20
/** Numbers in one period. With 21 bits for the period, a number stays a safe integer until the year 2094. */
const PERIOD_NUMBERS = 2 ** 32
/** More than a process makes in a period: 16,000 in each second. */
const LEAP_MAX = 2 ** 24

export class RunningNumbers {
  readonly #now: () => Instant
  readonly #random: () => number
  #period = -1
  #last = 0

  /** @param random gives a number from 0 to below 1 */
  constructor(now: () => Instant, random: () => number) {
    this.#now = now
    this.#random = random
  }

  /** A safe integer above 0 that this process did not give out before. */
  readonly next = (): number => {
    const period = Math.max(this.#period, 0, Math.floor((this.#now() - EPOCH_MS) / PERIOD_MS))
    if (period !== this.#period) {
      this.#period = period
      this.#last = Math.max(this.#last, period * PERIOD_NUMBERS + Math.floor(this.#random() * PERIOD_NUMBERS))
    }
    this.#last += 1
    return this.#last
  }

  /** Passes over numbers that another process may have taken. */
  leap(): void {
    this.#last += Math.floor(this.#random() * LEAP_MAX)
  }
}
