/** The write port over SQLite, on the calling thread. */
import type { Changes, Footprint, Snapshot } from '../../domain/snapshot.ts'
import { Fault } from '../../engine/faults.ts'
import type { CommitResult, Store } from '../../engine/store.ts'
import type { SqliteTables } from './tables.ts'

export class SqliteStore implements Store {
  readonly #tables: SqliteTables

  constructor(tables: SqliteTables) {
    this.#tables = tables
  }

  async load(footprint: Footprint): Promise<Snapshot> {
    return this.#open().load(footprint)
  }

  async commit(changes: Changes): Promise<CommitResult> {
    return this.#open().commit(changes)
  }

  async exclusive(footprint: Footprint, plan: (snapshot: Snapshot) => Changes): Promise<CommitResult> {
    const tables = this.#open()
    const snapshot = tables.beginExclusive(footprint)
    if (snapshot === null) return 'contended'
    try {
      const changes = plan(snapshot)
      return tables.endExclusive(changes)
    } catch (error) {
      tables.abortExclusive()
      throw error
    }
  }

  async ping(): Promise<void> {
    this.#open().ping()
  }

  #open(): SqliteTables {
    if (!this.#tables.isOpen) throw new Fault('store_unavailable', 'The ledger is closed.')
    return this.#tables
  }
}
