/**
 * A copy of the file, made while services commit to it.
 *
 * The pages are copied under one read transaction: the copy has the rows of one instant, independently of later commits, and no writer
 * waits for it. It has another name until it is verified and on disk, so that an incomplete copy is never taken for a complete one.
 */
import { randomUUID } from 'node:crypto'
import { existsSync, linkSync, lstatSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { backup, type DatabaseSync } from 'node:sqlite'
import type { AuditCheck } from '../../engine/auditor.ts'
import { BackupError, type BackupProgress, type BackupReport } from '../backup.ts'
import { SqlAuditor } from '../sql/auditor.ts'
import { requireMigrated } from '../sql/migrator.ts'
import { openConnection } from './connection.ts'
import { findDatabaseFile, makeEmptyFile, syncFile, syncFolder } from './database-file.ts'
import { isSqliteError, unusable } from './errors.ts'
import { sqliteMigrations, sqliteMigrationTarget } from './migrations.ts'
import { queryOf } from './query.ts'

/** Pages per step, usually 2 MiB: small enough to show progress. */
const PAGES_PER_STEP = 1_000
const BUSY_TIMEOUT_MS = 5_000
/** The share of copying in the progress; the rest is verifying. */
const COPYING_SHARE = 0.5

/** Files that SQLite keeps next to a database. Those of another database would be taken for the copy's. */
const BESIDE = ['-wal', '-shm', '-journal']

/**
 * @throws BackupError when the copy cannot be made or is damaged; MigrationError when its tables are not those of this
 *   version; Fault `store_misconfigured`, `store_unavailable` when the file cannot be read
 */
export async function backupSqlite(
  path: string,
  target: string,
  onProgress: BackupProgress = () => {},
): Promise<BackupReport> {
  const file = findDatabaseFile(path)
  const part = `${resolve(target)}.${randomUUID()}.part`
  using source = await openSource(file)
  try {
    requireFree(target)
    makeEmptyFile(part)
  } catch (error) {
    throw notWritten(target, error)
  }
  try {
    await copy(source, part, onProgress)
    const verdict = await verify(part, onProgress)
    const { size: bytes } = statSync(part)
    if (verdict.broken.length === 0) publish(part, resolve(target))
    return { bytes, ...verdict }
  } catch (error) {
    throw notWritten(target, error)
  } finally {
    for (const end of ['', ...BESIDE]) rmSync(`${part}${end}`, { force: true })
  }
}

async function openSource(file: string): Promise<DatabaseSync> {
  let source: DatabaseSync | null = null
  try {
    source = openConnection(file, { busyTimeoutMs: BUSY_TIMEOUT_MS })
    await requireMigrated(sqliteMigrationTarget(source), sqliteMigrations())
    return source
  } catch (error) {
    source?.close()
    throw isSqliteError(error) ? unusable(error) : error
  }
}

function requireFree(target: string): void {
  const folder = dirname(resolve(target))
  if (!existsSync(folder)) throw new BackupError(`There is no folder ${folder}. Make it first.`)
  for (const path of [target, ...BESIDE.map((end) => `${target}${end}`)]) {
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) throw taken(path)
  }
}

function taken(path: string): BackupError {
  return new BackupError(
    `${path} is there already, and nothing is overwritten. Name another file, or move that one away.`,
  )
}

async function copy(source: DatabaseSync, part: string, onProgress: BackupProgress): Promise<void> {
  source.exec('BEGIN')
  try {
    // From here on the connection sees the commits up to now only. Without a transaction each commit would restart the copy.
    source.prepare('SELECT count(*) FROM migrations').get()
    const progress = ({ totalPages, remainingPages }: { totalPages: number; remainingPages: number }): void =>
      onProgress('Copying', (COPYING_SHARE * (totalPages - remainingPages)) / Math.max(totalPages, 1))
    await backup(source, part, { rate: PAGES_PER_STEP, progress })
  } finally {
    if (source.isTransaction) source.exec('ROLLBACK')
  }
}

async function verify(part: string, onProgress: BackupProgress): Promise<Pick<BackupReport, 'checks' | 'broken'>> {
  using database = openConnection(part, { busyTimeoutMs: BUSY_TIMEOUT_MS })
  onProgress('Checking the pages of the copy', COPYING_SHARE)
  const [found] = database.prepare('PRAGMA integrity_check(1)').all()
  if (found?.['integrity_check'] !== 'ok') {
    throw new BackupError(
      `The copy is damaged, so the file probably is: ${String(found?.['integrity_check'])}. Look for the cause (the disk), and restore an earlier copy.`,
    )
  }
  const auditor = new SqlAuditor(
    'sqlite',
    queryOf(() => database),
  )
  const { checks } = auditor
  const broken: AuditCheck[] = []
  for (const [index, check] of checks.entries()) {
    onProgress(check.title, COPYING_SHARE + ((1 - COPYING_SHARE) * index) / checks.length)
    if ((await auditor.run(check, 1)).length > 0) broken.push(check)
  }
  return { checks, broken }
}

/** Gives the copy its name once it is on disk. */
function publish(part: string, target: string): void {
  syncFile(part)
  try {
    // Unlike a rename, a link never replaces a file that was created meanwhile.
    linkSync(part, target)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw taken(target)
    // The file system has no hard links.
    requireFree(target)
    renameSync(part, target)
  }
  syncFolder(dirname(target))
}

function notWritten(target: string, cause: unknown): BackupError {
  if (cause instanceof BackupError) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new BackupError(`The copy ${target} could not be written: ${reason}. Mend that, or name another file.`, {
    cause,
  })
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
