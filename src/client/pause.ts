import type { LedgerError } from '../api/error.ts'
import type { ClientLimits } from './limits.ts'

export interface Trouble {
  /** The number of failed attempts, including the last. */
  readonly failures: number
  /** A random number: 0 ≤ chance < 1. */
  readonly chance: number
}

/**
 * Milliseconds until the next attempt, or null if there is none: exponential backoff with full jitter
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), added to the pause that the service asked for, so that
 * callers that were refused together do not return together.
 */
export function pauseAfter(
  error: LedgerError,
  { failures, chance }: Trouble,
  limits: Pick<ClientLimits, 'attemptsMax' | 'pauseMsMin' | 'pauseMsMax'>,
): number | null {
  if (!error.retryable || failures >= limits.attemptsMax) return null
  const jitterMsMax = Math.min(limits.pauseMsMax, limits.pauseMsMin * 2 ** (failures - 1))
  return (error.retryAfterMs ?? 0) + chance * jitterMsMax
}
