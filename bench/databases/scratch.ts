/**
 * Scratch databases on a server, or files in a folder: created for one run of one strategy and removed afterwards. Other databases of the
 * server are never touched.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { DatabaseSync } from 'node:sqlite'
import type { Client } from 'pg'
import { withoutPassword } from '../../src/config.ts'
import { StoreUrlError } from '../../src/stores/store-url-error.ts'
import { DatabaseFailure, type Database, type DatabaseOptions, type Dialect, type Row } from './database.ts'
import { connectMysql, openMysql } from './mysql.ts'
import { connectPostgres, openPostgres } from './postgres.ts'
import { openSqlite } from './sqlite.ts'

export type Flavour = 'sqlite' | 'mysql' | 'mariadb' | 'postgres'

export interface ServerFacts {
  readonly flavour: Flavour
  readonly version: string
  /** Settings that affect durability and speed, under the server's own names. */
  readonly settings: Readonly<Record<string, string>>
}

/** Server-wide counters since its start; null for what it does not count. */
export interface LockCounters {
  readonly deadlocks: number | null
  readonly lockTimeouts: number | null
}

export interface ScratchDatabase {
  /** A store URL, also accepted by Holdfast. */
  readonly url: string
  lockCounters(): Promise<LockCounters>
  /** Its size on disk, less that of an empty database. */
  bytes(): Promise<number>
  drop(): Promise<void>
}

export interface ScratchServer extends AsyncDisposable {
  readonly dialect: Dialect
  readonly facts: ServerFacts
  create(): Promise<ScratchDatabase>
  /**
   * Gives InnoDB's buffer pool another size, until the server is disposed of; null for the size that it had.
   *
   * @throws StoreTrouble for a store that cannot do so while it runs
   */
  resizePool(mb: number | null): Promise<void>
}

/** The store does not answer or refuses the lab; the message is one line. */
export class StoreTrouble extends Error {
  override readonly name = 'StoreTrouble'
}

/** @throws StoreUrlError, StoreTrouble */
export async function openScratchServer(url: string): Promise<ScratchServer> {
  const scheme = url.slice(0, url.indexOf(':') + 1)
  switch (scheme) {
    case 'sqlite:':
      return await sqliteServer(url)
    case 'mysql:':
    case 'mariadb:':
      return await mysqlServer(url)
    case 'postgres:':
    case 'postgresql:':
      return await postgresServer(url)
    default:
      throw new StoreUrlError(
        `"${withoutPassword(url)}" is not a store of the lab; use sqlite:, mysql://USER@HOST, mariadb://USER@HOST and postgres://USER@HOST/postgres.`,
      )
  }
}

/** A strategy's connections to an existing database. @throws DatabaseFailure */
export async function openDatabase(url: string, dialect: Dialect, options: DatabaseOptions): Promise<Database> {
  switch (dialect) {
    case 'sqlite':
      return openSqlite(url.slice('sqlite:'.length), options)
    case 'mysql':
      return await openMysql(url, options)
    case 'postgres':
      return await openPostgres(url, options)
  }
}

/** A name that cannot collide with another database. */
function scratchName(): string {
  return `holdfast_bench_${randomBytes(5).toString('hex')}`
}

async function sqliteServer(url: string): Promise<ScratchServer> {
  const folder = url.slice('sqlite:'.length) || tmpdir()
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  )
  if (!isFolder) {
    throw new StoreTrouble(
      `Folder ${folder} does not exist. Use sqlite:FOLDER, or sqlite: for the system's temporary folder.`,
    )
  }
  const probe = new DatabaseSync(':memory:')
  const { version } = probe.prepare('SELECT sqlite_version() AS version').get() as { version: string }
  probe.close()
  return {
    dialect: 'sqlite',
    facts: { flavour: 'sqlite', version, settings: { journal_mode: 'wal', synchronous: 'full' } },
    async create() {
      const made = await mkdtemp(join(folder, 'holdfast-bench-')).catch((error: unknown) => {
        throw new StoreTrouble(`Cannot write to folder ${folder}: ${messageOf(error)}.`)
      })
      return {
        url: `sqlite:${join(made, 'scratch.db')}`,
        lockCounters: async () => ({ deadlocks: 0, lockTimeouts: null }),
        bytes: () => bytesIn(made),
        drop: () => rm(made, { recursive: true, force: true }),
      }
    },
    resizePool: cannotResize,
    async [Symbol.asyncDispose]() {},
  }
}

async function cannotResize(): Promise<void> {
  throw new StoreTrouble('Only MySQL and MariaDB change the size of their buffer pool while they run.')
}

