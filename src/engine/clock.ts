/** All time and randomness that the engine uses, so that a simulation can replace it. */
import type { Instant } from '../domain/ids.ts'

export interface Clock {
  /** The time of day, for the rules. It can be set forward and back. */
  now(): Instant
  /** Milliseconds since an arbitrary instant, for durations. It never decreases, even when the time of day is set back. */
  elapsed(): number
  sleep(ms: number): Promise<void>
  /** Resolves after pending input was processed, without a delay of its own. */
  yield(): Promise<void>
  /** A random number from 0 (included) to 1 (excluded). */
  random(): number
  /** Calls `action` once after `ms`; the returned function cancels it. Does not keep the process alive. */
  after(ms: number, action: () => void): () => void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  yield: () => new Promise((resolve) => setImmediate(resolve)),
  random: () => Math.random(),
  after: (ms, action) => {
    const timer = setTimeout(action, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
