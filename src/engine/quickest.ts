/** The shortest of the last values, in constant space: of between `WINDOW` and twice as many. */
const WINDOW = 64

export class Quickest {
  #before = Infinity
  #current = Infinity
  #count = 0

  observe(value: number): void {
    this.#current = Math.min(this.#current, value)
    if (++this.#count < WINDOW) return
    this.#before = this.#current
    this.#current = Infinity
    this.#count = 0
  }

  /** 0 before the first value. */
  get value(): number {
    const least = Math.min(this.#before, this.#current)
    return least === Infinity ? 0 : least
  }
}
