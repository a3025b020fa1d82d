/** The tables of an old system on PostgreSQL. */
import { Client } from 'pg'
import { parsePostgresUrl } from '../stores/postgres/url.ts'
import { SourceError, type SourceConnection, type SourceRow } from './connection.ts'
import type { Dialect, Query } from './queries.ts'

/** The server gives a parameter the type of the column that it is compared with. */
const DIALECT: Dialect = {
  quote: '"',
  textType: 'text',
  userKey: (key) => key,
  freezeUser: (key) => key,
  freezeKey: (key) => key,
}

/** The time limit of one SQL statement. Some statements read a whole table. */
const STATEMENT_MS_MAX = 60 * 60_000

/** @throws SourceError, StoreUrlError */
export async function openPostgresSource(url: string): Promise<SourceConnection> {
  const { host, port, user, password, database, tls, connectTimeoutMs, schema } = parsePostgresUrl(url)
  const client = new Client({
    host,
    port,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { database }),
    ssl: tls,
    application_name: 'holdfast import',
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: STATEMENT_MS_MAX,
    keepAlive: true,
  })
  // The pending query gets the error of a broken connection. Without a listener, the error event would end the process.
  client.on('error', () => undefined)
  const query = async (text: string, values: readonly unknown[] = []): Promise<readonly SourceRow[]> => {
    try {
      return (await client.query<SourceRow>(text, [...values])).rows
    } catch (error) {
      throw new SourceError(`The old database: ${(error as Error).message}`, { cause: error })
    }
  }
  try {
    await client.connect().catch((error: unknown) => {
      throw new SourceError(`The old database cannot be reached: ${(error as Error).message}`, { cause: error })
    })
    await query('SET statement_timeout = 0')
    // The ledger is written between two pages, which can take long.
    await query('SET idle_in_transaction_session_timeout = 0')
    if (schema !== null) await query("SELECT set_config('search_path', $1, false)", [schema])
    await query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  } catch (error) {
    await client.end().catch(() => undefined)
    throw error
  }
  return {
    dialect: DIALECT,
    query: async ({ text, values }: Query) => await query(numbered(text), values),
    close: async () => await client.end().catch(() => undefined),
  }
}

/** Replaces `?` by the parameters of PostgreSQL: `$1`, `$2`, … */
function numbered(text: string): string {
  let count = 0
  return text.replaceAll('?', () => `$${++count}`)
}
