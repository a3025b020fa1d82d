/**
 * MySQL and MariaDB through mysql2.
 *
 * Autocommit is off, as in Python's drivers: a transaction begins with its first statement, which saves a round trip.
 */
import { createConnection, type Connection as Driver, type QueryError, type ResultSetHeader } from 'mysql2'
import { parseMysqlUrl } from '../../src/stores/mysql/url.ts'
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

const CODES: Readonly<Record<number, FailureCode>> = {
  1020: 'serialization', // ER_CHECKREAD: MariaDB, the row has changed since it was read.
  1062: 'duplicate', // ER_DUP_ENTRY
  1205: 'lock_timeout', // ER_LOCK_WAIT_TIMEOUT
  1213: 'deadlock', // ER_LOCK_DEADLOCK
}

export async function openMysql(url: string, { connectionsMax, lockTimeoutMs }: DatabaseOptions): Promise<Database> {
  const connections = await openAll(connectionsMax, () => MysqlConnection.open(url))
  const lockSeconds = Math.max(1, Math.round(lockTimeoutMs / 1_000))
  const session = `SET SESSION autocommit = 0, innodb_lock_wait_timeout = ${lockSeconds}`
  await Promise.all(connections.map((connection) => connection.text(session)))
  const queue = new ConnectionQueue(connections)
  return {
    dialect: 'mysql',
    transaction: (work) => queue.use((connection) => committed(connection, work)),
    run: (statements) =>
      queue.use(async (connection) => {
        for (const sql of statements) await connection.text(sql)
        await connection.text('COMMIT')
      }),
    [Symbol.asyncDispose]: () => closeAll(connections),
  }
}

class MysqlConnection implements Connection {
  readonly #driver: Driver

  private constructor(driver: Driver) {
    this.#driver = driver
  }

  /** @throws DatabaseFailure */
  static async open(url: string): Promise<MysqlConnection> {
    const driver = connectMysql(url)
    const connection = new MysqlConnection(driver)
    // The first statement waits for the login, and fails if the login does.
    await connection.text('SELECT 1')
    return connection
  }

  select(sql: string, parameters: readonly Value[]): Promise<readonly Row[]> {
    return this.#execute(sql, parameters) as Promise<readonly Row[]>
  }

  async change(sql: string, parameters: readonly Value[]): Promise<number> {
    return ((await this.#execute(sql, parameters)) as ResultSetHeader).affectedRows
  }

  /** Runs a statement without parameters and without preparing it. */
  text(sql: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#driver.query(sql, (error, result) => (error === null ? resolve(result) : reject(failureOf(error))))
    })
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#driver.end(() => resolve()))
    this.#driver.destroy()
  }

  #execute(sql: string, parameters: readonly Value[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#driver.execute(sql, parameters as Value[], (error, result) =>
        error === null ? resolve(result) : reject(failureOf(error)),
      )
    })
  }
}

/** A connection to the store URL; without its database when the connection is only used to create one. */
export function connectMysql(url: string, options: { readonly withDatabase?: boolean } = {}): Driver {
  const { host, port, socketPath, user, password, database, tls } = parseMysqlUrl(url).address
  const driver = createConnection({
    ...(socketPath === null ? { host, port } : { socketPath }),
    user,
    password,
    ...(options.withDatabase === false ? {} : { database }),
    ...(tls === null
      ? {}
      : {
          ssl: {
            rejectUnauthorized: tls.verifyCertificate,
            verifyIdentity: tls.verifyIdentity,
            ...(tls.ca === null ? {} : { ca: tls.ca }),
          },
        }),
    connectTimeout: 5_000,
    supportBigNumbers: true,
  })
  // A broken connection rejects the pending call; an unhandled 'error' event would end the process.
  driver.on('error', () => undefined)
  return driver
}

function failureOf(error: QueryError): DatabaseFailure {
  return new DatabaseFailure(CODES[error.errno ?? 0] ?? 'database', error)
}
