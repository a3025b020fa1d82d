/**
 * Loads of many rows, such as those of a batch of large transfers, in parts, so that other calls can run in between.
 *
 * They have a connection of their own, because their read transaction stays open while others commit, and run one after another.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Snapshot } from '../../domain/snapshot.ts'
import type { Footprint } from '../../domain/footprint.ts'
import { unusable } from './errors.ts'
import type { LastBalanceId } from './snapshots.ts'
import { SqliteTables } from './tables.ts'

export class LongLoads {
  readonly #open: () => DatabaseSync
  readonly #lastBalanceId: LastBalanceId
  #database: DatabaseSync | null = null
  #tables: SqliteTables | null = null
  /** Resolves when the last load has ended, also when it failed. */
  #last: Promise<unknown> = Promise.resolve()

  /** @param open called by the first load */
  constructor(open: () => DatabaseSync, lastBalanceId: LastBalanceId) {
    this.#open = open
    this.#lastBalanceId = lastBalanceId
  }

  /** @throws Fault as the write port's `load` */
  load(footprint: Footprint): Promise<Snapshot> {
    const loading = this.#last.then(() => this.#running().loadInTurns(footprint))
    this.#last = loading.catch(() => undefined)
    return loading
  }

  /** Waits for running loads. */
  async close(): Promise<void> {
    await this.#last
    this.#database?.close()
    this.#database = null
  }

  #running(): SqliteTables {
    try {
      this.#database ??= this.#open()
      return (this.#tables ??= new SqliteTables(this.#database, this.#lastBalanceId))
    } catch (error) {
      throw unusable(error)
    }
  }
}
