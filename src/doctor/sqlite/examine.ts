/** The examination of an SQLite file. */
import { statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { Fault } from '../../engine/faults.ts'
import { pathOf } from '../../stores/open.ts'
import { requireSqlite } from '../../stores/platform.ts'
import { findDatabaseFile, logOf } from '../../stores/sqlite/database-file.ts'
import { unusable } from '../../stores/sqlite/errors.ts'
import { LogKeeper } from '../../stores/sqlite/log-keeper.ts'
import { examineClock } from '../clock.ts'
import { Examination } from '../examination.ts'
import { finding, type Finding } from '../finding.ts'
import { examineOverdueHolds } from '../overdue-holds.ts'
import { examineStripes } from '../processes.ts'
import { bytesText } from '../sizes.ts'
import { lockHoldersOf, processText } from './file-locks.ts'
import { bytesOf, factsOf, judgeFile } from './file.ts'
import { isInUse, SqliteRespondent } from './respondent.ts'
import { examineSqliteTables } from './tables.ts'
import { attemptLock, judgeLock } from './write-lock.ts'
import { textOf } from '../shown-values.ts'

/** @throws StoreUrlError; Fault when the file cannot be opened */
export async function examineSqlite(url: string): Promise<readonly Finding[]> {
  requireSqlite()
  const file = findDatabaseFile(pathOf(url))
  const wasInUse = isInUse(file)
  const findings = await examineFile(file)
  // A process has opened the file meanwhile, and what was read as if nobody could change it may be wrong.
  return !wasInUse && isInUse(file) ? await examineFile(file) : findings
}

async function examineFile(file: string): Promise<readonly Finding[]> {
  const facts = factsOf(file)
  const opening = opened(file)
  if (opening instanceof Fault) {
    return [...judgeFile(facts), finding('server.unreachable', 'broken', { value: opening.message })]
  }
  await using respondent = opening
  const examination = new Examination(respondent)
  examination.add(...judgeFile(facts))
  const versions = await examination.rows({ name: 'the version', text: 'SELECT sqlite_version() AS version' })
  if (versions !== null)
    examination.add(finding('server.version', 'fine', { value: `SQLite ${textOf(versions[0]!['version'])}` }))
  await examineJournalMode(examination, respondent)
  // Not before the first question: until then SQLite has not locked the file against the end of its log.
  await examineLock(examination, respondent, file)
  examination.add(judgeLog(file, respondent.database))
  if (await examineSqliteTables(examination, { bytes: bytesOf(file), bytesFree: facts.bytesFree })) {
    await examineClock(examination, 'sqlite')
    await examineOverdueHolds(examination, 'sqlite')
    await examineStripes(examination)
  }
  return examination.findings
}

/** The reason is a finding next to those about the file. */
function opened(file: string): SqliteRespondent | Fault {
  try {
    return new SqliteRespondent(file)
  } catch (error) {
    return unusable(error)
  }
}

/** A file at rest shows none; Holdfast sets it whenever it opens the file. */
async function examineJournalMode(examination: Examination, { isInUse: isOpen }: SqliteRespondent): Promise<void> {
  const rows = await examination.rows({ name: 'the journal mode', text: 'PRAGMA journal_mode' })
  const mode = rows?.[0]?.['journal_mode']
  if (mode === undefined || !isOpen) return
  if (mode === 'wal') {
    // Holdfast sets it on every connection of its own.
    examination.add(
      finding('file.journal_mode', 'fine', { value: 'wal, which Holdfast syncs at every commit (synchronous=FULL)' }),
    )
    return
  }
  const remedy = 'Find the program that changed it (fuser -v FILE), end it, and start the service: it sets WAL'
  examination.add(finding('file.journal_mode', 'risk', { value: textOf(mode), remedy }))
}

async function examineLock(
  examination: Examination,
  { isInUse: isOpen }: SqliteRespondent,
  file: string,
): Promise<void> {
  if (!isOpen) {
    examination.add(finding('file.write_lock', 'fine', { value: 'free: no process has the file open' }))
    return
  }
  const attempt = await attemptLock(file)
  if (attempt === null) examination.miss('the write lock', 'failed', 'This user may not write the file.')
  else examination.add(judgeLock(attempt))
}

function judgeLog(file: string, database: DatabaseSync): Finding {
  const bytes = statSync(logOf(file), { throwIfNoEntry: false })?.size ?? 0
  // Only to ask for its warnings: it is not started.
  const [warning] = new LogKeeper(file, database).warnings()
  if (warning === undefined) return finding('file.log', 'fine', { value: bytes === 0 ? 'empty' : bytesText(bytes) })
  const readers = lockHoldersOf(file)?.readers.filter((id) => id !== process.pid) ?? []
  return finding('file.log', 'risk', {
    value: bytesText(bytes),
    why: warning,
    details: readers.map((id) => `reads now: ${processText(id)}`),
    remedy: `Let the program that reads end its transaction; it is one of: fuser -v ${file}`,
  })
}
