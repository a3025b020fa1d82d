/** The write port over PostgreSQL. */
import type { Pool, PoolClient } from 'pg'
import { isEmpty, type Changes, type Footprint, type Snapshot } from '../../domain/snapshot.ts'
import { Fault } from '../../engine/faults.ts'
import type { CommitResult, Store } from '../../engine/store.ts'
import { BalanceIds } from '../sql/balance-ids.ts'
import type { CommitLine } from './commit-line.ts'
import { resultOf, sqlStateOf, unavailable } from './errors.ts'
import { ExclusiveTransaction } from './exclusive-transaction.ts'
import { loadSnapshot } from './snapshots.ts'
import { writeStatement } from './statements.ts'

const READ_ONLY_STATE = '25006'

export class PostgresStore implements Store {
  readonly connectionsLost = 0
  readonly #line: CommitLine
  /** For loads and exclusives. */
  readonly #pool: Pool
  readonly #ids = new BalanceIds()
  #closing: Promise<void> | null = null

  constructor(line: CommitLine, pool: Pool) {
    this.#line = line
    this.#pool = pool
  }

  async load(footprint: Footprint): Promise<Snapshot> {
    const client = await this.#connection()
    let isClean = false
    try {
      const snapshot = await loadSnapshot(client, footprint, this.#ids)
      isClean = true
      return snapshot
    } catch (error) {
      throw unavailable(error)
    } finally {
      client.release(!isClean)
    }
  }

  async commit(changes: Changes): Promise<CommitResult> {
    if (isEmpty(changes)) return 'committed'
    try {
      await this.#line.send(writeStatement(changes))
      return 'committed'
    } catch (error) {
      if (error instanceof Fault) throw error
      // The server behind this address may have become the standby of another one.
      if (sqlStateOf(error) === READ_ONLY_STATE) void this.#line.reconnect()
      return resultOf(error)
    }
  }

  async exclusive(footprint: Footprint, plan: (snapshot: Snapshot) => Changes): Promise<CommitResult> {
    const client = await this.#connection()
    const transaction = new ExclusiveTransaction(client)
    try {
      return await transaction.run(footprint, this.#ids, plan)
    } finally {
      await transaction.end()
    }
  }

  async ping(): Promise<void> {
    const text = `SELECT current_setting('transaction_read_only') AS read_only`
    try {
      const { rows } = await this.#line.send({ name: 'holdfast_ping', text })
      if (rows[0]?.['read_only'] === 'off') return
    } catch (error) {
      if (error instanceof Fault && error.code === 'store_unavailable') throw error
      throw unavailable(error instanceof Fault ? error.cause : error)
    }
    void this.#line.reconnect()
    throw new Fault('store_unavailable', 'PostgreSQL takes reads only.', { retryAfterMs: 1_000 })
  }

  async close(): Promise<void> {
    this.#closing ??= Promise.all([this.#line.close(), this.#pool.end()]).then(() => undefined)
    await this.#closing
  }

  async #connection(): Promise<PoolClient> {
    if (this.#closing !== null) throw new Fault('store_unavailable', 'The ledger is closed.')
    try {
      return await this.#pool.connect()
    } catch (error) {
      throw unavailable(error)
    }
  }
}
