/** Everything about time and chance that the engine uses, so that a simulation can take its place. */
import type { Instant } from '../domain/ids.ts'

export interface Clock {
  now(): Instant
  sleep(ms: number): Promise<void>
  /** Resolves after pending input has been looked at, without a delay of its own. */
  yield(): Promise<void>
  /** 0 (included) to 1 (excluded). */
  random(): number
  /** Calls `action` once after `ms`; the returned function cancels it. Does not keep the process alive. */
  after(ms: number, action: () => void): () => void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  yield: () => new Promise((resolve) => setImmediate(resolve)),
  random: () => Math.random(),
  after: (ms, action) => {
    const timer = setTimeout(action, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
