/** Connections that are taken and released, and can be given up all at once. */
import { callbackify } from 'node:util'
import { Pool, type ClientConfig, type PoolClient } from 'pg'
import { Fault } from '../../engine/faults.ts'
import type { PoolGauges } from '../gauges.ts'
import type { HostSearch } from '../host-search.ts'
import type { Row } from '../sql/values.ts'
import { clientConfig, prepareSession, type Role } from './connection.ts'
import { faultOf } from './errors.ts'
import { followWrites } from './host-look.ts'
import { LedgerClient } from './ledger-client.ts'
import { atHost, type PostgresUrl } from './url.ts'

export type PooledClient = LedgerClient & { release(isSpoiled: boolean): void }

const IDLE_CONNECTION_MS = 60_000
/**
 * How long a connection to a server that accepts only reads is kept. The cause may be over, and the address may lead to another server
 * by then.
 */
const READ_ONLY_CONNECTION_MS = 1_000

export class ConnectionPool {
  readonly #pool: Pool
  readonly #search: HostSearch
  readonly #sizeMax: number
  #givenUpAt = -Infinity
  #lostCount = 0

  /** At most `sizeMax` connections, opened on demand to the server that `search` has found. */
  constructor(
    url: PostgresUrl,
    role: Role,
    { sizeMax, search }: { readonly sizeMax: number; readonly search: HostSearch },
  ) {
    this.#sizeMax = sizeMax
    this.#search = search
    class Client extends LedgerClient {
      constructor(config: ClientConfig) {
        super({ ...config, ...search.current })
      }
    }
    this.#pool = new Pool({
      ...clientConfig(url, role),
      Client: Client as unknown as new () => LedgerClient,
      max: sizeMax,
      idleTimeoutMillis: IDLE_CONNECTION_MS,
      allowExitOnIdle: true,
      verify: callbackify(async (client: PoolClient) => {
        const made = client as unknown as LedgerClient
        await prepareSession(made, atHost(url, { host: made.host, port: made.port }), role)
        followWrites(made, search)
      }),
    })
    const lose = (): void => {
      this.#lostCount++
      search.doubt()
    }
    // An idle connection was lost.
    this.#pool.on('error', lose)
    this.#pool.on('release', (error) => {
      if (error) lose()
    })
  }

  /** The number of connections that broke or were given up. */
  get lostCount(): number {
    return this.#lostCount
  }

  gauges(pool: string): PoolGauges {
    const { totalCount, idleCount: idle, waitingCount: waiting } = this.#pool
    return { pool, sizeMax: this.#sizeMax, idle, used: totalCount - idle, waiting }
  }

  /** A connection that the caller must release. @throws Fault `store_unavailable`, `store_misconfigured` */
  async take(): Promise<PooledClient> {
    if (this.#pool.ending) throw new Fault('store_unavailable', 'The ledger is closed.')
    try {
      // Waiting calls, and a connection that was being opened.
      for (let taken = 0; taken <= this.#sizeMax; taken++) {
        // Before the pool makes a connection: the place of a server that is gone is not tried again and again.
        if (this.#makesConnection) await this.#search.find()
        const client = (await this.#pool.connect()) as unknown as PooledClient
        if (!this.#isOutlived(client)) return client
        client.release(true)
      }
    } catch (error) {
      this.#search.doubt()
      throw faultOf(error)
    }
    throw new Fault('store_unavailable', 'The connections to PostgreSQL are being replaced.', { retryAfterMs: 100 })
  }

  /** The rows of one statement. @throws Fault `store_unavailable`, `store_misconfigured` */
  async query(sql: string, parameters: readonly unknown[]): Promise<QueryAnswer> {
    const client = await this.take()
    const { takesReadsOnly } = client
    let isSpoiled = true
    try {
      const { rows } = await client.query<Row, unknown[]>(sql, [...parameters])
      isSpoiled = false
      return { rows, wasFenced: client.takesReadsOnly && !takesReadsOnly }
    } catch (error) {
      throw faultOf(error)
    } finally {
      client.release(isSpoiled)
    }
  }

  /** Connections that were opened or being opened before this call are not used again. */
  giveUp(): void {
    this.#givenUpAt = performance.now()
    this.#lostCount++
  }

  async end(): Promise<void> {
    await this.#pool.end()
  }

  get #makesConnection(): boolean {
    return this.#pool.idleCount === 0 && this.#pool.totalCount < this.#sizeMax
  }

  #isOutlived({ madeAt, readyAt, takesReadsOnly }: PooledClient): boolean {
    if (madeAt <= this.#givenUpAt) return true
    return !this.#search.isForReading && takesReadsOnly && performance.now() - readyAt > READ_ONLY_CONNECTION_MS
  }
}

export interface QueryAnswer {
  readonly rows: readonly Row[]
  /** The server was known to accept writes, and accepts only reads now. */
  readonly wasFenced: boolean
}
