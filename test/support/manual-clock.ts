/** A clock that stands still until a test moves it. */
import type { Instant } from '../../src/domain/ids.ts'
import type { Clock } from '../../src/engine/clock.ts'

interface Timer {
  readonly at: number
  readonly action: () => void
}

/** Turns of the event loop in which nobody asks the clock for anything, after which nobody is at work any more. */
const QUIET_TURNS = 30

export class ManualClock implements Clock {
  /** How far the time of day was set. */
  offMs = 0
  /** What `random` gives. */
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

  /** Lets so much time pass, from timer to timer. What a timer set off goes on until it waits for something else. */
  async advance(ms: number): Promise<void> {
    const until = this.#elapsed + ms
    for (;;) {
      await this.#settled()
      const next = Math.min(...[...this.#timers].map(({ at }) => at))
      if (next > until) break
      this.#elapsed = Math.max(this.#elapsed, next)
      // All at once, so that those who wait for the same moment meet.
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
