/** Erasing in an SQLite file that services may be using. */
import type { AccountName } from '../../domain/ids.ts'
import type { ErasureProgress, ErasureReport } from '../erasure.ts'
import { erase } from '../sql/erasure.ts'
import { requireMigrated } from '../sql/migrator.ts'
import type { Row } from '../sql/values.ts'
import { openConnection } from './connection.ts'
import { findDatabaseFile } from './database-file.ts'
import { isSqliteError, unusable } from './errors.ts'
import { sqliteMigrations, sqliteMigrationTarget } from './migrations.ts'

/** How long a statement waits for the services' commits. */
const BUSY_TIMEOUT_MS = 30_000

/**
 * What was erased is overwritten in the file, and the log is emptied if nobody reads it.
 *
 * @throws MigrationError when the tables are not those of this version; Fault `store_misconfigured`, `store_unavailable`
 */
export async function eraseSqlite(
  path: string,
  account: AccountName,
  onProgress: ErasureProgress,
): Promise<ErasureReport> {
  const file = findDatabaseFile(path)
  try {
    using database = openConnection(file, { busyTimeoutMs: BUSY_TIMEOUT_MS })
    await requireMigrated(sqliteMigrationTarget(database), sqliteMigrations())
    database.exec('PRAGMA secure_delete = ON')
    const run = (sql: string): Promise<readonly Row[]> => Promise.resolve(database.prepare(sql).all() as Row[])
    const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`
    const report = await erase({ run, quote }, account, onProgress)
    database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all()
    return report
  } catch (error) {
    throw isSqliteError(error) ? unusable(error) : error
  }
}
