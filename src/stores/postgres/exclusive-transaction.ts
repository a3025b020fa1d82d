/** One `exclusive`: two round trips, of which the second writes and commits. */
import type { PoolClient } from 'pg'
import { isEmpty, type Changes, type Footprint, type Snapshot } from '../../domain/snapshot.ts'
import { Fault } from '../../engine/faults.ts'
import type { CommitResult } from '../../engine/store.ts'
import type { BalanceIds } from '../sql/balance-ids.ts'
import { classify, inDoubt, resultOf, unavailable } from './errors.ts'
import { lockSnapshot } from './snapshots.ts'
import { writeStatement } from './statements.ts'

export class ExclusiveTransaction {
  readonly #client: PoolClient
  /** Whether the server may still have a transaction of this connection. */
  #open = true
  /** Whether something is wrong with the connection or the server behind it, so that the next one should get another. */
  #spoiled = false

  constructor(client: PoolClient) {
    this.#client = client
  }

  async run(footprint: Footprint, ids: BalanceIds, plan: (snapshot: Snapshot) => Changes): Promise<CommitResult> {
    try {
      const snapshot = await this.#lock(footprint, ids)
      if (snapshot === null) return 'contended'
      const changes = plan(snapshot)
      return isEmpty(changes) ? 'committed' : await this.#write(changes)
    } catch (error) {
      this.#spoiled = error instanceof Fault && error.code !== 'store_refused'
      throw error
    }
  }

  /** Hands the connection back, outside of any transaction. */
  async end(): Promise<void> {
    try {
      if (this.#open) await this.#client.query('ROLLBACK')
      this.#client.release(this.#spoiled)
    } catch {
      this.#client.release(true)
    }
  }

  /** Null when another writer kept the locks for too long. */
  async #lock(footprint: Footprint, ids: BalanceIds): Promise<Snapshot | null> {
    try {
      return await lockSnapshot(this.#client, footprint, ids)
    } catch (error) {
      if (classify(error) === 'contended') return null
      throw unavailable(error)
    }
  }

  /** COMMIT goes out together with the rows: where they were refused, PostgreSQL answers it with ROLLBACK. */
  async #write(changes: Changes): Promise<CommitResult> {
    const [written, ended] = await Promise.allSettled([
      this.#client.query(writeStatement(changes)),
      this.#client.query('COMMIT'),
    ])
    this.#open = ended.status === 'rejected'
    if (written.status === 'rejected' && (!this.#open || classify(written.reason) !== 'unavailable')) {
      return resultOf(written.reason)
    }
    if (ended.status === 'rejected') {
      if (classify(ended.reason) !== 'unavailable') return resultOf(ended.reason)
      throw inDoubt(ended.reason)
    }
    if (ended.value.command !== 'COMMIT') throw inDoubt(new Error(`COMMIT was answered with ${ended.value.command}.`))
    return 'committed'
  }
}
