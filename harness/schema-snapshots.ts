/**
 * The schema.sql of each SQL store: what its migrations come to, dumped from a database that they were just applied to. The
 * generator writes them, a test holds them to the migrations.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MysqlDatabase } from './mysql-servers.ts'
import { dumpMysqlSchema, mysqlVersion } from './mysql-schema.ts'
import { PostgresDatabase } from './postgres-database.ts'
import { dumpPostgresSchema, postgresVersion } from './postgres-schema.ts'
import { dumpSqliteSchema } from './sqlite-schema.ts'
import { serverUnderTest } from './stores.ts'

export interface SchemaSnapshot {
  readonly store: 'sqlite' | 'mysql' | 'mariadb' | 'postgres'
  /** From the root of the repository. */
  readonly path: string
  /** Why no database of it can be made here; null when one can. */
  readonly missing: string | null
  /** A database of its own, empty. */
  create(): Promise<SchemaDatabase>
}

export interface SchemaDatabase extends AsyncDisposable {
  /** As a store URL. */
  readonly url: string
  /** Runs statements as an administrator. */
  execute(sql: string): Promise<void>
  /** What is there, as SQL that makes the same tables. */
  dump(): Promise<string>
  /** Which database it is, without what its patches change. */
  version(): Promise<string>
}

/** @throws Error when HOLDFAST_TEST_STORES asks for one that is missing */
export function schemaSnapshots(): readonly SchemaSnapshot[] {
  return [
    { store: 'sqlite', path: 'src/stores/sqlite/schema.sql', missing: null, create: createSqlite },
    mysqlSnapshot('mysql', 'src/stores/mysql/schema.mysql.sql'),
    mysqlSnapshot('mariadb', 'src/stores/mysql/schema.mariadb.sql'),
    { store: 'postgres', path: 'src/stores/postgres/schema.sql', missing: missing('postgres'), create: createPostgres },
  ]
}

/** The file's text. */
export function snapshotText(dump: string, version: string): string {
  return `-- The tables as the migrations make them, dumped from ${version} by \`npm run generate\`.
-- Nothing reads this file when Holdfast runs; a test compares it with a database that was just migrated.

${dump}`
}

/** The file's text without its head, which tells the version that it was dumped from. */
export function dumpIn(text: string): string {
  return text.replace(/^(?:--.*\n)*\n/, '')
}

function mysqlSnapshot(store: 'mysql' | 'mariadb', path: string): SchemaSnapshot {
  const { url } = serverUnderTest(store)
  return { store, path, missing: missing(store), create: () => createMysql(url!) }
}

function missing(store: string): string | null {
  const { url, reason } = serverUnderTest(store)
  return url === null ? reason : null
}

async function createSqlite(): Promise<SchemaDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-schema-'))
  const path = join(folder, 'ledger.db')
  const use = async <Result>(action: (database: DatabaseSync) => Result): Promise<Result> => {
    using database = new DatabaseSync(path)
    return action(database)
  }
  return {
    url: `sqlite:${path}`,
    execute: (sql) => use((database) => database.exec(sql)),
    dump: () => use(dumpSqliteSchema),
    version: () => Promise.resolve('SQLite'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
}

async function createMysql(server: string): Promise<SchemaDatabase> {
  const database = await MysqlDatabase.create(server)
  const query = (sql: string) => database.query(sql)
  return {
    url: database.url(),
    execute: async (sql) => void (await query(sql)),
    dump: () => dumpMysqlSchema(query),
    version: () => mysqlVersion(query),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  }
}

async function createPostgres(): Promise<SchemaDatabase> {
  const database = await PostgresDatabase.create()
  const { client } = database
  return {
    url: database.url(),
    execute: async (sql) => void (await client.query(sql)),
    dump: () => dumpPostgresSchema(client),
    version: () => postgresVersion(client),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  }
}
