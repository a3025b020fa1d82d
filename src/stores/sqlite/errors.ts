/** What SQLite's result codes mean to the engine. */
import { Fault } from '../../engine/faults.ts'

export type Failure =
  /** A key was taken. */
  | 'stale'
  /** Another connection has the write lock. */
  | 'contended'
  /** A CHECK, NOT NULL or type constraint says no. */
  | 'refused'
  /** The file, the disk or the connection. */
  | 'unavailable'

/** Extended result codes, see https://www.sqlite.org/rescode.html */
const BY_EXTENDED_CODE: Readonly<Record<number, Failure>> = {
  1555: 'stale', // SQLITE_CONSTRAINT_PRIMARYKEY
  2067: 'stale', // SQLITE_CONSTRAINT_UNIQUE
  2579: 'stale', // SQLITE_CONSTRAINT_ROWID
}

/** Primary result codes: the low byte. */
const BY_PRIMARY_CODE: Readonly<Record<number, Failure>> = {
  5: 'contended', // SQLITE_BUSY
  6: 'contended', // SQLITE_LOCKED
  19: 'refused', // SQLITE_CONSTRAINT: every other constraint
  20: 'refused', // SQLITE_MISMATCH
}

/** Everything that is not listed is the file's or the disk's: FULL, IOERR, READONLY, CANTOPEN, CORRUPT, NOTADB, … */
export function classify(error: unknown): Failure {
  const code = errcodeOf(error)
  return BY_EXTENDED_CODE[code] ?? BY_PRIMARY_CODE[code & 0xff] ?? 'unavailable'
}

/** False for errors that did not come from the database. */
export function isSqliteError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR'
}

export function unavailable(error: unknown): Fault {
  return new Fault('store_unavailable', `SQLite: ${messageOf(error)}`, { retryAfterMs: 1_000, cause: error })
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
