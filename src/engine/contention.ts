/** Balances that another writer has moved recently: batches that touch them take locks before they decide. */
import type { Clock } from './clock.ts'

export class Contention {
  readonly #clock: Clock
  readonly #contendedMs: number
  /** By balance key, until when the balance counts as contended, on the clock's `elapsed`. */
  readonly #until = new Map<string, number>()

  constructor(clock: Clock, contendedMs: number) {
    this.#clock = clock
    this.#contendedMs = contendedMs
  }

  remember(keys: Iterable<string>): void {
    const until = this.#clock.elapsed() + this.#contendedMs
    for (const key of keys) this.#until.set(key, until)
  }

  /** How many balances count as contended. */
  get size(): number {
    const now = this.#clock.elapsed()
    let size = 0
    for (const until of this.#until.values()) if (until > now) size++
    return size
  }

  touches(keys: Iterable<string>): boolean {
    if (this.#until.size === 0) return false
    const now = this.#clock.elapsed()
    for (const [key, until] of this.#until) if (until <= now) this.#until.delete(key)
    for (const key of keys) if (this.#until.has(key)) return true
    return false
  }
}
