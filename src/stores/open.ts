/** From a store URL to an open database. Each store and its driver are loaded only when they are used. */
import { randomInt } from 'node:crypto'
import type { AccountName } from '../domain/ids.ts'
import type { HostMove } from './host-search.ts'
import type { ReadStorage } from './read-storage.ts'
import type { BackupProgress, BackupReport } from './backup.ts'
import type { ErasureProgress, ErasureReport } from './erasure.ts'
import { requireNode, requireSqlite } from './platform.ts'
import type { MigrationReport } from './sql/migrator.ts'
import type { Storage } from './storage.ts'
import { StoreUrlError } from './store-url-error.ts'

export { StoreUrlError }

export interface StorageOptions {
  /**
   * Whether to migrate the database to this version's tables first. Default: true for embedded stores, false for servers, where it
   * needs more rights than serving.
   */
  readonly migrate?: boolean
  /**
   * Where SQLite's reads run: on a thread, so that other calls do not wait for them, or on the calling thread, for a process with one
   * caller that need not start a thread. Default `thread`.
   */
  readonly reads?: 'thread' | 'caller'
  /**
   * Called when the process uses another server from now on, where the store URL names several. Errors that it throws fail the call that
   * found it.
   */
  readonly onHostMove?: (move: HostMove) => void
}

/** Those that matter where nothing is written. */
export type ReadOptions = Pick<StorageOptions, 'reads' | 'onHostMove'>

/** How one kind of database is opened, migrated, and shared. */
interface Kind {
  readonly name: StoreKind
  open(url: string, options: StorageOptions): Promise<Storage>
  /** Opens it for reading only. @throws StoreUrlError where there is nothing to read */
  read(url: string, options: ReadOptions): Promise<ReadStorage>
  migrate(url: string): Promise<MigrationReport>
  /** Copies the database into a file. @throws StoreUrlError where the database has its own tools for that */
  backup(url: string, target: string, onProgress: BackupProgress): Promise<BackupReport>
  /** Erases the memos and metadata of an account's requests. */
  erase(url: string, account: AccountName, onProgress: ErasureProgress): Promise<ErasureReport>
  /** Whether several processes usually write it, so that each should have its own stripe of the house accounts. */
  readonly isShared: boolean
}

const MEMORY: Kind = {
  name: 'memory',
  async open() {
    const { openMemoryStorage } = await import('./memory/storage.ts')
    return openMemoryStorage()
  },
  read: () => Promise.reject(new StoreUrlError('A ledger in memory begins empty; there is nothing to read.')),
  migrate: () => Promise.resolve({ applied: [], version: 0 }),
  backup: hasOther('A ledger in memory ends with its process; there is nothing to copy.'),
  erase: () =>
    Promise.reject(new StoreUrlError('A ledger in memory ends with its process; there is nothing to erase.')),
  isShared: false,
}

const SQLITE: Kind = {
  name: 'sqlite',
  async open(url, options) {
    requireSqlite()
    const { openSqliteStorage } = await import('./sqlite/storage.ts')
    return await openSqliteStorage(pathOf(url), options)
  },
  async read(url, options) {
    requireSqlite()
    const { openSqliteReading } = await import('./sqlite/read-storage.ts')
    return await openSqliteReading(pathOf(url), options)
  },
  async migrate(url) {
    requireSqlite()
    const { migrateSqlite } = await import('./sqlite/storage.ts')
    return await migrateSqlite(pathOf(url))
  },
  async backup(url, target, onProgress) {
    requireSqlite()
    const { backupSqlite } = await import('./sqlite/backup.ts')
    return await backupSqlite(pathOf(url), target, onProgress)
  },
  async erase(url, account, onProgress) {
    requireSqlite()
    const { eraseSqlite } = await import('./sqlite/erasure.ts')
    return await eraseSqlite(pathOf(url), account, onProgress)
  },
  isShared: false,
}

const MYSQL: Kind = {
  name: 'mysql',
  async open(url, options) {
    const { openMysqlStorage } = await import('./mysql/storage.ts')
    return await openMysqlStorage(url, options)
  },
  async read(url, options) {
    const { openMysqlReading } = await import('./mysql/read-storage.ts')
    return await openMysqlReading(url, options)
  },
  async migrate(url) {
    const { migrateMysql } = await import('./mysql/storage.ts')
    return await migrateMysql(url)
  },
  backup: hasOther('Copy this database with mysqldump --single-transaction; docs/guides/mysql.md says how.'),
  async erase(url, account, onProgress) {
    const { eraseMysql } = await import('./mysql/storage.ts')
    return await eraseMysql(url, account, onProgress)
  },
  isShared: true,
}

