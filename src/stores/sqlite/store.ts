/**
 * The write port over SQLite: small batches on the calling thread, large ones on a thread of their own (docs/adr/0005).
 *
 * SQLite has one write lock. While the thread commits, everything that needs it goes there too, or waits.
 */
import type { Changes, Footprint, Snapshot } from '../../domain/snapshot.ts'
import { Fault } from '../../engine/faults.ts'
import type { CommitResult, Store } from '../../engine/store.ts'
import { flatten } from './flat-changes.ts'
import type { SqliteTables } from './tables.ts'
import type { WritingThread } from './writing-thread.ts'

/**
 * Postings that make a batch worth two hops between threads: those of 500 freezes, which is a full batch
 * (`batchCommandsMax` of an embedded ledger).
 */
const THREAD_POSTINGS_MIN = 500

export class SqliteStore implements Store {
  readonly #tables: SqliteTables
  readonly #thread: WritingThread

  constructor(tables: SqliteTables, thread: WritingThread) {
    this.#tables = tables
    this.#thread = thread
  }

  async load(footprint: Footprint): Promise<Snapshot> {
    return this.#open().load(footprint)
  }

  async commit(changes: Changes): Promise<CommitResult> {
    const tables = this.#open()
    return this.#isForThread(changes) ? await this.#thread.commit(flatten(changes)) : tables.commit(flatten(changes))
  }

  #isForThread(changes: Changes): boolean {
    if (this.#thread.isBusy) return true
    if (changes.postings.length < THREAD_POSTINGS_MIN) return false
    this.#thread.start()
    return this.#thread.isReady
  }

  async exclusive(footprint: Footprint, plan: (snapshot: Snapshot) => Changes): Promise<CommitResult> {
    await this.#thread.idle()
    const tables = this.#open()
    const snapshot = tables.beginExclusive(footprint)
    if (snapshot === null) return 'contended'
    try {
      const changes = plan(snapshot)
      return tables.endExclusive(flatten(changes))
    } catch (error) {
      tables.abortExclusive()
      throw error
    }
  }

  async ping(): Promise<void> {
    await this.#thread.idle()
    this.#open().ping()
  }

  #open(): SqliteTables {
    if (!this.#tables.isOpen) throw new Fault('store_unavailable', 'The ledger is closed.')
    return this.#tables
  }
}
