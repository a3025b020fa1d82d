/** A clock that only moves when a test advances it. */
import type { Instant } from '../../src/domain/ids.ts'
import type { Clock } from '../../src/engine/clock.ts'

interface Timer {
  readonly at: number
  readonly action: () => void
}

/** After this many turns of the event loop without a use of the clock, all pending work is taken to be done. */
const QUIET_TURNS = 30

export class ManualClock implements Clock {
  /** Offset of the time of day, as if an operator had set it. */
  offMs = 0
  /** The value that `random` returns. */
  chance = 0.5
  readonly #startedAt = Date.UTC(2030, 0, 31, 12)
  readonly #timers = new Set<Timer>()
  #elapsed = 0
  #asked = 0

  now(): Instant {
    this.#asked++
    return this.#startedAt + Math.floor(this.#elapsed) + this.offMs
  }

  elapsed(): number {
    this.#asked++
    return this.#elapsed
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve))
  }

  yield(): Promise<void> {
    this.#asked++
    return new Promise((resolve) => setImmediate(resolve))
  }

  random(): number {
    return this.chance
  }

  after(ms: number, action: () => void): () => void {
    this.#asked++
    const timer = { at: this.#elapsed + ms, action }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Advances the clock from timer to timer. Work that a timer starts runs until it waits for something else. */
  async advance(ms: number): Promise<void> {
    const until = this.#elapsed + ms
    for (;;) {
      await this.#settled()
      const next = Math.min(...[...this.#timers].map(({ at }) => at))
      if (next > until) break
      this.#elapsed = Math.max(this.#elapsed, next)
      // Timers that are due at the same moment fire together.
      const together = [...this.#timers].filter(({ at }) => at <= next)
      for (const timer of together) if (this.#timers.delete(timer)) timer.action()
    }
    this.#elapsed = until
  }

  async #settled(): Promise<void> {
    for (let turn = 0, asked = this.#asked; turn < QUIET_TURNS; turn++) {
      await new Promise((resolve) => setImmediate(resolve))
      if (this.#asked === asked) continue
      asked = this.#asked
      turn = 0
    }
  }
}
