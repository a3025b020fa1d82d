import type { LedgerError } from '../api/error.ts'
import type { ClientLimits } from './limits.ts'

export interface Trouble {
  /** Attempts that have failed, the last one included. */
  readonly failures: number
  /** Drawn from 0 (included) to 1 (excluded). */
  readonly chance: number
}

/**
 * Milliseconds until the next attempt, or null when there is none to make: exponential backoff with full jitter
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), on top of what the service asked for, so that
 * callers who were turned away together do not come back together.
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
