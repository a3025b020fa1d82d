/**
 * All connections of an open ledger, which lead to one server. When one of them finds that this is not the primary, or another one is found, all
 * are replaced.
 */
import type { PoolGauges } from '../gauges.ts'
import { HostSearch, type Purpose } from '../host-search.ts'
import type { Query } from '../sql/dialect.ts'
import { CommitLine } from './commit-line.ts'
import { ConnectionPool } from './connection-pool.ts'
import { connect, type Role } from './connection.ts'
import { followWrites, lookAt, lookToRead } from './host-look.ts'
import type { LedgerClient } from './ledger-client.ts'
import { atHost, type PostgresUrl } from './url.ts'

/** An engine loads with one connection and locks with one; the third replaces one that the server has not ended yet. */
const WRITE_POOL_SIZE = 3

export class Connections {
  readonly line: CommitLine
  /** For loads and exclusives. */
  readonly writes: ConnectionPool
  readonly #reads: ConnectionPool
  readonly #audits: ConnectionPool
  readonly #keys: ConnectionPool
  readonly search: HostSearch
  #closing: Promise<void> | null = null

  constructor(url: PostgresUrl, purpose: Purpose = 'write') {
    const search = searchOf(url, purpose)
    const open = async (): Promise<LedgerClient> => await connectToHost(url, 'write', search)
    this.search = search
    this.line = new CommitLine(open, () => search.doubt())
    this.writes = new ConnectionPool(url, 'write', { sizeMax: WRITE_POOL_SIZE, search })
    this.#reads = new ConnectionPool(url, 'read', { sizeMax: url.poolSize, search })
    this.#audits = new ConnectionPool(url, 'audit', { sizeMax: 1, search })
    this.#keys = new ConnectionPool(url, 'read', { sizeMax: 1, search })
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
    this.search.doubt()
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

export function searchOf(url: PostgresUrl, purpose: Purpose = 'write'): HostSearch {
  const look = purpose === 'write' ? lookAt : lookToRead
  return new HostSearch({ hosts: url.hosts, look: (host) => look(atHost(url, host)), purpose })
}

/** A connection outside of the pools, to the server that `search` finds where the URL names several. */
export async function connectToHost(url: PostgresUrl, role: Role, search: HostSearch): Promise<LedgerClient> {
  const host = await search.find()
  try {
    const client = await connect(atHost(url, host), role)
    followWrites(client, search)
    return client
  } catch (error) {
    search.doubt()
    throw error
  }
}
