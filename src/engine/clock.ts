/** Everything about time and chance that the engine uses, so that a simulation can take its place. */
import type { Instant } from '../domain/ids.ts'

export interface Clock {
  /** The time of day, for the rules. It can be set, also back. */
  now(): Instant
  /** Milliseconds since some moment in the past, for durations. It only ever grows, whatever becomes of the time of day. */
  elapsed(): number
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
