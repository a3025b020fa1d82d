/** Walking down a range of versions, within the limits of a page. */

/** Versions from `low` on, and below `high`. */
export interface VersionRange {
  readonly low: number
  readonly high: number
}

/** How much one page may read that its filters leave out. */
export interface WalkLimits {
  /** Lines of the journal that are read for one page. */
  readonly linesMax: number
  /** Requests that are read for one page with a filter by memo or metadata. */
  readonly requestsMax: number
}

/** Each limit took about 30 ms on SQLite, whose reading thread is blocked for that time. */
export const WALK_LIMITS: WalkLimits = { linesMax: 50_000, requestsMax: 5_000 }

const LINES_PER_LOOK_FIRST = 250
const LINES_PER_LOOK_MAX = 5_000
const LINES_GROWTH = 4

/**
 * How many lines each look of a page reads when a filter may leave most of them out: few at first, because many pages are full then.
 *
 * The first 50 lines before an instant in the middle of 10 million, on SQLite: 5.4 ms in looks of 5,000 lines, 3.0 ms in growing ones.
 */
export class LookWidths {
  #width = LINES_PER_LOOK_FIRST

  next(): number {
    const width = this.#width
    this.#width = Math.min(width * LINES_GROWTH, LINES_PER_LOOK_MAX)
    return width
  }
}

/** The rows that a page may still read. */
export class Walk {
  #left: number

  constructor(rowsMax: number) {
    this.#left = rowsMax
  }

  /**
   * Reads a range of versions downwards in steps. A step returns the version that it reached, or null when it has enough.
   *
   * @returns the version below which nothing was read, when the limit ended the walk before the range did
   */
  async down(
    { low, high }: VersionRange,
    step: (range: VersionRange) => Promise<number | null>,
  ): Promise<number | null> {
    let top = high
    while (top > low) {
      if (this.#left <= 0) return top
      const reached = await step({ low: Math.max(low, top - this.#left), high: top })
      if (reached === null) return null
      this.#left -= top - reached
      top = reached
    }
    return null
  }
}
