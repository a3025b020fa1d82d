/**
 * Connections to PostgreSQL with the settings that the ledger needs.
 *
 * The driver gives int8 as text: the row files make bigints of amounts and numbers of the rest, which is cheaper than bigints for all.
 */
import type { ClientConfig } from 'pg'
import { Fault } from '../../engine/faults.ts'
import { whole, type Row } from '../sql/values.ts'
import { foreignEngine } from './engines.ts'
import { LedgerClient } from './ledger-client.ts'
import { requireWholeSession } from './pooler.ts'
import { waitsInVain } from './standbys.ts'
import type { PostgresUrl } from './url.ts'

/**
 * - `write`: commits, and the reads for them.
 * - `read`: the read port.
 * - `audit`: statements over whole tables, which may take up to `AUDIT_TIMEOUT_MS`.
 */
export type Role = 'write' | 'read' | 'audit'

const AUDIT_TIMEOUT_MS = 60 * 60_000
/** How long after the server's own limit the connection is given up, so that the server can report its limit first. */
const ANSWER_MARGIN_MS = 2_000
/**
 * How long the server keeps the locks of a process that stopped answering inside an `exclusive`: no longer than a process waits for an
 * answer, so that nobody waits longer for the locks than for an answer. Less than the minimum would end the transaction of a process
 * that is only busy.
 */
const IDLE_IN_TRANSACTION_MS_MIN = 2_000
const IDLE_IN_TRANSACTION_MS_MAX = 10_000
const KEEP_ALIVE_MS = 10_000

export function clientConfig(url: PostgresUrl, role: Role): ClientConfig {
  const { host, port, user, password, database, tls, applicationName, connectTimeoutMs } = url
  return {
    host,
    port,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { database }),
    ssl: tls,
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: answerTimeoutMs(url, role),
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    // Statements are sent without waiting for earlier answers; the server runs them in order.
    pipeline: true,
  }
}

/** One connection outside of the pools. */
export async function connect(url: PostgresUrl, role: Role): Promise<LedgerClient> {
  const client = new LedgerClient(clientConfig(url, role))
  try {
    await client.connect()
    await prepareSession(client, url, role)
    return client
  } catch (error) {
    void client.end().catch(() => undefined)
    throw error
  }
}

/**
 * Sets every session independently of the defaults of the server, the database and the user.
 *
 * @throws Fault `store_misconfigured` when the other end is no PostgreSQL session, unless the URL allows it;
 *   `store_unavailable`; what the server says
 */
export async function prepareSession(client: LedgerClient, url: PostgresUrl, role: Role): Promise<void> {
  const settings = settingsOf(url, role)
  const names = Object.keys(settings)
  const calls = names.map((name, index) => `set_config('${name}', $${index + 1}, false)`)
  const vain = role === 'write' ? waitsInVain(`$${names.length + 1}`) : `$${names.length + 1}::bigint IS NULL`
  const text = `SELECT ${calls.join(', ')}, ${FIX_DURABILITY}, pg_backend_pid() AS pid, ${vain} AS waits_in_vain`
  // The first by itself: another engine may not know the settings of the second.
  const [version, session] = await Promise.allSettled([
    client.query<{ version: string }>('SELECT version()'),
    client.query<Row, unknown[]>(text, [...Object.values(settings), answerTimeoutMs(url, role)]),
  ])
  if (version.status === 'rejected') throw version.reason
  if (!url.allowUnsupported) requirePostgres(version.value.rows[0]!.version)
  if (session.status === 'rejected') throw session.reason
  const row = session.value.rows[0]!
  const pid = whole(row['pid'])
  if (!url.allowUnsupported && pid !== client.processID) {
    await requireWholeSession(client, pid, clientConfig(url, role))
  }
  if (row['waits_in_vain'] === true) {
    const message = 'PostgreSQL waits for a synchronous standby that does not answer.'
    throw new Fault('store_unavailable', message, { retryAfterMs: 1_000 })
  }
  client.readyAt = performance.now()
}

function settingsOf(url: PostgresUrl, role: Role): Readonly<Record<string, string>> {
  const idleMs = Math.min(IDLE_IN_TRANSACTION_MS_MAX, Math.max(IDLE_IN_TRANSACTION_MS_MIN, url.statementTimeoutMs))
  return {
    // With a higher level the server would not report that it gave up waiting for a standby.
    client_min_messages: 'warning',
    default_transaction_isolation: 'read committed',
    lock_timeout: `${url.lockTimeoutMs}ms`,
    statement_timeout: `${statementTimeoutMs(url, role)}ms`,
    idle_in_transaction_session_timeout: `${idleMs}ms`,
    ...(url.schema === null ? {} : { search_path: url.schema }),
    ...SETTINGS[role],
  }
}

function requirePostgres(version: string): void {
  const engine = foreignEngine(version)
  if (engine === null) return
  const message =
    `This is ${engine}, which speaks PostgreSQL's protocol and is another engine: Holdfast's promises are not tested on it. ` +
    'Use PostgreSQL 14 or later; allowUnsupported=true in the store URL insists.'
  throw new Fault('store_misconfigured', message)
}

/**
 * An answer means durable: a weaker default of the server or the user is overridden, a stronger one is kept. A kept value is set as well,
 * because a default would follow the server's configuration, which an administrator may reload at any time.
 */
const FIX_DURABILITY = `set_config('synchronous_commit',
  CASE WHEN current_setting('synchronous_commit') IN ('off', 'local', 'remote_write') THEN 'on'
  ELSE current_setting('synchronous_commit') END, false)`

/**
 * Everything that is read for callers is read by key, in its order. Statistics that are missing or old must not lead to another plan: a
 * merge of requests with the holds of steps can read the whole table, and so can a scan for the first step, or a sort of the holds that
 * became due in an hour. Where an index has a part of the order, an incremental sort follows it.
 */
export const BY_KEY: Readonly<Record<string, string>> = {
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_sort: 'off',
}

/** The audit reads everything. Plans of writes are made once per connection, perhaps while the tables are small. */
const SETTINGS: Readonly<Record<Role, Readonly<Record<string, string>>>> = {
  audit: {},
  read: BY_KEY,
  write: { ...BY_KEY, enable_bitmapscan: 'off', plan_cache_mode: 'force_generic_plan', jit: 'off' },
}

function statementTimeoutMs(url: PostgresUrl, role: Role): number {
  return role === 'audit' ? AUDIT_TIMEOUT_MS : url.statementTimeoutMs
}

function answerTimeoutMs(url: PostgresUrl, role: Role): number {
  return statementTimeoutMs(url, role) + ANSWER_MARGIN_MS
}
