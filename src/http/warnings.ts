/**
 * The warnings about the database and the sweeper in `/readyz`. The settings of a server can change while the service runs, so they are
 * read again on a request, but at most once per `warningsAgeMsMax`, because any caller can send that request. Upholds law 8.
 */
import type { Logger } from 'pino'
import { systemClock, type Clock } from '../engine/clock.ts'
import type { ExpiryStatus } from '../engine/sweeper.ts'
import type { StoreFacts } from './backend.ts'
import type { HttpLimits } from './limits.ts'

/** The warnings about the sweeper, as sentences. */
export function expiryWarnings(status: ExpiryStatus | null): readonly string[] {
  if (status?.isBehind !== true) return []
  const { lagMs, lookAgeMs } = status
  if (lookAgeMs >= lagMs) return [`The sweeper has not looked for due holds in the last ${inSeconds(lookAgeMs)}.`]
  return [`Due holds are not ended in time: the oldest one became due ${inSeconds(lagMs)} ago.`]
}

function inSeconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`
}

export class Warnings {
  readonly #store: Pick<StoreFacts, 'kind' | 'warnings' | 'inspect'>
  readonly #limits: Pick<HttpLimits, 'warningsAgeMsMax' | 'warningsWaitMsMax'>
  readonly #log: Logger
  readonly #clock: Clock
  #known: readonly string[]
  #lookedAtMs: number
  /** The read in progress. */
  #look: Promise<void> | null = null

  constructor(
    store: Pick<StoreFacts, 'kind' | 'warnings' | 'inspect'>,
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

  /** The warnings as sentences. If the database does not respond in time, the last known ones. Never rejects. */
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

  /** Reads the warnings again and logs new ones. */
  async #lookAgain(): Promise<void> {
    try {
      const found = await this.#store.inspect()
      for (const warning of found) if (!this.#known.includes(warning)) this.#log.warn(warning)
      this.#known = found
    } catch (error) {
      // `/readyz` checks separately whether the database can be used.
      this.#log.warn({ err: error }, 'the settings of the database could not be read')
    } finally {
      this.#lookedAtMs = this.#clock.elapsed()
      this.#look = null
    }
  }
}
