/** The database of an old system on a server under test: users with balances, and the log of their freezes. */
import { mkdtemp, rm } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PostgresDatabase, WITHOUT_POSTGRES } from '../../harness/postgres-database.ts'
import { MysqlDatabase, mysqlServers } from '../../harness/mysql-servers.ts'

export interface OldSystem extends AsyncDisposable {
  readonly url: string
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>
}

export interface OldSystemServer {
  readonly name: 'mysql' | 'mariadb' | 'postgres' | 'sqlite'
  /** Why tests on it are skipped; false when they run. */
  readonly skip: string | false
  create(): Promise<OldSystem>
}

export const OLD_SYSTEM_SERVERS: readonly OldSystemServer[] = [
  ...mysqlServers().map(({ name, url, reason }) => ({
    name,
    skip: url === null ? reason : (false as const),
    create: async () => {
      const database = await MysqlDatabase.create(url!)
      return {
        url: database.url(),
        query: (sql: string) => database.query(sql),
        [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
      }
    },
  })),
  {
    name: 'postgres',
    skip: WITHOUT_POSTGRES,
    create: async () => {
      const database = await PostgresDatabase.create()
      return {
        url: database.url(),
        query: async (sql: string) => (await database.client.query<Record<string, unknown>>(sql)).rows,
        [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
      }
    },
  },
]

/** An old system in a file. */
export const OLD_FILE: OldSystemServer = {
  name: 'sqlite',
  skip: false,
  create: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-old-system-'))
    const path = join(folder, 'old.db')
    const database = new DatabaseSync(path)
    return {
      url: `sqlite:${path}`,
      query: (sql: string) => Promise.resolve(database.prepare(sql).all()),
      [Symbol.asyncDispose]: async () => {
        database.close()
        await rm(folder, { recursive: true })
      },
    }
  },
}

/** The relevant columns, with the loose types of old tables. */
const OLD_TABLES = [
  'CREATE TABLE users (id BIGINT PRIMARY KEY, balance DECIMAL(30, 4), frozen_balance DECIMAL(30, 4))',
  `CREATE TABLE compute_freeze_logs (id BIGINT PRIMARY KEY, request_id VARCHAR(200), user_id BIGINT, amount DECIMAL(30, 4),
    status VARCHAR(20))`,
]

type Value = string | number | null

export interface OldRows {
  /** Key, balance, frozen balance. */
  readonly users?: readonly (readonly [Value, Value, Value])[]
  /** Key, request id, user, amount, status. */
  readonly freezes?: readonly (readonly [Value, Value, Value, Value, Value])[]
}

export async function fillOldSystem(old: OldSystem, { users = [], freezes = [] }: OldRows): Promise<void> {
  for (const sql of OLD_TABLES) await old.query(sql)
  await insertOldRows(old, 'users', users)
  await insertOldRows(old, 'compute_freeze_logs', freezes)
}

const ROWS_PER_STATEMENT = 1_000

export async function insertOldRows(old: OldSystem, table: string, rows: readonly (readonly Value[])[]): Promise<void> {
  const literal = (value: Value): string => (value === null ? 'NULL' : `'${value}'`)
  for (let from = 0; from < rows.length; from += ROWS_PER_STATEMENT) {
    const tuples = rows.slice(from, from + ROWS_PER_STATEMENT).map((row) => `(${row.map(literal).join(', ')})`)
    await old.query(`INSERT INTO ${table} VALUES ${tuples.join(', ')}`)
  }
}
