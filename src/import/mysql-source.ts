/** An old system's tables on MySQL or MariaDB, of any version that the driver speaks to. */
import { createConnection, type Connection } from 'mysql2/promise'
import { encryptionOf } from '../stores/mysql/encryption.ts'
import { parseMysqlUrl } from '../stores/mysql/url.ts'
import type { Mapping } from './mapping.ts'
import { SourceError, type SourceConnection, type SourceRow } from './connection.ts'
import type { Dialect, Statement } from './statements.ts'

/** Patience with one statement: some of them read a whole table. */
const STATEMENT_MS_MAX = 60 * 60_000
/** TINY, SHORT, LONG, LONGLONG and INT24 of the protocol's column types. */
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
  // A connection that breaks says so to whoever waits for it; as an event of its own it would end the process.
  connection.on('error', () => undefined)
  try {
    // With the server's own character set (`init_connect`) or modes, bytes could mean another thing to it than to the driver: in
    // GBK, the last byte of a character takes the backslash behind it along, and the quote after that ends the text.
    await run(connection, 'SET NAMES utf8mb4 COLLATE utf8mb4_bin')
    await run(connection, "SET SESSION sql_mode = '', wait_timeout = 86400, net_write_timeout = 3600")
    await run(connection, 'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
    await run(connection, 'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY')
    const dialect = await dialectOf(connection, mapping)
    return {
      dialect,
      query: async ({ text, values }: Statement) => (await run(connection, text, values)) as readonly SourceRow[],
      close: async () => connection.destroy(),
    }
  } catch (error) {
    connection.destroy()
    throw error
  }
}

/** Finds out which keys are numbers, by columns without rows. */
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
