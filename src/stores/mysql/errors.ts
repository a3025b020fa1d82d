/**
 * What the error numbers of MySQL and MariaDB mean to the engine.
 *
 * By number and not by name: some numbers have different meanings on the two servers, and drivers show the name of one of them.
 */
import { Fault } from '../../engine/faults.ts'
import type { Contended } from '../../engine/store.ts'
import type { Flavour } from './server.ts'

export type Failure =
  /** A key was taken, or a guard found a row that had moved. */
  | 'stale'
  /** The server gave up because of a lock. */
  | Contended
  /** A constraint or a column's type refuses the row. */
  | 'refused'
  /** The server accepts no writes: it is not the primary, or not part of its cluster. */
  | 'demoted'
  /** Only an operator can fix it. */
  | 'misconfigured'
  /** The server, its disk or the network fails. */
  | 'unavailable'

interface ErrorRow {
  readonly errno: number
  readonly name: string
  /** The server on which the number has this meaning; by default both. */
  readonly only?: Flavour
  readonly failure: Failure
  /** True when the server has rolled the transaction back, also if the error answers COMMIT. */
  readonly rolledBackAtCommit?: true
  /** What an operator can do. */
  readonly remedy?: string
}

const GUARD = 1242

/** Whether a statement of `guard` in transactions.ts failed. */
export function isGuard({ errno }: MysqlFailure): boolean {
  return errno === GUARD
}

/** Whether a key was taken. */
export function isDuplicate(error: unknown): boolean {
  return error instanceof MysqlFailure && (error.errno === 1062 || error.errno === 1586)
}

const LOGIN = 'Correct the user and the password in the store URL, or the account at the server.'
const RIGHTS = 'Grant the rights that docs/guides/mysql.md lists to the user of the store URL.'
const TABLES = 'Run "holdfast migrate" on this database, or correct its name in the store URL.'

