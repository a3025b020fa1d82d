/** PostgreSQL through pg. BEGIN is sent together with the first statement of a transaction, which saves a round trip. */
import { Client, DatabaseError } from 'pg'
import { parsePostgresUrl } from '../../src/stores/postgres/url.ts'
import { closeAll, committed, ConnectionQueue, openAll } from './connection-queue.ts'
import {
  DatabaseFailure,
  type Connection,
  type Database,
  type DatabaseOptions,
  type FailureCode,
  type Row,
  type Value,
} from './database.ts'

const CODES: Readonly<Record<string, FailureCode>> = {
  '23505': 'duplicate', // unique_violation
  '40001': 'serialization', // serialization_failure
  '40P01': 'deadlock', // deadlock_detected
  '55P03': 'lock_timeout', // lock_not_available
}

export async function openPostgres(url: string, { connectionsMax, lockTimeoutMs }: DatabaseOptions): Promise<Database> {
  const connections = await openAll(connectionsMax, () => PostgresConnection.open(url))
  await Promise.all(connections.map((connection) => connection.text(`SET lock_timeout = ${lockTimeoutMs}`)))
  const queue = new ConnectionQueue(connections)
  return {
    dialect: 'postgres',
    transaction: (work) =>
      queue.use((connection) =>
        committed(connection, async () => {
          const begun = connection.text('BEGIN')
          begun.catch(() => undefined)
          const result = await work(connection)
          await begun
          return result
        }),
      ),
    run: (statements) =>
      queue.use(async (connection) => {
        for (const sql of statements) await connection.text(sql)
      }),
    [Symbol.asyncDispose]: () => closeAll(connections),
  }
}

/** A prepared statement by its text; its name is the same on every connection. */
interface Prepared {
  readonly name: string
  readonly text: string
}

const prepared = new Map<string, Prepared>()

class PostgresConnection implements Connection {
  readonly #client: Client

  private constructor(client: Client) {
    this.#client = client
  }

  /** @throws DatabaseFailure */
  static async open(url: string): Promise<PostgresConnection> {
    const client = connectPostgres(url)
    try {
      await client.connect()
      return new PostgresConnection(client)
    } catch (error) {
      throw failureOf(error)
    }
  }

  async select(sql: string, parameters: readonly Value[]): Promise<readonly Row[]> {
    return (await this.#execute(sql, parameters)).rows
  }

  async change(sql: string, parameters: readonly Value[]): Promise<number> {
    return (await this.#execute(sql, parameters)).rowCount ?? 0
  }

  /** Runs a statement without parameters and without preparing it. */
  async text(sql: string): Promise<void> {
    try {
      await this.#client.query(sql)
    } catch (error) {
      throw failureOf(error)
    }
  }

  async close(): Promise<void> {
    await this.#client.end()
  }

  async #execute(sql: string, parameters: readonly Value[]) {
    let statement = prepared.get(sql)
    if (statement === undefined) {
      statement = { name: `lab_${prepared.size}`, text: numbered(sql) }
      prepared.set(sql, statement)
    }
    try {
      return await this.#client.query<Row, unknown[]>({ ...statement, values: [...parameters] })
    } catch (error) {
      throw failureOf(error)
    }
  }
}

/** A client for the store URL, not yet connected. */
export function connectPostgres(url: string): Client {
  const { host, port, user, password, database, tls, connectTimeoutMs } = parsePostgresUrl(url)
  const client = new Client({
    host,
    port,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { database }),
    ssl: tls,
    application_name: 'holdfast-bench',
    connectionTimeoutMillis: connectTimeoutMs,
    pipeline: true,
  })
  // A broken connection rejects the pending call; an unhandled 'error' event would end the process.
  client.on('error', () => undefined)
  return client
}

/** Replaces `?` by `$1`, `$2`, … No statement of the lab contains a quoted question mark. */
function numbered(sql: string): string {
  let count = 0
  return sql.replaceAll('?', () => `$${++count}`)
}

function failureOf(error: unknown): DatabaseFailure {
  const state = error instanceof DatabaseError ? (error.code ?? '') : ''
  return new DatabaseFailure(CODES[state] ?? 'database', error)
}
