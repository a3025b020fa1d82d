/** One `exclusive` in two round trips; the second one writes and commits. */
import { type Snapshot } from '../../domain/snapshot.ts'
import { isEmpty, type Changes } from '../../domain/changes.ts'
import { type Footprint } from '../../domain/footprint.ts'
import { Fault } from '../../engine/faults.ts'
import { isContended, type CommitResult, type Contended } from '../../engine/store.ts'
import type { RunningNumbers } from '../../domain/running-numbers.ts'
import type { PooledClient } from './connection-pool.ts'
import { classify, faultOf, inDoubt, resultOf, UNPROVEN } from './errors.ts'
import type { OldRows } from './old-rows.ts'
import { lockSnapshot, type Found } from './snapshots.ts'
import { waitForStandbys } from './standbys.ts'
import { writeStatement } from './writes.ts'

export class ExclusiveTransaction {
  readonly #client: PooledClient
  readonly #oldRows: OldRows | null
  /** Whether the server may still have a transaction of this connection. */
  #open = true
  /** Whether the connection or its server failed, so that the connection is not used again. */
  #spoiled = false

  /** @param oldRows null: there is no bridge to an old system */
  constructor(client: PooledClient, oldRows: OldRows | null) {
    this.#client = client
    this.#oldRows = oldRows
  }

  async run(footprint: Footprint, ids: RunningNumbers, plan: (snapshot: Snapshot) => Changes): Promise<CommitResult> {
    try {
      const found = await this.#lock(footprint, ids)
      if (typeof found === 'string') return found
      const changes = plan(found.snapshot)
      if (!isEmpty(changes)) return await this.#write(changes)
      if (found.isUnconfirmed) await this.#confirm()
      return 'committed'
    } catch (error) {
      this.#spoiled = error instanceof Fault && error.code !== 'store_refused'
      throw error
    }
  }

  /** Releases the connection, outside of any transaction. */
  async end(): Promise<void> {
    try {
      if (this.#open) await this.#client.query('ROLLBACK')
      this.#client.release(this.#spoiled)
    } catch {
      this.#client.release(true)
    }
  }

  /** Why not, when another writer held the locks. */
  async #lock(footprint: Footprint, ids: RunningNumbers): Promise<Found | Contended> {
    try {
      return await lockSnapshot(this.#client, footprint, { ids, oldRows: this.#oldRows })
    } catch (error) {
      const failure = classify(error)
      if (isContended(failure)) return failure
      throw faultOf(error)
    }
  }

  /** The rows that were read have to be as durable as those that are written. The locks are released first. */
  async #confirm(): Promise<void> {
    try {
      await this.#client.query('ROLLBACK')
      this.#open = false
      await waitForStandbys(this.#client)
    } catch (error) {
      throw inDoubt(error)
    }
  }

  /** COMMIT is sent together with the rows: when the rows are refused, PostgreSQL answers it with ROLLBACK. */
  async #write(changes: Changes): Promise<CommitResult> {
    const { unprovenCount } = this.#client
    const [written, ended] = await Promise.allSettled([
      this.#client.query(writeStatement(changes)),
      this.#client.query('COMMIT'),
    ])
    this.#open = ended.status === 'rejected'
    if (written.status === 'rejected' && (!this.#open || isCertain(written.reason))) return resultOf(written.reason)
    if (ended.status === 'rejected') {
      if (isCertain(ended.reason)) return resultOf(ended.reason)
      throw inDoubt(ended.reason)
    }
    if (ended.value.command !== 'COMMIT') throw inDoubt(new Error(`COMMIT was answered with ${ended.value.command}.`))
    if (this.#client.unprovenCount !== unprovenCount) throw inDoubt(new Error(UNPROVEN))
    return 'committed'
  }
}

/** Whether the transaction was certainly rolled back, also when the error is the last answer. */
function isCertain(error: unknown): boolean {
  return !['unavailable', 'unknown'].includes(classify(error))
}
