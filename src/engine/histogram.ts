/** Counts values by upper bounds, as a Prometheus histogram does. */

/** Upper bounds for durations, in seconds. */
export const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const
/** Upper bounds for numbers of things. */
export const COUNTS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000] as const
/** Upper bounds for attempts. */
export const ATTEMPTS = [1, 2, 3, 4, 5, 7, 10] as const
/** Upper bounds for parts of a whole. */
export const PARTS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1] as const

export class Histogram {
  /** In ascending order. */
  readonly bounds: readonly number[]
  /** The number of values up to each bound, and above the one before; the last is above all bounds. */
  readonly counts: number[]
  sum = 0
  /** Where the last value was counted: the next one is often near, because the commands of a batch wait together. */
  #index = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = Array<number>(bounds.length + 1).fill(0)
  }

  get count(): number {
    return this.counts.reduce((sum, count) => sum + count, 0)
  }

  observe(value: number): void {
    const { bounds } = this
    let index = this.#index
    while (index > 0 && value <= bounds[index - 1]!) index--
    while (index < bounds.length && value > bounds[index]!) index++
    this.#index = index
    this.counts[index]!++
    this.sum += value
  }
}
