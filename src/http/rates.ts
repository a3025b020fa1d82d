/** The rate of each caller, in reads and commands a second. */
import type { FastifyRequest } from 'fastify'
import { LedgerError } from '../api/error.ts'
import { TokenBuckets, type Rate } from '../engine/token-buckets.ts'
import { callerKeyOf } from './access.ts'
import { callerOf } from './caller.ts'
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
  admit(request: FastifyRequest): LedgerError | null {
    const rate = this.#rateOf(request)
    if (rate === null) return null
    const caller = callerOf(request)
    const now = performance.now()
    const retryAfterMs = this.#buckets.waitMs(caller, rate, now)
    if (retryAfterMs === 0) {
      this.#buckets.take(caller, 1, rate, now)
      return null
    }
    const { perSecond, burst } = rate
    const message = `A caller may send ${perSecond} reads and commands a second, and ${burst} at once.`
    return new LedgerError('rate_limited', message, { retryAfterMs })
  }

  /** Counts the commands of a batch request after the first. It was let through, so what exceeds the rate is owed. */
  count(request: FastifyRequest, commandsAfterFirst: number): void {
    const rate = this.#rateOf(request)
    if (rate !== null) this.#buckets.take(callerOf(request), commandsAfterFirst, rate, performance.now())
  }

  /** That of the key, if it has one of its own. */
  #rateOf(request: FastifyRequest): Rate | null {
    const key = callerKeyOf(request)
    if (key === null || key.commandsPerSecond === null) return this.#rate
    return { perSecond: key.commandsPerSecond, burst: Math.max(1, key.burst ?? key.commandsPerSecond) }
  }
}
