/** All connections of an open ledger. When one of them finds that its server is not the primary, all are replaced. */
import type { PoolGauges } from '../gauges.ts'
import type { Query } from '../sql/dialect.ts'
import { CommitLine } from './commit-line.ts'
import { ConnectionPool } from './connection-pool.ts'
import { connect } from './connection.ts'
import type { PostgresUrl } from './url.ts'

/** An engine loads with one connection and locks with one; the third replaces one that the server has not ended yet. */
const WRITE_POOL_SIZE = 3

export class Connections {
  readonly line: CommitLine
  /** For loads and exclusives. */
  readonly writes: ConnectionPool
  readonly #reads: ConnectionPool
  readonly #audits: ConnectionPool
  readonly #keys: ConnectionPool
  #closing: Promise<void> | null = null

  constructor(url: PostgresUrl) {
    this.line = new CommitLine(() => connect(url, 'write'))
    this.writes = new ConnectionPool(url, 'write', WRITE_POOL_SIZE)
    this.#reads = new ConnectionPool(url, 'read', url.poolSize)
    this.#audits = new ConnectionPool(url, 'audit', 1)
    this.#keys = new ConnectionPool(url, 'read', 1)
  }

  /** Connections for commands that broke or were given up. */
  get lostCount(): number {
    return this.line.lostCount + this.writes.lostCount
  }

  gauges(): readonly PoolGauges[] {
    return [this.writes.gauges('writes'), this.#reads.gauges('reads'), this.#audits.gauges('audits')]
  }

  readonly read: Query = (sql, parameters) => this.#query(this.#reads, sql, parameters)

  readonly audit: Query = (sql, parameters) => this.#query(this.#audits, sql, parameters)

  /** Of one connection, so that a look at the keys does not wait for other reads. */
  readonly readKeys: Query = (sql, parameters) => this.#query(this.#keys, sql, parameters)

  readonly writeKeys: Query = async (sql, parameters) => (await this.#keys.query(sql, parameters)).rows

  /** The server is no longer the primary: later statements go to the server that the address means now. */
  giveUp(): void {
    for (const pool of [this.writes, this.#reads, this.#audits, this.#keys]) pool.giveUp()
    void this.line.reconnect()
  }

  async close(): Promise<void> {
    const pools = [this.writes, this.#reads, this.#audits, this.#keys]
    this.#closing ??= Promise.all([this.line.close(), ...pools.map((pool) => pool.end())]).then(() => undefined)
    await this.#closing
  }

  async #query(pool: ConnectionPool, sql: string, parameters: readonly unknown[]): ReturnType<Query> {
    const { rows, wasFenced } = await pool.query(sql, parameters)
    if (!wasFenced) return rows
    this.giveUp()
    // Where the address leads to the same server, its rows are read.
    return (await pool.query(sql, parameters)).rows
  }
}