const POSTGRES: Kind = {
  name: 'postgres',
  async open(url, options) {
    const { openPostgresStorage } = await import('./postgres/storage.ts')
    return await openPostgresStorage(url, options)
  },
  async read(url, options) {
    const { openPostgresReading } = await import('./postgres/read-storage.ts')
    return await openPostgresReading(url, options)
  },
  async migrate(url) {
    const { migratePostgres } = await import('./postgres/storage.ts')
    return await migratePostgres(url)
  },
  backup: hasOther('Copy this database with pg_dump; docs/guides/postgres.md says how.'),
  async erase(url, account, onProgress) {
    const { erasePostgres } = await import('./postgres/storage.ts')
    return await erasePostgres(url, account, onProgress)
  },
  isShared: true,
}

const KINDS: Readonly<Record<string, Kind>> = {
  'memory:': MEMORY,
  'sqlite:': SQLITE,
  'mysql:': MYSQL,
  'mariadb:': MYSQL,
  'postgres:': POSTGRES,
  'postgresql:': POSTGRES,
}

const FORMS =
  'sqlite:FILE, memory:, mysql://USER@HOST/DATABASE, mariadb://USER@HOST/DATABASE or postgres://USER@HOST/DATABASE'

/**
 * `sqlite:ledger.db` (relative), `sqlite:/var/lib/ledger.db`, `memory:`, and the servers' URLs.
 *
 * @throws StoreUrlError, MigrationError, Fault `store_unavailable`
 */
export async function openStorage(url: string, options: StorageOptions = {}): Promise<Storage> {
  return await kindOf(url).open(url, options)
}

/** Opens the database for reading only: nothing of it is changed. @throws as `openStorage` */
export async function openReading(url: string, options: ReadOptions = {}): Promise<ReadStorage> {
  return await kindOf(url).read(url, options)
}

/** Brings the database at `url` to this version's tables. @throws as `openStorage` */
export async function migrateStorage(url: string): Promise<MigrationReport> {
  return await kindOf(url).migrate(url)
}

/** The part of `HOUSE_STRIPES` that processes choose from. Two processes with the same stripe are correct, but wait for each other. */
const HOUSE_STRIPES_DRAWN = 256

/**
 * This process's stripe of the house accounts on the database at `url`: random where processes share the database, 0 where usually one
 * process writes.
 *
 * @throws StoreUrlError
 */
export function houseStripeFor(url: string): number {
  return kindOf(url).isShared ? randomInt(HOUSE_STRIPES_DRAWN) : 0
}

export type StoreKind = 'memory' | 'sqlite' | 'mysql' | 'postgres'

/** MariaDB has the kind `mysql`. @throws StoreUrlError */
export function storeKindOf(url: string): StoreKind {
  return kindOf(url).name
}

/** Copies the database at `url` into a file. @throws BackupError, and as `openStorage` */
export async function backupStorage(url: string, target: string, onProgress: BackupProgress): Promise<BackupReport> {
  return await kindOf(url).backup(url, target, onProgress)
}

/** Erases what the requests of an account say about a person. @throws as `openStorage` */
export async function eraseStorage(
  url: string,
  account: AccountName,
  onProgress: ErasureProgress,
): Promise<ErasureReport> {
  return await kindOf(url).erase(url, account, onProgress)
}

function hasOther(advice: string): Kind['backup'] {
  return () => Promise.reject(new StoreUrlError(`"backup" copies SQLite files. ${advice}`))
}

function kindOf(url: string): Kind {
  requireNode()
  const scheme = url.slice(0, url.indexOf(':') + 1)
  const kind = Object.hasOwn(KINDS, scheme) ? KINDS[scheme] : undefined
  if (kind === undefined || (kind === MEMORY && url !== 'memory:')) {
    throw new StoreUrlError(`This is not a store URL; they look like ${FORMS}.`)
  }
  return kind
}

/** The path of an SQLite file. @throws StoreUrlError */
export function pathOf(url: string): string {
  const rest = url.slice('sqlite:'.length)
  const path = rest.startsWith('//') ? rest.slice(2) : rest
  if (path === '' || path === ':memory:') {
    throw new StoreUrlError(`"${url}" names no file. Use sqlite:FILE, or memory: for a ledger without one.`)
  }
  return path
}
