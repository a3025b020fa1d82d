/** Opening a ledger in one SQLite file. */
import { lstatSync } from 'node:fs'
import { resolve } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { Auditor } from '../../engine/auditor.ts'
import type { Reader } from '../../engine/reader.ts'
import { AUDIT_CHECKS } from '../audit-checks.ts'
import { SqlAuditor } from '../sql/auditor.ts'
import { SqlKeyStore } from '../sql/keys.ts'
import { migrate, MigrationError, requireMigrated, type MigrationReport } from '../sql/migrator.ts'
import { SqlReader } from '../sql/reader.ts'
import type { Storage } from '../storage.ts'
import { openConnection, openReadConnection } from './connection.ts'
import { findDatabaseFile, makeDatabaseFile, obstacleOf, syncLog } from './database-file.ts'
import { classify, isSqliteError, misconfigured, unusable } from './errors.ts'
import { SqliteKeyStatements } from './keys.ts'
import { LogKeeper } from './log-keeper.ts'
import { LongLoads } from './long-loads.ts'
import { sqliteMigrations, sqliteMigrationTarget } from './migrations.ts'
import { queryOf } from './query.ts'
import { LANE_OF, ReadingThread, type ReadingThreadData, type Reads } from './reading-thread.ts'
import { LOCK_ATTEMPT_MS_MAX, SqliteStore } from './store.ts'
import { LastBalanceId } from './snapshots.ts'
import { SqliteTables } from './tables.ts'
import { threadFile, threadsWarning } from './thread-files.ts'
import { WritingThread } from './writing-thread.ts'

export interface SqliteOptions {
  /**
   * Whether to migrate the file to this version's tables first, and to make it if it is missing. A file that cannot be written is not
   * opened. Default true.
   */
  readonly migrate?: boolean
  /** How long a commit waits for another process's write lock, in milliseconds. Default 5,000. */
  readonly busyTimeoutMs?: number
  /** Where statements of reads run. Default `thread`. */
  readonly reads?: 'thread' | 'caller'
}

export const BUSY_TIMEOUT_MS_DEFAULT = 5_000

/**
 * Opens the file at `path`. Any number of processes may have it open at once.
 *
 * @throws MigrationError when the file's tables are not those of this version, or the file is missing and must not be made
 * @throws Fault `store_misconfigured`, `store_unavailable` when it cannot be opened
 */
export async function openSqliteStorage(path: string, options: SqliteOptions = {}): Promise<Storage> {
  const { busyTimeoutMs = BUSY_TIMEOUT_MS_DEFAULT, migrate: mayWrite = true, reads = 'thread' } = options
  const { file, isNew } = mayWrite ? makeDatabaseFile(path) : { file: findMigrated(path), isNew: false }
  const writes = open(file, busyTimeoutMs)
  try {
    if (mayWrite) await migrated(writes)
    else await understood(requireMigrated(sqliteMigrationTarget(writes), sqliteMigrations()))
    // The last connection to close moves the log into the file and removes it, so it has to be one that may write.
    const lastBalanceId = new LastBalanceId()
    const tables = new SqliteTables(writes, lastBalanceId)
    // SQLite silently opens a file that may not be written for reading, and that connection stays read-only.
    if (mayWrite) tables.ping()
    syncLog(file)
    writes.exec(`PRAGMA busy_timeout = ${Math.min(busyTimeoutMs, LOCK_ATTEMPT_MS_MAX)}`)
    const thread = new WritingThread({ path: file, busyTimeoutMs })
    const longLoads = new LongLoads(() => openReadConnection(file, { busyTimeoutMs }), lastBalanceId)
    const store = new SqliteStore(tables, thread, { busyTimeoutMs, longLoads })
    const entry = reads === 'thread' ? threadFile('reading-thread') : null
    const readers = entry === null ? readersHere(file, busyTimeoutMs) : readersOnThreads(entry, { file, busyTimeoutMs })
    const keeper = new LogKeeper(file, writes)
    keeper.start()
    const keys = new SqliteKeyStatements(file, busyTimeoutMs)
    const ofThreads = threadsWarning()
    const warnings = (): readonly string[] =>
      ofThreads === null ? keeper.warnings() : [ofThreads, ...keeper.warnings()]
    const close = async (): Promise<void> => {
      await Promise.all([readers.close(), thread.close(), longLoads.close(), keeper.close()])
      keys.close()
      if (writes.isOpen) writes.close()
    }
    return {
      kind: 'sqlite',
      newFile: isNew ? file : null,
      store,
      reader: readers.reader,
      actors: store,
      auditor: readers.auditor,
      keys: new SqlKeyStore('sqlite', keys),
      // Each connection sets everything that could weaken durability, independently of other connections.
      warnings: warnings(),
      inspect: () => Promise.resolve(warnings()),
      gauges: () => ({ pools: [], logBytes: keeper.bytes() }),
      close,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    if (writes.isOpen) writes.close()
    throw error
  }
}

/** @throws as `openSqliteStorage` */
export async function migrateSqlite(path: string): Promise<MigrationReport> {
  const { file, isNew } = makeDatabaseFile(path)
  const database = open(file, BUSY_TIMEOUT_MS_DEFAULT)
  try {
    return { ...(await migrated(database)), newFile: isNew ? file : null }
  } finally {
    database.close()
  }
}

interface Readers {
  readonly reader: Reader
  readonly auditor: Auditor
  close(): Promise<void>
}

/** The audit has a thread of its own, because one law can take minutes. A thread starts with its first read. */
export function readersOnThreads(entry: URL, data: ReadingThreadData): Readers {
  const [reads, audits] = [new ReadingThread(entry, data), new ReadingThread(entry, data)]
  const methods = Object.keys(LANE_OF) as (keyof Reads)[]
  const reader = Object.fromEntries(
    methods.map((method) => [method, (...parameters: never[]) => reads.read(method, ...(parameters as never))]),
  ) as unknown as Reader
  return {
    reader,
    auditor: { checks: AUDIT_CHECKS, run: (check, limit) => audits.read('audit', check, limit) },
    async close() {
      await Promise.all([reads.close(), audits.close()])
    },
  }
}

/** For a process with one caller, which need not wait for a thread to start. */
export function readersHere(file: string, busyTimeoutMs: number): Readers {
  const database = openReadConnection(file, { busyTimeoutMs })
  const query = queryOf(() => database)
  return {
    reader: new SqlReader('sqlite', query),
    auditor: new SqlAuditor('sqlite', query),
    close() {
      if (database.isOpen) database.close()
      return Promise.resolve()
    },
  }
}

async function migrated(database: DatabaseSync): Promise<MigrationReport> {
  return await understood(migrate(sqliteMigrationTarget(database), sqliteMigrations()))
}

export async function understood<Result>(migrating: Promise<Result>): Promise<Result> {
  try {
    return await migrating
  } catch (error) {
    throw isSqliteError(error) ? unusable(error) : error
  }
}

export function findMigrated(path: string): string {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return findDatabaseFile(path)
  throw new MigrationError(
    `There is no ledger yet at ${resolve(path)}. Name another one with --store or HOLDFAST_STORE, or make this one with "holdfast migrate".`,
  )
}

function open(file: string, busyTimeoutMs: number): DatabaseSync {
  try {
    return openConnection(file, { busyTimeoutMs })
  } catch (error) {
    const obstacle = classify(error) === 'unavailable' ? obstacleOf(file) : null
    throw obstacle === null ? unusable(error) : misconfigured(obstacle, error)
  }
}
