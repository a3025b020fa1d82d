/** A replica beside the database that is written: it may be away when the process starts, and come later. */
import { createHash } from 'node:crypto'
import { asFault, Fault } from '../engine/faults.ts'
import type { ReplicaReader, ReplicaSource, ReplicaState } from '../engine/replica.ts'
import type { PoolGauges } from './gauges.ts'
import type { ReadStorage } from './read-storage.ts'
import { MigrationError } from './sql/migrator.ts'

/** After a failure it is not opened again for this time. */
const PAUSE_MS = 1_000

export class LateReading implements ReplicaSource {
  readonly #open: () => Promise<ReadStorage>
  #opening: Promise<ReadStorage> | null = null
  #opened: ReadStorage | null = null
  #failure: Fault | null = null
  #failedAt = -Infinity
  #isClosed = false

  constructor(open: () => Promise<ReadStorage>) {
    this.#open = open
  }

  /** Opens it now, if it can be. @throws what is wrong with the URL itself */
  async begin(): Promise<void> {
    try {
      await this.#storage()
    } catch (error) {
      if (!(error instanceof Fault)) throw error
    }
  }

  /** @throws Fault `store_unavailable`, `store_misconfigured` */
  async reader(): Promise<ReplicaReader> {
    const storage = await this.#storage()
    return { reader: storage.reader, name: () => shortNameOf(storage.place()) }
  }

  async replicaState(): Promise<ReplicaState> {
    return await (await this.#storage()).replicaState()
  }

  pools(): readonly PoolGauges[] {
    return (this.#opened?.gauges().pools ?? []).map((pool) => ({ ...pool, pool: `replica_${pool.pool}` }))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#opening?.catch(() => undefined)
    await this.#opened?.close()
  }

  async #storage(): Promise<ReadStorage> {
    if (this.#isClosed) throw new Fault('store_unavailable', 'The ledger is closed.')
    if (this.#opened !== null) return this.#opened
    if (this.#failure !== null && performance.now() - this.#failedAt < PAUSE_MS) throw this.#failure
    this.#opening ??= this.#try().finally(() => (this.#opening = null))
    return await this.#opening
  }

  async #try(): Promise<ReadStorage> {
    try {
      this.#opened = await this.#open()
      return this.#opened
    } catch (error) {
      // The replica may not have the migration yet that the primary has.
      const isPassing = error instanceof MigrationError || error instanceof Fault
      if (!isPassing) throw error
      this.#failure = error instanceof Fault ? asFault(error) : new Fault('store_misconfigured', error.message)
      this.#failedAt = performance.now()
      throw this.#failure
    }
  }
}

/** A name of a server for cursors, which does not say where it is. */
function shortNameOf(place: string): string {
  return createHash('sha256').update(place).digest('hex').slice(0, 8)
}
