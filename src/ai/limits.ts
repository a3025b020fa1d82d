/** Bounds of metered work. Every wait and every repetition has one. */

export interface MeteringLimits {
  /** How long a hold lives without a sign of life from this process, in milliseconds. After a crash, its coins return then. */
  readonly holdMs: number
  /** How often open work extends its hold and writes down what it has cost so far, in milliseconds. */
  readonly markMs: number
  /** A stream that nobody reads from for this long ends as if the user had aborted it, in milliseconds. */
  readonly stallMs: number
  /** The longest work, in milliseconds. A stream ends then as if aborted; the hold of other work is extended no more. */
  readonly lifeMs: number
  /** The most holds of one request: its steps and failed attempts together. */
  readonly holdsMax: number
  /** The output tokens that a stream sets aside at first and in each raise, as long as nothing was learned. */
  readonly streamTokens: number
  /** A call begins only if this many output tokens can be paid, or all that it may make. */
  readonly leastTokens: number
  /** The output tokens of a call if neither the caller nor the prices name a maximum. */
  readonly outputTokensMax: number
  /** The tokens that a file or an image in a prompt is estimated at. */
  readonly fileTokens: number
}

export const METERING_LIMITS: MeteringLimits = {
  holdMs: 120_000,
  markMs: 10_000,
  stallMs: 60_000,
  lifeMs: 3_600_000,
  holdsMax: 100,
  streamTokens: 1_024,
  leastTokens: 64,
  outputTokensMax: 4_096,
  fileTokens: 1_500,
}

/** A request id leaves room for what steps and entries append to it. */
export const REQUEST_ID_LENGTH_MAX = 100

/** @throws RangeError for a limit that is no whole number of at least 1 */
export function limitsOf(given: Partial<MeteringLimits> = {}): MeteringLimits {
  const limits = { ...METERING_LIMITS, ...given }
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`${name} must be a whole number of at least 1.`)
  }
  return limits
}
