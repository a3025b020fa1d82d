/** The limits of what is logged about absorbed trouble and about commands. */

export interface LogIntervals {
  /** Between two lines about one kind of absorbed trouble: lock trouble, doubt, splits, rate limits, the clock. */
  readonly troubleMs: number
  /** Between two lines about commands that were refused for want of funds. */
  readonly refusalsMs: number
}

export const LOG_INTERVALS: LogIntervals = {
  troubleMs: 10_000,
  refusalsMs: 60_000,
}

/** Between two lines about retryable problems of one code. A line per second shows, for example, how long the queue was full. */
export const PROBLEM_LINE_MS = 1_000

/** Lines about commands that are written without a pause for other work. A line is at most about 700 bytes long. */
export const COMMAND_LINES_MAX = 500

/** Batches and refusals that wait for their lines to be written. With more, the lines are written at once. */
export const COMMAND_EVENTS_MAX = 2_000