/** Of the files in a folder: the database and its log. */
async function bytesIn(folder: string): Promise<number> {
  const files = await readdir(folder)
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

const MYSQL_SETTINGS = ['innodb_flush_log_at_trx_commit', 'log_bin', 'sync_binlog', 'innodb_buffer_pool_size'] as const

async function mysqlServer(url: string): Promise<ScratchServer> {
  // The URL's database is only used to connect. MySQL URLs must name a database; `information_schema` always exists.
  const named = withDatabase(url, 'information_schema')
  const driver = connectMysql(named, { withDatabase: false })
  const ask = (sql: string): Promise<readonly Row[]> =>
    new Promise((resolve, reject) => {
      driver.query(sql, (error, rows) => (error === null ? resolve(rows as Row[]) : reject(error)))
    })
  const columns = MYSQL_SETTINGS.map((name) => `@@${name} AS ${name}`).join(', ')
  const [row] = await answered(url, ask(`SELECT VERSION() AS version, ${columns}`))
  const version = String(row!['version'])
  const poolBytes = Number(row!['innodb_buffer_pool_size'])
  let isResized = false
  const resizePool = async (bytes: number): Promise<void> => {
    await ask(`SET GLOBAL innodb_buffer_pool_size = ${bytes}`)
    // MySQL resizes in the background, MariaDB before it answers.
    for (;;) {
      const [status] = await ask(`SHOW STATUS LIKE 'Innodb_buffer_pool_resize_status_code'`)
      if (Number(status?.['Value'] ?? 0) === 0) break
      await setTimeout(100)
    }
  }
  return {
    dialect: 'mysql',
    facts: {
      flavour: /mariadb/i.test(version) ? 'mariadb' : 'mysql',
      version,
      settings: Object.fromEntries(MYSQL_SETTINGS.map((name) => [name, String(row![name])])),
    },
    async create() {
      const name = scratchName()
      await allowed(url, ask(`CREATE DATABASE ${name}`))
      return {
        url: withDatabase(url, name),
        async lockCounters() {
          const rows = await ask(
            `SELECT name AS name, count AS total FROM information_schema.innodb_metrics
             WHERE name IN ('lock_deadlocks', 'lock_timeouts')`,
          )
          const total = (wanted: string): number => Number(rows.find(({ name }) => name === wanted)?.['total'] ?? 0)
          return { deadlocks: total('lock_deadlocks'), lockTimeouts: total('lock_timeouts') }
        },
        async bytes() {
          // The server keeps the sizes of tables as statistics, which it otherwise renews after a tenth of the rows has changed.
          const tables = await ask(
            `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = '${name}' AND table_type = 'BASE TABLE'`,
          )
          if (tables.length > 0) {
            await ask(`ANALYZE TABLE ${tables.map((table) => `${name}.${String(table['name'])}`).join(', ')}`)
          }
          const [sum] = await ask(
            `SELECT SUM(data_length + index_length) AS bytes FROM information_schema.tables WHERE table_schema = '${name}'`,
          )
          return Number(sum?.['bytes'] ?? 0)
        },
        async drop() {
          await ask(`DROP DATABASE IF EXISTS ${name}`)
        },
      }
    },
    async resizePool(mb) {
      isResized = mb !== null
      await allowed(url, resizePool(mb === null ? poolBytes : mb * 2 ** 20))
    },
    async [Symbol.asyncDispose]() {
      if (isResized) await resizePool(poolBytes)
      await new Promise<void>((resolve) => driver.end(() => resolve()))
    },
  }
}

const POSTGRES_SETTINGS = ['synchronous_commit', 'fsync', 'full_page_writes', 'shared_buffers', 'max_connections']

async function postgresServer(url: string): Promise<ScratchServer> {
  const client = connectPostgres(url)
  await answered(url, client.connect())
  const settings = await client.query<{ name: string; setting: string }>(
    'SELECT name, setting FROM pg_settings WHERE name = ANY ($1)',
    [[...POSTGRES_SETTINGS, 'server_version']],
  )
  const { server_version: version, ...others } = Object.fromEntries(
    settings.rows.map(({ name, setting }) => [name, setting]),
  )
  return {
    dialect: 'postgres',
    facts: { flavour: 'postgres', version: version ?? '', settings: others },
    async create() {
      const name = scratchName()
      await allowed(url, client.query(`CREATE DATABASE ${name} ENCODING 'UTF8' TEMPLATE template0`))
      const emptyBytes = await postgresBytes(client, name)
      return {
        url: withDatabase(url, name),
        lockCounters: () => postgresCounters(client, name),
        bytes: async () => (await postgresBytes(client, name)) - emptyBytes,
        async drop() {
          await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
        },
      }
    },
    resizePool: cannotResize,
    async [Symbol.asyncDispose]() {
      await client.end()
    },
  }
}

async function postgresBytes(client: Client, name: string): Promise<number> {
  const { rows } = await client.query<{ bytes: string }>('SELECT pg_database_size($1) AS bytes', [name])
  return Number(rows[0]!.bytes)
}

/** Per database. PostgreSQL does not count lock timeouts. */
async function postgresCounters(client: Client, name: string): Promise<LockCounters> {
  const { rows } = await client.query<{ deadlocks: string }>(
    'SELECT deadlocks FROM pg_stat_database WHERE datname = $1',
    [name],
  )
  return { deadlocks: Number(rows[0]?.deadlocks ?? 0), lockTimeouts: null }
}

function withDatabase(url: string, name: string): string {
  const parsed = URL.parse(url)
  if (parsed === null) throw new StoreUrlError(`"${withoutPassword(url)}" is not a URL.`)
  parsed.pathname = `/${name}`
  return parsed.href
}

/** @throws StoreTrouble */
async function answered<Result>(url: string, answer: Promise<Result>): Promise<Result> {
  try {
    return await answer
  } catch (error) {
    throw new StoreTrouble(`${withoutPassword(url)} refused the connection: ${messageOf(error)}.`, { cause: error })
  }
}

/** @throws StoreTrouble */
async function allowed<Result>(url: string, answer: Promise<Result>): Promise<Result> {
  try {
    return await answer
  } catch (error) {
    const reason = `The lab creates scratch databases, and ${withoutPassword(url)} does not allow that`
    throw new StoreTrouble(`${reason}: ${messageOf(error)}.`, { cause: error })
  }
}

function messageOf(error: unknown): string {
  // One error per address of the host name; the aggregate has no message of its own.
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ')
  if (error instanceof DatabaseFailure) return messageOf(error.cause)
  const message = error instanceof Error ? error.message : String(error)
  return message.replace(/\.$/, '')
}
