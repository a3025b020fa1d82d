/**
 * The ledger's tables in one SQLite file: synchronous reads and transactions.
 *
 * The three verbs of the write port, without promises; store.ts chooses their threads.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Instant } from '../../domain/ids.ts'
import type { Footprint } from '../../domain/footprint.ts'
import type { Snapshot } from '../../domain/snapshot.ts'
import type { ActorUse } from '../../engine/actor-book.ts'
import type { CommitResult, StoreClock } from '../../engine/store.ts'
import { clockOf } from '../sql/clock.ts'
import { SqliteActors } from './actors.ts'
import { classify, inDoubt, isSqliteError, refused, unusable } from './errors.ts'
import { prepareReads, type Reads } from './reads.ts'
import { LastBalanceId, SnapshotReads } from './snapshots.ts'
import { SqliteWrites, type FlatChanges } from './writes.ts'

export class SqliteTables {
  readonly #database: DatabaseSync
  readonly #statements: ReturnType<typeof prepareTransactions>
  readonly #reads: Reads
  readonly #snapshots: SnapshotReads
  readonly #writes: SqliteWrites
  readonly #actors: SqliteActors

  /** @param lastBalanceId shared by all tables of a process that load */
  constructor(database: DatabaseSync, lastBalanceId = new LastBalanceId()) {
    this.#database = database
    this.#statements = prepareTransactions(database)
    this.#reads = prepareReads(database)
    this.#snapshots = new SnapshotReads(this.#reads, lastBalanceId)
    this.#writes = new SqliteWrites(database)
    this.#actors = new SqliteActors(database)
  }

  get isOpen(): boolean {
    return this.#database.isOpen
  }

  /** @throws Fault `store_unavailable`, `store_misconfigured` */
  load(footprint: Footprint): Snapshot {
    try {
      this.#statements.begin.run()
      const snapshot = this.#snapshots.all(footprint)
      this.#statements.commit.run()
      return snapshot
    } catch (error) {
      this.#rollBack()
      throw unusable(error)
    }
  }

  /** As `load`, with turns of the event loop in between. The connection must not be used for anything else meanwhile. */
  async loadInTurns(footprint: Footprint): Promise<Snapshot> {
    try {
      this.#statements.begin.run()
      const reading = this.#snapshots.inTurns(footprint)
      let step = reading.next()
      while (step.done !== true) {
        await new Promise((resolve) => setImmediate(resolve))
        step = reading.next()
      }
      this.#statements.commit.run()
      return step.value
    } catch (error) {
      this.#rollBack()
      throw unusable(error)
    }
  }

  /** @throws Fault `store_unavailable`, `store_misconfigured`, `store_refused`, `commit_in_doubt` */
  commit(changes: FlatChanges): CommitResult {
    return this.#transaction(() => this.#writes.write(changes))
  }

  /**
   * Takes SQLite's one write lock, which locks every balance, and reads. `endExclusive` or `abortExclusive` must follow.
   *
   * @throws Fault as `commit`; null when another connection has the lock
   */
  beginExclusive(footprint: Footprint): Snapshot | null {
    try {
      this.#statements.beginImmediate.run()
      return this.#snapshots.all(footprint)
    } catch (error) {
      this.#rollBack()
      if (isSqliteError(error) && classify(error) === 'lock_timeout') return null
      throw unusable(error)
    }
  }

  /** Ends what `beginExclusive` began: writes and commits. @throws as `commit` */
  endExclusive(changes: FlatChanges): CommitResult {
    return this.#finish(() => this.#writes.write(changes))
  }

  /** Rolls back what `beginExclusive` began. */
  abortExclusive(): void {
    this.#rollBack()
  }

  /** Takes and releases the write lock: fails if a commit would fail. @throws Fault `store_unavailable`, `store_misconfigured` */
  ping(): 'free' | 'lock_timeout' {
    try {
      this.#statements.beginImmediate.run()
      this.#statements.probe.run()
      this.#statements.rollback.run()
      return 'free'
    } catch (error) {
      this.#rollBack()
      if (isSqliteError(error) && classify(error) === 'lock_timeout') return 'lock_timeout'
      throw unusable(error)
    }
  }

  /** The number of an actor, which is there and durable then. @throws Fault `store_unavailable`, `store_misconfigured`, `store_refused` */
  actor(use: ActorUse, at: Instant): number | 'lock_timeout' {
    try {
      const found = this.#actors.find(use)
      if (found !== null) return found
    } catch (error) {
      throw unusable(error)
    }
    const added = this.#transaction(() => {
      // Another process may have added it before this one had the lock.
      if (this.#actors.find(use) === null) this.#actors.add(use, at)
      return 'written'
    })
    return added === 'committed' ? this.#actors.find(use)! : 'lock_timeout'
  }

  /** @throws Fault `store_unavailable`, `store_misconfigured` */
  clock(): StoreClock {
    try {
      return clockOf(this.#reads.selectClock.get()!)
    } catch (error) {
      throw unusable(error)
    }
  }

  #transaction(write: () => 'written' | 'stale'): CommitResult {
    return this.#finish(() => {
      this.#statements.beginImmediate.run()
      return write()
    })
  }

  #finish(write: () => 'written' | 'stale'): CommitResult {
    try {
      if (write() === 'stale') {
        this.#rollBack()
        return 'stale'
      }
    } catch (error) {
      this.#rollBack()
      // Any other error is about a value that SQLite cannot store, such as an integer beyond int64.
      if (!isSqliteError(error)) throw refused(error)
      switch (classify(error)) {
        case 'stale':
          return 'stale'
        case 'lock_timeout':
          return 'lock_timeout'
        case 'refused':
          throw refused(error)
        case 'misconfigured':
        case 'unavailable':
          throw unusable(error)
      }
    }
    try {
      this.#statements.commit.run()
      return 'committed'
    } catch (error) {
      this.#rollBack()
      throw inDoubt(error)
    }
  }

  #rollBack(): void {
    if (this.#database.isTransaction) this.#statements.rollback.run()
  }
}

function prepareTransactions(database: DatabaseSync) {
  return {
    begin: database.prepare('BEGIN'),
    beginImmediate: database.prepare('BEGIN IMMEDIATE'),
    commit: database.prepare('COMMIT'),
    rollback: database.prepare('ROLLBACK'),
    /** Changes nothing, but fails if the file may not be written. BEGIN IMMEDIATE does not. */
    probe: database.prepare(`UPDATE accounts SET metadata = metadata WHERE account = ''`),
  }
}
