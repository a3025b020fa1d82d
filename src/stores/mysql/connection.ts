/** One connection to the server, set up the way the ledger needs it. */
import { connect, type Socket } from 'node:net'
import { createConnection, type Connection, type ConnectionOptions, type ResultSetHeader } from 'mysql2'
import { SILENT_MS } from '../host-search.ts'
import type { Row } from '../sql/values.ts'
import { encryptionOf } from './encryption.ts'
import { failureOf, faultOf, MysqlFailure } from './errors.ts'
import { SELECT_SETTINGS, SELECT_VERSION, serverFactsOf, versionOf, type ServerFacts } from './server.ts'
import type { MysqlAddress, MysqlTuning } from './url.ts'

/**
 * - `writer`: commits and locks. READ COMMITTED, so that a search locks no gaps and a statement after a lock wait sees what the
 *   holder of the lock committed.
 * - `reader`: rows at one instant.
 * - `keys`: keys of callers; one statement is one transaction.
 * - `migrator`: as `writer`, with patience for a busy table.
 */
export type Role = 'writer' | 'reader' | 'keys' | 'migrator'

/** The reply to one statement of a text. */
export interface Reply {
  readonly rows: readonly Row[]
}

interface RoleSettings {
  readonly isolation: 'READ COMMITTED' | 'REPEATABLE READ'
  /** Off for writers, see transactions.ts. A migration commits by itself. */
  readonly autocommit: 0 | 1
  /** How long the server keeps a silent connection; see `idleSecondsMax`. */
  readonly idleSecondsMax: number
}

const ROLES: Readonly<Record<Role, RoleSettings>> = {
  writer: { isolation: 'READ COMMITTED', autocommit: 0, idleSecondsMax: 15 },
  reader: { isolation: 'REPEATABLE READ', autocommit: 1, idleSecondsMax: 600 },
  keys: { isolation: 'READ COMMITTED', autocommit: 1, idleSecondsMax: 600 },
  migrator: { isolation: 'READ COMMITTED', autocommit: 1, idleSecondsMax: 3_600 },
}

/** A shorter time would end a transaction whose process is only busy. */
const IDLE_SECONDS_MIN = 2

/**
 * When the client's machine or the network is lost, the server does not notice: it keeps a writer's locks for this time. It is no
 * longer than the client waits for an answer, so that nobody waits longer for the locks than for an answer.
 */
function idleSecondsMax(role: Role, { statementTimeoutMs }: MysqlTuning): number {
  const { idleSecondsMax: most } = ROLES[role]
  if (role !== 'writer') return most
  return Math.min(most, Math.max(IDLE_SECONDS_MIN, Math.ceil(statementTimeoutMs / 1_000)))
}

/** How long a connection may be idle before it is replaced instead of used: well before the server closes it. */
export function idleMsMax(role: Role, tuning: MysqlTuning): number {
  return idleSecondsMax(role, tuning) * 1_000 * (2 / 3)
}

const IN_TRANSACTION = 1 // SERVER_STATUS_IN_TRANS

export class MysqlConnection {
  readonly #raw: Connection
  readonly #socket: Socket
  readonly #statementTimeoutMs: number
  #server: ServerFacts | null = null
  /** Why it can no longer be used. */
  #broken: Error | null = null
  /** Whether a transaction may be open: known from the last reply; assumed after a failure. */
  #inTransaction = false
  /** Whether another server has taken over; asked while this one is silent. Null: there is no other. */
  #isElsewhere: (() => Promise<boolean>) | null = null
  /** Rejects the text that is under way. */
  #giveUp: ((error: Error) => void) | null = null

