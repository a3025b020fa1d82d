/**
 * The schema.sql of each SQL store: a dump of a database to which the migrations were just applied. The generator writes the files; a test
 * compares them with the migrations.
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
  /** From the repository's root. */
  readonly path: string
  /** Why no such database can be created here; null when it can. */
  readonly missing: string | null
  /** Creates an empty scratch database. */
  create(): Promise<SchemaDatabase>
}

export interface SchemaDatabase extends AsyncDisposable {
  /** A store URL. */
  readonly url: string
  /** Runs statements as administrator. */
  execute(sql: string): Promise<void>
  /** The schema, as SQL that creates the same tables. */
  dump(): Promise<string>
  /** Product and version, without the patch level. */
  version(): Promise<string>
}

/** @throws Error when HOLDFAST_TEST_STORES requests a store that is missing */
export function schemaSnapshots(): readonly SchemaSnapshot[] {
  return [
    { store: 'sqlite', path: 'src/stores/sqlite/schema.sql', missing: null, create: createSqlite },
    mysqlSnapshot('mysql', 'src/stores/mysql/schema.mysql.sql'),
    mysqlSnapshot('mariadb', 'src/stores/mysql/schema.mariadb.sql'),
    { store: 'postgres', path: 'src/stores/postgres/schema.sql', missing: missing('postgres'), create: createPostgres },
  ]
}

/** The content of a snapshot file. */
export function snapshotText(dump: string, version: string): string {
  return `-- The tables as the migrations make them, dumped from ${version} by \`npm run generate\`.
-- Nothing reads this file when Holdfast runs; a test compares it with a database that was just migrated.

${dump}`
}

/** The file's content without its header, which names the server's version. */
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
