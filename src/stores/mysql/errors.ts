/**
 * What MySQL's and MariaDB's error numbers mean to the engine.
 *
 * By number and not by name: the two servers have given some numbers different meanings, and drivers show the name that one
 * of them has for it.
 */
import { Fault } from '../../engine/faults.ts'
import type { Flavour } from './server.ts'

export type Failure =
  /** A key was taken, or a guard found a row that had moved. */
  | 'stale'
  /** Another transaction has the lock. */
  | 'contended'
  /** A constraint or a column's type says no. */
  | 'refused'
  /** The server, its disk or the way to it. */
  | 'unavailable'

interface ErrorRow {
  readonly errno: number
  readonly name: string
  /** Where the number has this meaning; both when nothing is said. */
  readonly only?: Flavour
  readonly failure: Failure
  /** True where the server has rolled the transaction back even when the error answers COMMIT itself. */
  readonly rolledBackAtCommit?: true
}

/** https://dev.mysql.com/doc/mysql-errors/9.0/en/server-error-reference.html, https://mariadb.com/docs/server/reference/error-codes */
export const ERRORS: readonly ErrorRow[] = [
  { errno: 1062, name: 'ER_DUP_ENTRY', failure: 'stale' },
  { errno: 1586, name: 'ER_DUP_ENTRY_WITH_KEY_NAME', failure: 'stale' },
  // Only the guards of statements.ts bring it about.
  { errno: 1242, name: 'ER_SUBQUERY_NO_1_ROW', failure: 'stale' },

  { errno: 1205, name: 'ER_LOCK_WAIT_TIMEOUT', failure: 'contended' },
  // At COMMIT it comes from a cluster that certifies there.
  { errno: 1213, name: 'ER_LOCK_DEADLOCK', failure: 'contended', rolledBackAtCommit: true },
  { errno: 1020, name: 'ER_CHECKREAD', failure: 'contended' },
  {
    errno: 3101,
    name: 'ER_TRANSACTION_ROLLBACK_DURING_COMMIT',
    only: 'mysql',
    failure: 'contended',
    rolledBackAtCommit: true,
  },
  { errno: 3572, name: 'ER_LOCK_NOWAIT', only: 'mysql', failure: 'contended' },

  { errno: 3819, name: 'ER_CHECK_CONSTRAINT_VIOLATED', only: 'mysql', failure: 'refused' },
  { errno: 4025, name: 'ER_CONSTRAINT_FAILED', only: 'mariadb', failure: 'refused' },
  { errno: 1048, name: 'ER_BAD_NULL_ERROR', failure: 'refused' },
  { errno: 1153, name: 'ER_NET_PACKET_TOO_LARGE', failure: 'refused' },
  { errno: 1264, name: 'ER_WARN_DATA_OUT_OF_RANGE', failure: 'refused' },
  { errno: 1265, name: 'WARN_DATA_TRUNCATED', failure: 'refused' },
  { errno: 1292, name: 'ER_TRUNCATED_WRONG_VALUE', failure: 'refused' },
  { errno: 1300, name: 'ER_INVALID_CHARACTER_STRING', failure: 'refused' },
  { errno: 1366, name: 'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD', failure: 'refused' },
  { errno: 1406, name: 'ER_DATA_TOO_LONG', failure: 'refused' },
  { errno: 1690, name: 'ER_DATA_OUT_OF_RANGE', failure: 'refused' },

  { errno: 1021, name: 'ER_DISK_FULL', failure: 'unavailable' },
  { errno: 1040, name: 'ER_CON_COUNT_ERROR', failure: 'unavailable' },
  { errno: 1047, name: 'ER_UNKNOWN_COM_ERROR', failure: 'unavailable' },
  { errno: 1053, name: 'ER_SERVER_SHUTDOWN', failure: 'unavailable' },
  { errno: 1114, name: 'ER_RECORD_FILE_FULL', failure: 'unavailable' },
  { errno: 1203, name: 'ER_TOO_MANY_USER_CONNECTIONS', failure: 'unavailable' },
  { errno: 1226, name: 'ER_USER_LIMIT_REACHED', failure: 'unavailable' },
  { errno: 1290, name: 'ER_OPTION_PREVENTS_STATEMENT', failure: 'unavailable', rolledBackAtCommit: true },
  { errno: 1317, name: 'ER_QUERY_INTERRUPTED', failure: 'unavailable' },
  { errno: 1792, name: 'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION', failure: 'unavailable' },
  { errno: 1836, name: 'ER_READ_ONLY_MODE', failure: 'unavailable', rolledBackAtCommit: true },
  { errno: 1927, name: 'ER_CONNECTION_KILLED', only: 'mariadb', failure: 'unavailable' },
  { errno: 1969, name: 'ER_STATEMENT_TIMEOUT', only: 'mariadb', failure: 'unavailable' },
  { errno: 3024, name: 'ER_QUERY_TIMEOUT', only: 'mysql', failure: 'unavailable' },
]

