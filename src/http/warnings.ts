/**
 * What the operator should know about the database, for `/readyz`. A server's settings can change while the service runs, so
 * they are looked at again when somebody asks and the last look was `warningsAgeMsMax` ago; not more often, because anybody may
 * ask. Upholds law 8.
 */
import type { Logger } from 'pino'
import { systemClock, type Clock } from '../engine/clock.ts'
import type { ExpiryStatus } from '../engine/sweeper.ts'
import type { StoreFacts } from './backend.ts'
import type { HttpLimits } from './limits.ts'

/** What the operator should know about the sweeper, as sentences. */
export function expiryWarnings(status: ExpiryStatus | null): readonly string[] {
  if (status?.isBehind !== true) return []
  const { lagMs, lookAgeMs } = status
  if (lookAgeMs >= lagMs) return [`Holds that are due were not looked for in the last ${inSeconds(lookAgeMs)}.`]
  return [`Holds that are due are not ended in time: the oldest that is left came due ${inSeconds(lagMs)} ago.`]
}

function inSeconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`
}

export class Warnings {
  readonly #store: StoreFacts
  readonly #limits: Pick<HttpLimits, 'warningsAgeMsMax' | 'warningsWaitMsMax'>
  readonly #log: Logger
  readonly #clock: Clock
  #known: readonly string[]
  #lookedAtMs: number
  /** The look under way. */
  #look: Promise<void> | null = null

  constructor(
    store: StoreFacts,
    limits: Pick<HttpLimits, 'warningsAgeMsMax' | 'warningsWaitMsMax'>,
    log: Logger,
    clock: Clock = systemClock,
  ) {
    this.#clock = clock
    this.#lookedAtMs = clock.elapsed()
    this.#store = store
    this.#limits = limits
    this.#log = log
    this.#known = store.warnings
  }

  /** As sentences. Those of the last look where the database does not answer in time. Never rejects. */
  async current(): Promise<readonly string[]> {
    const { warningsAgeMsMax, warningsWaitMsMax } = this.#limits
    if (this.#look === null && this.#clock.elapsed() - this.#lookedAtMs >= warningsAgeMsMax)
      this.#look = this.#lookAgain()
    if (this.#look !== null) {
      const { promise: waited, resolve } = Promise.withResolvers<void>()
      const cancel = this.#clock.after(warningsWaitMsMax, resolve)
      await Promise.race([this.#look, waited])
      cancel()
    }
    return this.#known
  }

  /** What is new is logged too. */
  async #lookAgain(): Promise<void> {
    try {
      const found = await this.#store.inspect()
      for (const warning of found) if (!this.#known.includes(warning)) this.#log.warn(warning)
      this.#known = found
    } catch (error) {
      // Whether the database can be used is not the question here.
      this.#log.warn({ err: error }, 'the settings of the database could not be looked at')
    } finally {
      this.#lookedAtMs = this.#clock.elapsed()
      this.#look = null
    }
  }
}
