/** What PostgreSQL's error codes and a lost connection mean to the engine. */
import { DatabaseError } from 'pg'
import { Fault } from '../../engine/faults.ts'
import type { CommitResult, Contended } from '../../engine/store.ts'
import { remedyOf } from './remedies.ts'

export type Failure =
  /** A key was taken, or a guard of the commit found a row that had moved. */
  | 'stale'
  /** The server gave up because of a lock. */
  | Contended
  /** The rows are refused: a constraint, or a value that a column cannot hold. */
  | 'refused'
  /** The server, its disk, the account or the connection fails. */
  | 'unavailable'
  /** The one who answered does not know whether the statement took effect. */
  | 'unknown'

/** See https://www.postgresql.org/docs/current/errcodes-appendix.html */
const BY_STATE: Readonly<Record<string, Failure>> = {
  '08P01': 'unavailable', // protocol_violation: what a pooler says instead of taking a statement
  '22012': 'stale', // division_by_zero: how a commit's guard says no, see statements.ts
  '23505': 'stale', // unique_violation
  '40003': 'unknown', // statement_completion_unknown
  '40P01': 'deadlock', // deadlock_detected
  CR000: 'serialization', // CockroachDB before 20.1, later 40001
  '55P03': 'lock_timeout', // lock_not_available: lock_timeout
  // Only the triggers of a bridge cause it (src/bridge).
  P0001: 'refused', // raise_exception
  // The server process was ended: PostgreSQL closes the connection as well, a pooler may keep it.
  '57P01': 'unknown', // admin_shutdown
  '57P02': 'unknown', // crash_shutdown
  '57P04': 'unknown', // database_dropped
  '57P05': 'unknown', // idle_session_timeout
}

/** By the first two characters, for states that have no row above. */
const BY_CLASS: Readonly<Record<string, Failure>> = {
  '08': 'unknown', // connection exception: 08006 connection_failure, 08007 transaction_resolution_unknown
  '22': 'refused', // data exception: a character that the encoding lacks, a number out of range
  '23': 'refused', // integrity constraint violation: CHECK, NOT NULL
  '40': 'serialization', // transaction rollback: 40001 serialization_failure
  '54': 'refused', // program limit exceeded: a value or a row that is too large
}

/**
 * Every other state means that the database is unavailable: 25006 read-only, 28 and 42501 grants, 3D000 no such database, 42P01 no such
 * table, 53 resources (too many connections, disk full, out of memory), 57 operator intervention (statement_timeout, starting up), 58
 * system, XX corruption; and every network error.
 */
export function classify(error: unknown): Failure {
  const state = sqlStateOf(error)
  return state === null ? 'unavailable' : (BY_STATE[state] ?? BY_CLASS[state.slice(0, 2)] ?? 'unavailable')
}

/** The server is not, or no longer, the primary: a standby, or fenced by default_transaction_read_only. */
export class ReadOnlyFault extends Fault {
  constructor(cause?: unknown) {
    super('store_unavailable', 'PostgreSQL takes reads only.', { retryAfterMs: 1_000, cause })
  }
}

const READ_ONLY_STATE = '25006'

/** The five characters that the server sent; null for an error that it did not send. */
function sqlStateOf(error: unknown): string | null {
  return error instanceof DatabaseError ? (error.code ?? null) : null
}

/** The fault for an error where nothing was written: the call can be repeated, or an operator has to act. */
export function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error
  if (sqlStateOf(error) === READ_ONLY_STATE) return new ReadOnlyFault(error)
  const remedy = remedyOf(error)
  if (remedy !== null) {
    return new Fault('store_misconfigured', `PostgreSQL: ${messageOf(error)}. ${remedy}`, { cause: error })
  }
  return new Fault('store_unavailable', `PostgreSQL: ${messageOf(error)}`, { retryAfterMs: 1_000, cause: error })
}

function refused(error: unknown): Fault {
  return new Fault('store_refused', `PostgreSQL refused the rows: ${messageOf(error)}`, { cause: error })
}

/** A commit was answered with success and a warning, see `LedgerClient.unprovenCount`. */
export const UNPROVEN = 'The server committed, but not on its standbys: the wait for them was cancelled.'

export function inDoubt(error: unknown): Fault {
  const message = `PostgreSQL was lost while committing: ${messageOf(error)}`
  return new Fault('commit_in_doubt', message, { applied: 'unknown', cause: error })
}

/**
 * What the answer to a commit means when it is an error.
 *
 * @throws Fault `store_refused`, `store_unavailable`, `store_misconfigured`, `commit_in_doubt`
 */
export function resultOf(error: unknown): CommitResult {
  const failure = classify(error)
  switch (failure) {
    case 'stale':
    case 'deadlock':
    case 'lock_timeout':
    case 'serialization':
      return failure
    case 'refused':
      throw refused(error)
    case 'unavailable':
      throw faultOf(error)
    case 'unknown':
      throw inDoubt(error)
  }
}

/** The server's message, without the rows that DETAIL contains. */
function messageOf(error: unknown): string {
  // One error for each address of a name; it has no message of its own.
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ')
  if (!(error instanceof Error)) return String(error)
  const state = sqlStateOf(error)
  return state === null ? error.message : `${error.message} (${state})`
}
