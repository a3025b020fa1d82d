/** The tables of an old system on MySQL or MariaDB, in any version that the driver supports. */
import { createConnection, type Connection } from 'mysql2/promise'
import { encryptionOf } from '../stores/mysql/encryption.ts'
import { parseMysqlUrl } from '../stores/mysql/url.ts'
import type { Mapping } from './mapping.ts'
import { SourceError, type SourceConnection, type SourceRow } from './connection.ts'
import type { Dialect, Query } from './queries.ts'

/** The time limit of one SQL statement. Some statements read a whole table. */
const STATEMENT_MS_MAX = 60 * 60_000
/** The column types TINY, SHORT, LONG, LONGLONG and INT24 of the protocol. */
const WHOLE_NUMBERS = new Set([1, 2, 3, 8, 9])

/** @throws SourceError, StoreUrlError */
export async function openMysqlSource(url: string, mapping: Mapping): Promise<SourceConnection> {
  const { address, tuning } = parseMysqlUrl(url)
  const { user, password, database, port, socketPath } = address
  const connection = await createConnection({
    ...encryptionOf(address),
    port,
    ...(socketPath === null ? {} : { socketPath }),
    user,
    password,
    database,
    connectTimeout: tuning.connectTimeoutMs,
    charset: 'utf8mb4_bin',
    supportBigNumbers: true,
    bigNumberStrings: true,
    flags: ['-LOCAL_FILES'],
    connectAttributes: { program_name: 'holdfast import' },
  }).catch((error: unknown) => {
    throw new SourceError(`The old database cannot be reached: ${(error as Error).message}`, { cause: error })
  })
  // The pending query gets the error of a broken connection. Without a listener, the error event would end the process.
  connection.on('error', () => undefined)
  try {
    // The character set and modes of the server (`init_connect`) could differ from those of the driver. In GBK, for example, a byte can
    // form a character together with the following backslash, so that an escaped quote ends the text.
    await run(connection, 'SET NAMES utf8mb4 COLLATE utf8mb4_bin')
    await run(connection, "SET SESSION sql_mode = '', wait_timeout = 86400, net_write_timeout = 3600")
    await run(connection, 'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
    await run(connection, 'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY')
    const dialect = await dialectOf(connection, mapping)
    return {
      dialect,
      query: async ({ text, values }: Query) => (await run(connection, text, values)) as readonly SourceRow[],
      close: async () => connection.destroy(),
    }
  } catch (error) {
    connection.destroy()
    throw error
  }
}

/** Reads the column types of a query without rows to determine which keys are numbers. */
async function dialectOf(connection: Connection, { users, freezes }: Mapping): Promise<Dialect> {
  const column = async (table: string, name: string): Promise<(key: string) => unknown> => {
    const path = table.split('.').map((part) => `\`${part}\``)
    const text = `SELECT \`${name}\` FROM ${path.join('.')} LIMIT 0`
    const [, fields] = await connection.query(text).catch((error: unknown) => {
      throw failure(error)
    })
    const isNumber = WHOLE_NUMBERS.has(fields[0]?.columnType ?? -1)
    return (key) => (isNumber && /^-?[0-9]+$/.test(key) ? BigInt(key) : key)
  }
  return {
    quote: '`',
    textType: 'CHAR',
    userKey: await column(users.table, users.key),
    freezeUser: await column(freezes.table, freezes.user),
    freezeKey: await column(freezes.table, freezes.key),
  }
}

async function run(connection: Connection, sql: string, values: readonly unknown[] = []): Promise<unknown> {
  try {
    const [rows] = await connection.query({ sql, values: [...values], timeout: STATEMENT_MS_MAX })
    return rows
  } catch (error) {
    throw failure(error)
  }
}

function failure(error: unknown): SourceError {
  return new SourceError(`The old database: ${(error as Error).message}`, { cause: error })
}
