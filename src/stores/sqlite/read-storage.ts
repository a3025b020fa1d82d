/** Opening a ledger in one SQLite file for reading only. Other processes may write to the file. */
import { requireMigrated } from '../sql/migrator.ts'
import type { ReadStorage } from '../read-storage.ts'
import { SqlKeyStore } from '../sql/keys.ts'
import { openReadConnection } from './connection.ts'
import { classify, misconfigured } from './errors.ts'
import { readingObstacleOf } from './database-file.ts'
import { sqliteMigrations, sqliteMigrationTarget } from './migrations.ts'
import { queryOf } from './query.ts'
import { BUSY_TIMEOUT_MS_DEFAULT, findMigrated, readersHere, readersOnThreads, understood } from './storage.ts'
import { threadFile, threadsWarning } from './thread-files.ts'

/**
 * Opens the file at `path` for reading only. SQLite keeps the index of the write-ahead log in a file next to it, so the folder must be
 * writable, or another process must have the ledger open.
 *
 * @throws MigrationError when the file is missing or its tables are not those of this version
 * @throws Fault `store_misconfigured`, `store_unavailable` when it cannot be opened
 */
export async function openSqliteReading(
  path: string,
  { reads = 'thread' }: { readonly reads?: 'thread' | 'caller' },
): Promise<ReadStorage> {
  const file = findMigrated(path)
  const busyTimeoutMs = BUSY_TIMEOUT_MS_DEFAULT
  const database = openReadConnection(file, { busyTimeoutMs })
  try {
    await understood(requireMigrated(sqliteMigrationTarget(database), sqliteMigrations()))
  } catch (error) {
    database.close()
    const obstacle = classify(error) === 'unavailable' ? readingObstacleOf(file) : null
    throw obstacle === null ? error : misconfigured(obstacle, error)
  }
  const entry = reads === 'thread' ? threadFile('reading-thread') : null
  const readers = entry === null ? readersHere(file, busyTimeoutMs) : readersOnThreads(entry, { file, busyTimeoutMs })
  const read = queryOf(() => database)
  const ofThreads = threadsWarning()
  const warnings = ofThreads === null ? [] : [ofThreads]
  const close = async (): Promise<void> => {
    await readers.close()
    if (database.isOpen) database.close()
  }
  return {
    kind: 'sqlite',
    reader: readers.reader,
    place: () => file,
    auditor: readers.auditor,
    keys: new SqlKeyStore('sqlite', { read, write: read, touch: read }),
    warnings,
    inspect: () => Promise.resolve(warnings),
    // All processes read the same file.
    replicaState: () => Promise.resolve({ role: 'primary' }),
    gauges: () => ({ pools: [], logBytes: null }),
    close,
    [Symbol.asyncDispose]: close,
  }
}