/** https://dev.mysql.com/doc/mysql-errors/9.0/en/server-error-reference.html, https://mariadb.com/docs/server/reference/error-codes */
export const ERRORS: readonly ErrorRow[] = [
  { errno: 1062, name: 'ER_DUP_ENTRY', failure: 'stale' },
  { errno: 1586, name: 'ER_DUP_ENTRY_WITH_KEY_NAME', failure: 'stale' },
  // Only the guards of writes.ts and transactions.ts cause it.
  { errno: GUARD, name: 'ER_SUBQUERY_NO_1_ROW', failure: 'stale' },

  // The transaction's savepoint is gone, and with it the transaction: see transactions.ts.
  { errno: 1305, name: 'ER_SP_DOES_NOT_EXIST', failure: 'lock_timeout' },
  { errno: 1205, name: 'ER_LOCK_WAIT_TIMEOUT', failure: 'lock_timeout' },
  // At COMMIT it comes from a cluster, which certifies transactions there.
  { errno: 1213, name: 'ER_LOCK_DEADLOCK', failure: 'deadlock', rolledBackAtCommit: true },
  { errno: 1020, name: 'ER_CHECKREAD', failure: 'serialization' },
  {
    errno: 3101,
    name: 'ER_TRANSACTION_ROLLBACK_DURING_COMMIT',
    only: 'mysql',
    failure: 'serialization',
    rolledBackAtCommit: true,
  },
  // TiDB: https://docs.pingcap.com/tidb/stable/error-codes. Only of the first one does it say that the transaction was rolled back.
  { errno: 8002, name: 'ErrForUpdateCantRetry', failure: 'serialization', rolledBackAtCommit: true },
  { errno: 8005, name: 'ErrWriteConflictInTiDB', failure: 'serialization' },
  { errno: 9007, name: 'ErrWriteConflict', failure: 'serialization' },
  { errno: 3572, name: 'ER_LOCK_NOWAIT', only: 'mysql', failure: 'lock_timeout' },

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
  // Only the triggers of a bridge cause it (src/bridge).
  { errno: 1644, name: 'ER_SIGNAL_EXCEPTION', failure: 'refused' },

  { errno: 1021, name: 'ER_DISK_FULL', failure: 'unavailable' },
  { errno: 1040, name: 'ER_CON_COUNT_ERROR', failure: 'unavailable' },
  { errno: 1053, name: 'ER_SERVER_SHUTDOWN', failure: 'unavailable' },
  { errno: 1114, name: 'ER_RECORD_FILE_FULL', failure: 'unavailable' },
  { errno: 1203, name: 'ER_TOO_MANY_USER_CONNECTIONS', failure: 'unavailable' },
  { errno: 1226, name: 'ER_USER_LIMIT_REACHED', failure: 'unavailable' },
  { errno: 1317, name: 'ER_QUERY_INTERRUPTED', failure: 'unavailable' },
  { errno: 1927, name: 'ER_CONNECTION_KILLED', only: 'mariadb', failure: 'unavailable' },
  { errno: 1969, name: 'ER_STATEMENT_TIMEOUT', only: 'mariadb', failure: 'unavailable' },
  { errno: 3024, name: 'ER_QUERY_TIMEOUT', only: 'mysql', failure: 'unavailable' },

  // A node that is not in the primary component of its cluster gives this answer to every statement.
  { errno: 1047, name: 'ER_UNKNOWN_COM_ERROR', failure: 'demoted' },
  { errno: 1290, name: 'ER_OPTION_PREVENTS_STATEMENT', failure: 'demoted', rolledBackAtCommit: true },
  { errno: 1792, name: 'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION', failure: 'demoted' },
  { errno: 1836, name: 'ER_READ_ONLY_MODE', failure: 'demoted', rolledBackAtCommit: true },

  { errno: 1045, name: 'ER_ACCESS_DENIED_ERROR', failure: 'misconfigured', remedy: LOGIN },
  { errno: 1251, name: 'ER_NOT_SUPPORTED_AUTH_MODE', failure: 'misconfigured', remedy: LOGIN },
  { errno: 1524, name: 'ER_PLUGIN_IS_NOT_LOADED', failure: 'misconfigured', remedy: LOGIN },
  { errno: 1698, name: 'ER_ACCESS_DENIED_NO_PASSWORD_ERROR', failure: 'misconfigured', remedy: LOGIN },
  { errno: 1820, name: 'ER_MUST_CHANGE_PASSWORD', failure: 'misconfigured', remedy: LOGIN },
  { errno: 1862, name: 'ER_MUST_CHANGE_PASSWORD_LOGIN', failure: 'misconfigured', remedy: LOGIN },
  { errno: 3118, name: 'ER_ACCOUNT_HAS_BEEN_LOCKED', only: 'mysql', failure: 'misconfigured', remedy: LOGIN },
  { errno: 4151, name: 'ER_ACCOUNT_HAS_BEEN_LOCKED', only: 'mariadb', failure: 'misconfigured', remedy: LOGIN },
  {
    errno: 1129,
    name: 'ER_HOST_IS_BLOCKED',
    failure: 'misconfigured',
    remedy: 'Run FLUSH HOSTS at the server, and find out who connects to it and breaks off.',
  },
  {
    errno: 1130,
    name: 'ER_HOST_NOT_PRIVILEGED',
    failure: 'misconfigured',
    remedy: 'Make an account at the server that may connect from this host.',
  },
  {
    errno: 3159,
    name: 'ER_SECURE_TRANSPORT_REQUIRED',
    failure: 'misconfigured',
    remedy: 'Add ssl-mode=VERIFY_IDENTITY to the store URL.',
  },
  { errno: 1044, name: 'ER_DBACCESS_DENIED_ERROR', failure: 'misconfigured', remedy: RIGHTS },
  { errno: 1142, name: 'ER_TABLEACCESS_DENIED_ERROR', failure: 'misconfigured', remedy: RIGHTS },
  { errno: 1143, name: 'ER_COLUMNACCESS_DENIED_ERROR', failure: 'misconfigured', remedy: RIGHTS },
  { errno: 1227, name: 'ER_SPECIFIC_ACCESS_DENIED_ERROR', failure: 'misconfigured', remedy: RIGHTS },
  { errno: 1370, name: 'ER_PROCACCESS_DENIED_ERROR', failure: 'misconfigured', remedy: RIGHTS },
  {
    errno: 1049,
    name: 'ER_BAD_DB_ERROR',
    failure: 'misconfigured',
    remedy: 'Create the database and run "holdfast migrate", or correct its name in the store URL.',
  },
  { errno: 1054, name: 'ER_BAD_FIELD_ERROR', failure: 'misconfigured', remedy: TABLES },
  { errno: 1146, name: 'ER_NO_SUCH_TABLE', failure: 'misconfigured', remedy: TABLES },
  {
    errno: 1665,
    name: 'ER_BINLOG_STMT_MODE_AND_ROW_ENGINE',
    failure: 'misconfigured',
    remedy: 'Set binlog_format to ROW at the server.',
  },
]

/** Errors of the driver before the server has answered, by code. */
const DRIVER_REMEDIES: Readonly<Record<string, string>> = {
  AUTH_SWITCH_PLUGIN_ERROR:
    'Give the account of the store URL a way to log in that the driver has: caching_sha2_password, or mysql_native_password (ALTER USER … IDENTIFIED VIA mysql_native_password).',
  HANDSHAKE_NO_SSL_SUPPORT:
    'Switch TLS on at the server, or use ssl-mode=DISABLED in the store URL on a network that you trust.',
}

