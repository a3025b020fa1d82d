/** Opening a ledger in one SQLite file. */
import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { Fault } from '../../engine/faults.ts'
import { SqlAuditor } from '../sql/auditor.ts'
import { migrate, MigrationError, requireMigrated, type MigrationReport } from '../sql/migrator.ts'
import { SqlReader } from '../sql/reader.ts'
import type { Row, SqlValue } from '../sql/rows.ts'
import type { Storage } from '../storage.ts'
import { openConnection, openReadConnection } from './connection.ts'
import { unavailable } from './errors.ts'
import { sqliteMigrations, sqliteMigrationTarget } from './migrations.ts'
import { LOCK_ATTEMPT_MS_MAX, SqliteStore } from './store.ts'
import { SqliteTables } from './tables.ts'
import { WritingThread } from './writing-thread.ts'

export interface SqliteOptions {
  /**
   * Brings the file to this version's tables first, and makes it when it is not there; a file that cannot be written is not
   * opened. Default true.
   */
  readonly migrate?: boolean
  /** How long a commit waits for another process's write lock, in milliseconds. Default 5,000. */
  readonly busyTimeoutMs?: number
}

const BUSY_TIMEOUT_MS_DEFAULT = 5_000

/**
 * Opens the file at `path`. Any number of processes may have it open at once.
 *
 * @throws MigrationError when the file's tables are not those of this version, or the file is not there and must not be made
 * @throws Fault `store_unavailable` when it cannot be opened
 */
export async function openSqliteStorage(path: string, options: SqliteOptions = {}): Promise<Storage> {
  const busyTimeoutMs = options.busyTimeoutMs ?? BUSY_TIMEOUT_MS_DEFAULT
  const mayWrite = options.migrate ?? true
  await prepareSqlite(path, { migrate: mayWrite, busyTimeoutMs })
  const reads = openReadConnection(path, { busyTimeoutMs })
  const writes = openConnection(path, { busyTimeoutMs: Math.min(busyTimeoutMs, LOCK_ATTEMPT_MS_MAX) })
  const tables = new SqliteTables(writes)
  // SQLite opens a file that may not be written for reading, without a word, and that connection stays so.
  if (mayWrite) requireWritable(tables, () => [reads, writes].forEach((database) => database.close()))
  const thread = new WritingThread({ path, busyTimeoutMs })
  const store = new SqliteStore(tables, thread, { busyTimeoutMs })
  const query = async (sql: string, parameters: readonly unknown[]): Promise<readonly Row[]> => {
    if (!reads.isOpen) throw new Fault('store_unavailable', 'The ledger is closed.')
    try {
      return reads.prepare(sql).all(...(parameters as SqlValue[]))
    } catch (error) {
      throw unavailable(error)
    }
  }
  const close = async (): Promise<void> => {
    await thread.close()
    if (writes.isOpen) writes.close()
    if (reads.isOpen) reads.close()
  }
  return {
    kind: 'sqlite',
    store,
    reader: new SqlReader('sqlite', query),
    auditor: new SqlAuditor('sqlite', query),
    // What could weaken it is set by each connection, whatever others set on theirs.
    warnings: [],
    inspect: () => Promise.resolve([]),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** @throws as `openSqliteStorage` */
export async function migrateSqlite(path: string): Promise<MigrationReport> {
  const database = open(path, BUSY_TIMEOUT_MS_DEFAULT)
  try {
    return await migrate(sqliteMigrationTarget(database), sqliteMigrations())
  } finally {
    database.close()
  }
}

async function prepareSqlite(path: string, options: { migrate: boolean; busyTimeoutMs: number }): Promise<void> {
  if (!options.migrate && !existsSync(path)) {
    throw new MigrationError(`There is no SQLite file at ${path}. Run "holdfast migrate --store URL" to make one.`)
  }
  const database = open(path, options.busyTimeoutMs)
  try {
    const target = sqliteMigrationTarget(database)
    if (options.migrate) await migrate(target, sqliteMigrations())
    else await requireMigrated(target, sqliteMigrations())
  } finally {
    database.close()
  }
}

/** @throws Fault `store_unavailable`, after `onFailure` */
function requireWritable(tables: SqliteTables, onFailure: () => void): void {
  try {
    tables.ping()
  } catch (error) {
    onFailure()
    throw error
  }
}

function open(path: string, busyTimeoutMs: number): DatabaseSync {
  try {
    mkdirSync(dirname(path), { recursive: true })
    return openConnection(path, { busyTimeoutMs })
  } catch (error) {
    throw unavailable(error)
  }
}