const BY_FLAVOUR: Readonly<Record<Flavour, ReadonlyMap<number, ErrorRow>>> = {
  mysql: rowsOf('mysql'),
  mariadb: rowsOf('mariadb'),
}

function rowsOf(flavour: Flavour): ReadonlyMap<number, ErrorRow> {
  return new Map(ERRORS.filter(({ only }) => only === undefined || only === flavour).map((row) => [row.errno, row]))
}

/** Everything that is not listed is the server's: privileges, missing tables, full disks, lost connections. */
export function classify(failure: MysqlFailure, flavour: Flavour): Failure {
  if (!failure.reported) return 'unavailable'
  return BY_FLAVOUR[flavour].get(failure.errno)?.failure ?? 'unavailable'
}

/** Whether COMMIT, answered with this error, has certainly not been made. */
export function isRolledBackAtCommit(failure: MysqlFailure, flavour: Flavour): boolean {
  return failure.reported && BY_FLAVOUR[flavour].get(failure.errno)?.rolledBackAtCommit === true
}

/** A text of statements that did not come through. */
export class MysqlFailure extends Error {
  override readonly name = 'MysqlFailure'
  /** The server's error number; 0 when the failure is not the server's answer. */
  readonly errno: number
  /** True: the server answered that statement `finishedCount` failed. False: the connection was lost, whatever became of it. */
  readonly reported: boolean
  /** How many statements of the text were done before. */
  readonly finishedCount: number
  /** False: not a byte of the text can have reached the server. */
  readonly sent: boolean

  constructor(message: string, facts: Pick<MysqlFailure, 'errno' | 'reported' | 'finishedCount' | 'sent'>) {
    super(message)
    this.errno = facts.errno
    this.reported = facts.reported
    this.finishedCount = facts.finishedCount
    this.sent = facts.sent
  }
}

/** What mysql2 throws, as it is; the statement's text, which may be long and private, stays behind. */
export function failureOf(error: unknown, finishedCount: number): MysqlFailure {
  const { errno, sqlState, fatal } = error as { errno?: unknown; sqlState?: unknown; fatal?: unknown }
  // Errors of the network have negative numbers and no SQL state. A fatal one is the connection's, not the statement's.
  const reported = typeof errno === 'number' && typeof sqlState === 'string' && fatal !== true
  const message = error instanceof Error ? error.message : String(error)
  return new MysqlFailure(message, { errno: reported ? errno : 0, reported, finishedCount, sent: true })
}

export function unavailable(error: unknown): Fault {
  if (error instanceof Fault) return error
  return new Fault('store_unavailable', `MySQL: ${messageOf(error)}`, { retryAfterMs: 1_000, cause: error })
}

export function refused(error: unknown): Fault {
  return new Fault('store_refused', `MySQL refused the rows: ${messageOf(error)}`, { cause: error })
}

export function inDoubt(error: unknown): Fault {
  return new Fault('commit_in_doubt', `MySQL did not confirm the COMMIT: ${messageOf(error)}`, {
    applied: 'unknown',
    cause: error,
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
