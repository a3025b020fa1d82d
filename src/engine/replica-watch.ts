/**
 * How far a database that is only read is behind, as an upper bound: what was committed before that time is in the answers.
 *
 * What is certain, and what is not:
 * - A replica that has applied everything it received, and is connected to its source, is not behind. A source that vanishes without a word
 *   is noticed by the replica only after a time of its own (`wal_receiver_timeout`, `replica_net_timeout`: 60 s by default). Until then
 *   its rows can be older than shown.
 * - Since this process saw that last, the bound grows with the time. So it is not wrong after a pause of the source, when the age of the last
 *   applied transaction is no measure.
 * - Otherwise the age is what the server says: a difference of the clocks of two machines.
 *
 * The state is asked for at most every `lagAgeMsMax`, when somebody wants to know. A lag that was found so long ago is that much larger.
 */
import { systemClock, type Clock } from './clock.ts'
import { REPLICA_LIMITS, type ReplicaLimits } from './limits.ts'
import type { ReplicaSource, ReplicaState } from './replica.ts'

export interface ReplicaLag {
  readonly role: ReplicaState['role'] | 'unknown'
  /** In milliseconds, 0 for a primary; null if it is not known. */
  readonly lagMs: number | null
  /** Why the rows are too old, as a sentence; null if they are not. */
  readonly behind: string | null
}

interface Look {
  readonly state: ReplicaState
  /** When it was asked for, on the clock's `elapsed`. */
  readonly at: number
}

export class ReplicaWatch {
  readonly #source: ReplicaSource
  readonly #clock: Pick<Clock, 'elapsed' | 'after'>
  readonly #limits: ReplicaLimits
  #last: Look | null = null
  /** When it was last seen without a lag, on the clock's `elapsed`. */
  #caughtUpAt = -Infinity
  #failure: string | null = null
  #triedAt = -Infinity
  #looking: Promise<void> | null = null

  constructor(
    source: ReplicaSource,
    limits: Partial<ReplicaLimits> = {},
    clock: Pick<Clock, 'elapsed' | 'after'> = systemClock,
  ) {
    this.#source = source
    this.#limits = { ...REPLICA_LIMITS, ...limits }
    this.#clock = clock
  }

  /** As it is known now; an old state is asked for again in the background. */
  current(): ReplicaLag {
    void this.#look()
    return this.#lag()
  }

  /** As `current`, after the answer of the server if the last one is old. Never rejects. */
  async check(): Promise<ReplicaLag> {
    const look = this.#look()
    if (look !== null) {
      const late = Promise.withResolvers<void>()
      const cancel = this.#clock.after(this.#limits.lagWaitMsMax, late.resolve)
      await Promise.race([look, late.promise])
      cancel()
    }
    return this.#lag()
  }

  #lag(): ReplicaLag {
    const last = this.#last
    const lagMs = last === null ? null : this.#lagOf(last)
    const { lagMsMax } = this.#limits
    const role = last?.state.role ?? 'unknown'
    if (lagMsMax === null || (lagMs !== null && lagMs <= lagMsMax)) return { role, lagMs, behind: null }
    if (lagMs !== null)
      return { role, lagMs, behind: `The replica may be ${lagMs} ms behind; the bound is ${lagMsMax} ms.` }
    return { role, lagMs, behind: `How far the replica is behind is not known. ${this.#reason()}` }
  }

  /** Null: not known. */
  #lagOf({ state, at }: Look): number | null {
    const now = this.#clock.elapsed()
    const sinceMs = Math.round(now - at)
    // A primary that does not answer any more may not be one any more.
    if (state.role === 'primary') return this.#failure === null ? 0 : sinceMs
    const bounds = [now - this.#caughtUpAt]
    if (state.ageMs !== null) bounds.push(state.ageMs + sinceMs)
    const lagMs = Math.round(Math.min(...bounds))
    return Number.isFinite(lagMs) ? Math.max(0, lagMs) : null
  }

  #reason(): string {
    if (this.#failure !== null) return this.#failure
    const state = this.#last?.state
    return (state?.role === 'replica' ? state.unknown : null) ?? 'The server has not said it yet.'
  }

  #look(): Promise<void> | null {
    if (this.#looking === null && this.#clock.elapsed() - this.#triedAt < this.#limits.lagAgeMsMax) return null
    this.#looking ??= this.#ask().finally(() => (this.#looking = null))
    return this.#looking
  }

  async #ask(): Promise<void> {
    const at = this.#clock.elapsed()
    try {
      const state = await this.#source.replicaState()
      this.#last = { state, at }
      this.#failure = null
      if (state.role === 'primary' || state.isCaughtUp) this.#caughtUpAt = at
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error)
    } finally {
      this.#triedAt = this.#clock.elapsed()
    }
  }
}
