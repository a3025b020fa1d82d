/** The rate of each caller, in reads and commands a second. */
import { LedgerError } from '../api/error.ts'
import { TokenBuckets, type Rate } from '../engine/token-buckets.ts'
import type { HttpLimits } from './limits.ts'

export class CallerRates {
  readonly #buckets: TokenBuckets
  readonly #rate: Rate | null

  constructor({ callerCommandsPerSecondMax, callerBurstMax, callersLimitedMax }: HttpLimits) {
    this.#buckets = new TokenBuckets(callersLimitedMax)
    const burst = Math.max(1, callerBurstMax)
    this.#rate = callerCommandsPerSecondMax > 0 ? { perSecond: callerCommandsPerSecondMax, burst } : null
  }

  /** Counts a request as one read or command; null when it may go on. */
  admit(caller: string): LedgerError | null {
    if (this.#rate === null) return null
    const now = performance.now()
    const retryAfterMs = this.#buckets.waitMs(caller, this.#rate, now)
    if (retryAfterMs === 0) {
      this.#buckets.take(caller, 1, this.#rate, now)
      return null
    }
    const { perSecond, burst } = this.#rate
    const message = `A caller may send ${perSecond} reads and commands a second, and ${burst} at once.`
    return new LedgerError('rate_limited', message, { retryAfterMs })
  }

  /** Counts the commands of a batch request after the first. It was let through, so what exceeds the rate is owed. */
  count(caller: string, commandsAfterFirst: number): void {
    if (this.#rate !== null) this.#buckets.take(caller, commandsAfterFirst, this.#rate, performance.now())
  }
}