/** The driver has one code for every failure to set up an encrypted connection. */
const TLS_FAILED = 'HANDSHAKE_SSL_ERROR'
const CERTIFICATES = 'Give ssl-ca the authority of the server, or mend the certificate of the server.'

const BY_FLAVOUR: Readonly<Record<Flavour, ReadonlyMap<number, ErrorRow>>> = {
  mysql: rowsOf('mysql'),
  mariadb: rowsOf('mariadb'),
}

function rowsOf(flavour: Flavour): ReadonlyMap<number, ErrorRow> {
  return new Map(ERRORS.filter(({ only }) => only === undefined || only === flavour).map((row) => [row.errno, row]))
}

/** Every other number means that the server is in trouble: a full disk, a lost connection. */
export function classify(failure: MysqlFailure, flavour: Flavour): Failure {
  if (remedyOf(failure) !== null) return 'misconfigured'
  if (!failure.reported) return 'unavailable'
  return BY_FLAVOUR[flavour].get(failure.errno)?.failure ?? 'unavailable'
}

/** Null where waiting may help. Can be called before the flavour of the server is known. */
function remedyOf({ source, message }: MysqlFailure): string | null {
  if (source.code === TLS_FAILED && /certificate/i.test(message)) return CERTIFICATES
  if (typeof source.code === 'string' && Object.hasOwn(DRIVER_REMEDIES, source.code))
    return DRIVER_REMEDIES[source.code]!
  if (source.errno === 0) return null
  return ERRORS.find(({ errno, remedy }) => errno === source.errno && remedy !== undefined)?.remedy ?? null
}

/** Whether a COMMIT that was answered with this error certainly had no effect. */
export function isRolledBackAtCommit(failure: MysqlFailure, flavour: Flavour): boolean {
  return failure.reported && BY_FLAVOUR[flavour].get(failure.errno)?.rolledBackAtCommit === true
}

/** A failure of the connection or of a statement: the server's number, or 0; the driver's code. */
interface FailureSource {
  readonly errno: number
  readonly code: unknown
}

const NO_SOURCE: FailureSource = { errno: 0, code: null }

/** A text of statements failed. */
export class MysqlFailure extends Error {
  override readonly name = 'MysqlFailure'
  /** The server's error number; 0 when the failure is not the server's answer. */
  readonly errno: number
  /** True: the server answered that a statement failed. False: the connection was lost, and nothing is known of the text. */
  readonly reported: boolean
  /** False: no byte of the text can have reached the server. */
  readonly sent: boolean
  readonly source: FailureSource

  constructor(
    message: string,
    {
      errno,
      reported,
      sent,
      source = NO_SOURCE,
    }: Pick<MysqlFailure, 'errno' | 'reported' | 'sent'> & { source?: FailureSource },
  ) {
    super(message)
    this.errno = errno
    this.reported = reported
    this.sent = sent
    this.source = source
  }
}

/** From what mysql2 throws, without the text of the statement, which may be long and private. */
export function failureOf(error: unknown): MysqlFailure {
  const { errno, sqlState, fatal, code } = error as Readonly<Record<string, unknown>>
  const isServers = typeof errno === 'number' && typeof sqlState === 'string'
  // Network errors have negative numbers and no SQL state. A fatal error ends the connection.
  const reported = isServers && fatal !== true
  const message = error instanceof Error ? error.message : String(error)
  const source = { errno: isServers ? errno : 0, code }
  return new MysqlFailure(message, { errno: reported ? errno : 0, reported, sent: true, source })
}

/** The fault for a failure that wrote nothing. */
export function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error
  const remedy = error instanceof MysqlFailure ? remedyOf(error) : null
  if (remedy === null) return unavailable(error)
  return new Fault('store_misconfigured', `MySQL: ${sentence(messageOf(error))} ${remedy}`, { cause: error })
}

/** Nothing was written; the next attempt is on a new connection. */
export function notPrimary(cause: unknown): Fault {
  const reason = cause instanceof MysqlFailure && cause.errno !== GUARD ? messageOf(cause) : 'it is read-only'
  const message = `MySQL: the server takes no writes, so it is not the primary: ${sentence(reason)}`
  return new Fault('store_unavailable', message, { retryAfterMs: 1_000, cause })
}

function sentence(text: string): string {
  return text.endsWith('.') ? text : `${text}.`
}

function unavailable(error: unknown): Fault {
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
