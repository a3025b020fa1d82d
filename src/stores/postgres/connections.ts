/** Every connection of an open ledger. What one of them learns of the server concerns them all. */
import type { Query } from '../sql/dialect.ts'
import { CommitLine } from './commit-line.ts'
import { ConnectionPool } from './connection-pool.ts'
import { connect } from './connection.ts'
import type { PostgresUrl } from './url.ts'

/** An engine loads and locks with one at a time; the third is for one that the server has not given up yet. */
const WRITE_POOL_SIZE = 3

export class Connections {
  readonly line: CommitLine
  /** For loads and exclusives. */
  readonly writes: ConnectionPool
  readonly #reads: ConnectionPool
  readonly #audits: ConnectionPool
  #closing: Promise<void> | null = null

  constructor(url: PostgresUrl) {
    this.line = new CommitLine(() => connect(url, 'write'))
    this.writes = new ConnectionPool(url, 'write', WRITE_POOL_SIZE)
    this.#reads = new ConnectionPool(url, 'read', url.poolSize)
    this.#audits = new ConnectionPool(url, 'audit', 1)
  }

  /** Connections that broke or were given up, of those that commands rest on. */
  get lostCount(): number {
    return this.line.lostCount + this.writes.lostCount
  }

  readonly read: Query = (sql, parameters) => this.#query(this.#reads, sql, parameters)

  readonly audit: Query = (sql, parameters) => this.#query(this.#audits, sql, parameters)

  /** The server is not the primary any more: what comes next goes where the address leads now. */
  giveUp(): void {
    for (const pool of [this.writes, this.#reads, this.#audits]) pool.giveUp()
    void this.line.reconnect()
  }

  async close(): Promise<void> {
    const { line, writes } = this
    this.#closing ??= Promise.all([line.close(), writes.end(), this.#reads.end(), this.#audits.end()]).then(
      () => undefined,
    )
    await this.#closing
  }

  async #query(pool: ConnectionPool, sql: string, parameters: readonly unknown[]): ReturnType<Query> {
    const { rows, wasFenced } = await pool.query(sql, parameters)
    if (!wasFenced) return rows
    this.giveUp()
    // Where the address leads to no other server, this one is read as it is.
    return (await pool.query(sql, parameters)).rows
  }
}
