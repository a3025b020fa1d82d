/** Whether other callers are there, so that one caller may not have everything. */

/** A caller that sent something within this time is there. Longer than the second between two requests of a caller who sends little. */
const HEARD_MS = 2_000

export class Others {
  /** The two callers that were heard last. */
  #first = { caller: '', heardAt: -Infinity }
  #second = { caller: '', heardAt: -Infinity }

  /** @param now in milliseconds since any instant, and not less than before */
  hear(caller: string, now: number): void {
    if (this.#first.caller !== caller) {
      const again = this.#second.caller === caller ? this.#second : { caller, heardAt: now }
      this.#second = this.#first
      this.#first = again
    }
    this.#first.heardAt = now
  }

  /** Whether anybody but `caller` was heard lately. */
  areThere(caller: string, now: number): boolean {
    const other = this.#first.caller === caller ? this.#second : this.#first
    return now - other.heardAt < HEARD_MS
  }
}
