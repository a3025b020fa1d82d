/**
 * The number of warnings about the database. Its settings can change while the service runs, so they are read again, but at most once per
 * `WARNINGS_AGE_MS_MAX`, and nobody waits for the answer: a database that does not respond must not keep `/metrics` from answering.
 */
import { systemClock, type Clock } from '../engine/clock.ts'

/** Prometheus asks every few seconds; an alert about settings has time. */
export const WARNINGS_AGE_MS_MAX = 30_000

/** The parts of an open database that this needs. */
export interface InspectedStorage {
  /** As they were when it was opened. */
  readonly warnings: readonly string[]
  /** As they are now. @throws Fault `store_unavailable` */
  inspect(): Promise<readonly string[]>
}

export class WarningCount {
  readonly #storage: InspectedStorage
  readonly #clock: Clock
  #known: number
  #lookedAtMs: number
  #isLooking = false

  constructor(storage: InspectedStorage, clock: Clock = systemClock) {
    this.#storage = storage
    this.#clock = clock
    this.#known = storage.warnings.length
    this.#lookedAtMs = clock.elapsed()
  }

  /** The last number known. If that is old, it is read again for the next caller. */
  current(): number {
    if (!this.#isLooking && this.#clock.elapsed() - this.#lookedAtMs >= WARNINGS_AGE_MS_MAX) void this.#lookAgain()
    return this.#known
  }

  async #lookAgain(): Promise<void> {
    this.#isLooking = true
    try {
      this.#known = (await this.#storage.inspect()).length
    } catch {
      // Other metrics show that the database does not respond; the settings are those that it had.
    } finally {
      this.#lookedAtMs = this.#clock.elapsed()
      this.#isLooking = false
    }
  }
}
