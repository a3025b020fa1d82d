/** What PostgreSQL's error codes, and a connection that breaks, mean to the engine. */
import { DatabaseError } from 'pg'
import { Fault } from '../../engine/faults.ts'
import type { CommitResult } from '../../engine/store.ts'

export type Failure =
  /** A key was taken, or a guard of the commit found a row that had moved. */
  | 'stale'
  /** The server gave up over a lock. */
  | 'contended'
  /** The rows themselves are at fault: a constraint, or a value that a column cannot take. */
  | 'refused'
  /** The server, the disk, the account or the connection. */
  | 'unavailable'

/** See https://www.postgresql.org/docs/current/errcodes-appendix.html */
const BY_STATE: Readonly<Record<string, Failure>> = {
  '22012': 'stale', // division_by_zero: how a commit's guard says no, see statements.ts
  '23505': 'stale', // unique_violation
  '55P03': 'contended', // lock_not_available: lock_timeout
}

/** By the first two characters, for states that are not listed above. */
const BY_CLASS: Readonly<Record<string, Failure>> = {
  '22': 'refused', // data exception: a character that the encoding lacks, a number out of range
  '23': 'refused', // integrity constraint violation: CHECK, NOT NULL
  '40': 'contended', // transaction rollback: 40001 serialization_failure, 40P01 deadlock_detected
  '54': 'refused', // program limit exceeded: a value or a row that is too large
}

/**
 * Everything that is not listed is nobody's fault but the database's: 08 connection, 25006 read-only, 28 and 42501 grants,
 * 3D000 no such database, 42P01 no such table, 53 resources (too many connections, disk full, out of memory),
 * 57 operator intervention (statement_timeout, shutdown), 58 system, XX corruption; and every error of the network.
 */
export function classify(error: unknown): Failure {
  const state = sqlStateOf(error)
  return state === null ? 'unavailable' : (BY_STATE[state] ?? BY_CLASS[state.slice(0, 2)] ?? 'unavailable')
}

/** The five characters that the server sent; null for an error that it did not send. */
export function sqlStateOf(error: unknown): string | null {
  return error instanceof DatabaseError ? (error.code ?? null) : null
}

export function unavailable(error: unknown): Fault {
  if (error instanceof Fault) return error
  return new Fault('store_unavailable', `PostgreSQL: ${messageOf(error)}`, { retryAfterMs: 1_000, cause: error })
}

function refused(error: unknown): Fault {
  return new Fault('store_refused', `PostgreSQL refused the rows: ${messageOf(error)}`, { cause: error })
}

export function inDoubt(error: unknown): Fault {
  const message = `PostgreSQL was lost while committing: ${messageOf(error)}`
  return new Fault('commit_in_doubt', message, { applied: 'unknown', cause: error })
}

/** What an error means that certainly left nothing behind. @throws Fault `store_refused`, `store_unavailable` */
export function resultOf(error: unknown): CommitResult {
  const failure = classify(error)
  switch (failure) {
    case 'stale':
    case 'contended':
      return failure
    case 'refused':
      throw refused(error)
    case 'unavailable':
      throw unavailable(error)
  }
}

/** The server's words, without the rows that DETAIL would tell. */
function messageOf(error: unknown): string {
  // One for each address that a name stands for; it has no message of its own.
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ')
  if (!(error instanceof Error)) return String(error)
  const state = sqlStateOf(error)
  return state === null ? error.message : `${error.message} (${state})`
}