  /** @throws Fault `store_unavailable`, `store_misconfigured` */
  static async open(address: MysqlAddress, tuning: MysqlTuning, role: Role): Promise<MysqlConnection> {
    const connection = new MysqlConnection(address, tuning)
    try {
      // An engine that is not known may not know the settings either.
      const [who] = await connection.run([SELECT_VERSION])
      const version = versionOf(who!.rows[0]!, address)
      const replies = await connection.run([...setUp(role, tuning), SELECT_SETTINGS])
      connection.#server = serverFactsOf(version, replies.at(-1)!.rows)
      if (connection.#server.isCluster) await connection.run([CLUSTER_SET_UP])
      return connection
    } catch (error) {
      connection.destroy()
      throw faultOf(error)
    }
  }

  private constructor(address: MysqlAddress, tuning: MysqlTuning) {
    this.#statementTimeoutMs = tuning.statementTimeoutMs
    const { socketPath, host, port } = address
    // Made here and not by the driver: destroying it ends the connection without an answer from the server.
    const socket = socketPath === null ? connect(port, host) : connect(socketPath)
    socket.setNoDelay(true).setKeepAlive(true, 10_000)
    this.#socket = socket
    this.#raw = createConnection(driverOptions(address, tuning, socket))
    this.#raw.on('error', (error: Error) => this.#end(error))
    this.#raw.on('end', () => this.#end(new Error('The server ended the connection.')))
    socket.on('close', () => this.#end(new Error('The connection to the server is closed.')))
  }

  get server(): ServerFacts {
    if (this.#server === null) throw new Error('The server has not answered yet.')
    return this.#server
  }

  /** Whether the next user finds the connection as it was after opening: alive, and in no transaction. */
  get isReusable(): boolean {
    return this.#broken === null && !this.#inTransaction
  }

  /**
   * Runs the statements as one text in one round trip; the server stops at the first that fails. One call at a time.
   *
   * @throws MysqlFailure
   */
  run(statements: readonly string[], statementTimeoutMs = this.#statementTimeoutMs): Promise<readonly Reply[]> {
    return new Promise((resolve, reject) => {
      if (this.#broken !== null) {
        reject(new MysqlFailure(this.#broken.message, { errno: 0, reported: false, sent: false }))
        return
      }
      let repliesCount = 0
      const timer = setTimeout(() => {
        this.#end(new Error(`The server did not answer within ${statementTimeoutMs} ms.`))
      }, statementTimeoutMs)
      const isElsewhere = this.#isElsewhere
      const silent = isElsewhere === null ? undefined : setInterval(() => void this.#endIf(isElsewhere), SILENT_MS)
      const settled = (): void => {
        clearTimeout(timer)
        clearInterval(silent)
        this.#giveUp = null
      }
      this.#giveUp = (error) => {
        settled()
        reject(new MysqlFailure(error.message, { errno: 0, reported: false, sent: true }))
      }
      const query = this.#raw.query(statements.join(';\n'), (error, results) => {
        if (this.#giveUp === null) return
        settled()
        if (error !== null) {
          this.#inTransaction = true
          reject(failureOf(error))
        } else if (repliesCount !== statements.length) {
          // The server stopped before the end of the text without an error.
          this.#end(new Error(`The server answered ${repliesCount} of ${statements.length} statements.`))
          reject(new MysqlFailure(this.#broken!.message, { errno: 0, reported: false, sent: true }))
        } else {
          resolve(this.#receive(results, statements.length))
        }
      })
      query.on('fields', () => repliesCount++)
    })
  }

  /** From now on it gives up when the server is silent and another one has taken over. */
  followWrites(isElsewhere: () => Promise<boolean>): void {
    this.#isElsewhere = isElsewhere
  }

  async #endIf(isElsewhere: () => Promise<boolean>): Promise<void> {
    const giveUp = this.#giveUp
    // The text may have been answered meanwhile.
    if ((await isElsewhere()) && giveUp !== null && giveUp === this.#giveUp)
      this.#end(new Error('The server does not answer, and another one takes the writes.'))
  }

  /** Ends the connection at once; the server rolls back an open transaction. */
  destroy(): void {
    this.#end(new Error('The connection was given up.'))
  }

  #receive(results: unknown, count: number): readonly Reply[] {
    // mysql2 does not wrap the result of a single statement.
    const replies = (count === 1 ? [results] : (results as unknown[])).map(replyOf)
    const last = replies.at(-1)
    if (last?.status !== null && last !== undefined) this.#inTransaction = (last.status & IN_TRANSACTION) !== 0
    return replies
  }

  #end(error: Error): void {
    this.#broken ??= error
    this.#giveUp?.(error)
    this.#raw.destroy()
    this.#socket.destroy()
  }
}

function replyOf(result: unknown): Reply & { readonly status: number | null } {
  if (Array.isArray(result)) return { rows: result as Row[], status: null }
  return { rows: [], status: (result as ResultSetHeader).serverStatus }
}

function driverOptions(address: MysqlAddress, tuning: MysqlTuning, socket: Socket): ConnectionOptions {
  const { port, user, password, database } = address
  return {
    ...encryptionOf(address),
    port,
    user,
    password,
    database,
    stream: () => socket,
    connectTimeout: tuning.connectTimeoutMs,
    charset: 'utf8mb4_bin',
    multipleStatements: true,
    // The text has no placeholders for the driver to replace.
    queryFormat: (text) => text,
    // BIGINT as text, which values.ts reads exactly: by default a double comes, rounded.
    supportBigNumbers: true,
    bigNumberStrings: true,
    // The client never sends a local file to the server.
    flags: ['-LOCAL_FILES'],
    connectAttributes: { program_name: 'holdfast' },
  }
}

/**
 * For a cluster: whatever begins waits until what others have committed elsewhere is here, and a node that has lost its cluster
 * is not read. Behind a large update, another node refused 48 of 48 commands falsely without it.
 */
const CLUSTER_SET_UP = 'SET SESSION wsrep_sync_wait = 7, wsrep_dirty_reads = OFF'

/**
 * `sql_mode` without NO_BACKSLASH_ESCAPES is what the escaping of texts counts on; strict, so that a value that does not fit
 * is refused and not cut. Without MRR, ranges are read, and locked, in the order of their index.
 *
 * A comment with `M!` is read by MariaDB alone, one with `!80013` by MySQL alone: without them, long IN lists become
 * temporary tables or scans. MariaDB 11.6.2 and later can refuse a lock because the row changed while it was waited for; here
 * that is what the wait is for.
 */
function setUp(role: Role, tuning: MysqlTuning): readonly string[] {
  const { isolation, autocommit } = ROLES[role]
  const lockWaitSeconds = Math.ceil(tuning.lockTimeoutMs / 1_000) * (role === 'migrator' ? 12 : 1)
  return [
    'SET NAMES utf8mb4 COLLATE utf8mb4_bin',
    `SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', autocommit = ${autocommit},
      completion_type = NO_CHAIN, time_zone = '+00:00', innodb_lock_wait_timeout = ${lockWaitSeconds}, lock_wait_timeout = ${lockWaitSeconds},
      wait_timeout = ${idleSecondsMax(role, tuning)}, optimizer_switch = 'mrr=off'
      /*M! , in_predicate_conversion_threshold = 0, optimizer_max_sel_arg_weight = 0 */
      /*M!110602 , innodb_snapshot_isolation = OFF */ /*!80013 , range_optimizer_max_mem_size = 0 */`,
    `SET SESSION TRANSACTION ISOLATION LEVEL ${isolation}`,
  ]
}
