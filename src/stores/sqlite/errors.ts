/** What SQLite's result codes mean to the engine. */
import { Fault } from '../../engine/faults.ts'

export type Failure =
  /** A key was taken. */
  | 'stale'
  /** Another connection has the write lock. */
  | 'lock_timeout'
  /** A CHECK, NOT NULL or type constraint refuses the row. */
  | 'refused'
  /** The ledger cannot use the file until an operator changes it. */
  | 'misconfigured'
  /** The disk or the connection fails. */
  | 'unavailable'

/** Extended result codes, see https://www.sqlite.org/rescode.html */
const BY_EXTENDED_CODE: Readonly<Record<number, Failure>> = {
  1555: 'stale', // SQLITE_CONSTRAINT_PRIMARYKEY
  2067: 'stale', // SQLITE_CONSTRAINT_UNIQUE
  2579: 'stale', // SQLITE_CONSTRAINT_ROWID
}

/** Primary result codes: the low byte. */
const BY_PRIMARY_CODE: Readonly<Record<number, Failure>> = {
  3: 'misconfigured', // SQLITE_PERM
  5: 'lock_timeout', // SQLITE_BUSY
  6: 'lock_timeout', // SQLITE_LOCKED
  8: 'misconfigured', // SQLITE_READONLY
  11: 'misconfigured', // SQLITE_CORRUPT
  19: 'refused', // SQLITE_CONSTRAINT: every other constraint
  20: 'refused', // SQLITE_MISMATCH
  26: 'misconfigured', // SQLITE_NOTADB
}

const REMEDY_BY_PRIMARY_CODE: Readonly<Record<number, string>> = {
  3: 'Give the user of this process the right to read and write the file and its folder.',
  8: 'Give the user of this process the right to write the file, its -wal and -shm files and its folder.',
  11: 'The file is damaged. Restore a backup (holdfast backup makes them), and look for the cause: the disk, or a copy made without the -wal file.',
  26: 'The file is no SQLite database. Name another one.',
}

/** Every other code may end by itself: FULL, IOERR, CANTOPEN (too many open files, for example), NOMEM, … */
export function classify(error: unknown): Failure {
  const code = errcodeOf(error)
  return BY_EXTENDED_CODE[code] ?? BY_PRIMARY_CODE[code & 0xff] ?? 'unavailable'
}

/** Whether the error came from the database. */
export function isSqliteError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR'
}

/** The fault for `misconfigured` and `unavailable`. */
export function unusable(error: unknown): Fault {
  const remedy = REMEDY_BY_PRIMARY_CODE[errcodeOf(error) & 0xff]
  if (classify(error) === 'misconfigured' && remedy !== undefined) {
    return misconfigured(`${messageOf(error)}. ${remedy}`, error)
  }
  return new Fault('store_unavailable', `SQLite: ${messageOf(error)}`, { retryAfterMs: 1_000, cause: error })
}

export function misconfigured(message: string, cause?: unknown): Fault {
  return new Fault('store_misconfigured', `SQLite: ${message}`, { cause })
}

export function refused(error: unknown): Fault {
  return new Fault('store_refused', `SQLite refused the rows: ${messageOf(error)}`, { cause: error })
}

export function inDoubt(error: unknown): Fault {
  return new Fault('commit_in_doubt', `SQLite failed at COMMIT: ${messageOf(error)}`, {
    applied: 'unknown',
    cause: error,
  })
}

function errcodeOf(error: unknown): number {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : 0
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
