/**
 * Connecting to PostgreSQL the way the ledger needs it.
 *
 * The driver leaves int8 as text, and so does this: rows.ts makes bigints of amounts and numbers of the rest, which is
 * cheaper than bigints for all of them first.
 */
import { callbackify } from 'node:util'
import { Client, Pool, type ClientBase, type ClientConfig, type PoolClient } from 'pg'
import type { PostgresUrl } from './url.ts'

/**
 * - `write`: commits, and the reads that they rest on.
 * - `read`: what callers look up.
 * - `audit`: statements over whole tables, which may take as long as `AUDIT_TIMEOUT_MS`.
 */
export type Role = 'write' | 'read' | 'audit'

const AUDIT_TIMEOUT_MS = 60 * 60_000
/** How much longer than the server's own limit is waited for it to say so, before the connection is given up. */
const ANSWER_MARGIN_MS = 2_000
/**
 * How long the server keeps the locks of a process that fell silent in the middle of an `exclusive`: no longer than a process
 * waits for an answer, so that nobody waits longer for the locks than for that. Less than the least would end the
 * transaction of a process that only has much to do.
 */
const IDLE_IN_TRANSACTION_MS_MIN = 2_000
const IDLE_IN_TRANSACTION_MS_MAX = 10_000
const IDLE_CONNECTION_MS = 60_000
const KEEP_ALIVE_MS = 10_000

/** A connection of its own; the driver's types leave out two of its methods. */
export type LedgerClient = Client & { ref(): void; unref(): void }

function clientConfig(url: PostgresUrl, role: Role): ClientConfig {
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
    query_timeout: statementTimeoutMs(url, role) + ANSWER_MARGIN_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    // Statements are sent without waiting for the ones before them; the server takes them in order.
    pipeline: true,
  }
}

/** At most `sizeMax` connections, made when they are needed. */
export function openPool(url: PostgresUrl, role: Role, sizeMax: number): Pool {
  const pool = new Pool({
    ...clientConfig(url, role),
    max: sizeMax,
    idleTimeoutMillis: IDLE_CONNECTION_MS,
    allowExitOnIdle: true,
    verify: callbackify(async (client: PoolClient) => {
      // A connection that breaks says so to whoever waits for it; as an event of its own it would end the process.
      client.on('error', ignore)
      await prepareSession(client, url, role)
    }),
  })
  pool.on('error', ignore)
  return pool
}

/** One connection outside of the pools. */
export async function connect(url: PostgresUrl, role: Role): Promise<LedgerClient> {
  const client = new Client(clientConfig(url, role)) as LedgerClient
  client.on('error', ignore)
  try {
    await client.connect()
    await prepareSession(client, url, role)
    return client
  } catch (error) {
    void client.end().catch(ignore)
    throw error
  }
}

/** What every session is set to, whatever the server's, the database's and the user's defaults are. */
async function prepareSession(client: ClientBase, url: PostgresUrl, role: Role): Promise<void> {
  const idleMs = Math.min(IDLE_IN_TRANSACTION_MS_MAX, Math.max(IDLE_IN_TRANSACTION_MS_MIN, url.statementTimeoutMs))
  const settings: Record<string, string> = {
    default_transaction_isolation: 'read committed',
    lock_timeout: `${url.lockTimeoutMs}ms`,
    statement_timeout: `${statementTimeoutMs(url, role)}ms`,
    idle_in_transaction_session_timeout: `${idleMs}ms`,
    ...(url.schema === null ? {} : { search_path: url.schema }),
    ...(role === 'write' ? LOOK_UPS_ONLY : {}),
  }
  const names = Object.keys(settings)
  const calls = names.map((name, index) => `set_config('${name}', $${index + 1}, false)`)
  await client.query(`SELECT ${calls.join(', ')}, ${FIX_DURABILITY}`, Object.values(settings))
}

/**
 * An answer means durable; a server or a user whose default promises less is overruled, more is left. What is left is set as
 * well: a default would follow the server's configuration, which an administrator may reload at any time.
 */
const FIX_DURABILITY = `set_config('synchronous_commit',
  CASE WHEN current_setting('synchronous_commit') IN ('off', 'local', 'remote_write') THEN 'on'
  ELSE current_setting('synchronous_commit') END, false)`

/**
 * Writes, and the reads for them, are look-ups by key. Their plans are made once per connection, perhaps while the tables are
 * small, and must not be other ones.
 */
const LOOK_UPS_ONLY: Readonly<Record<string, string>> = {
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  jit: 'off',
}

function statementTimeoutMs(url: PostgresUrl, role: Role): number {
  return role === 'audit' ? AUDIT_TIMEOUT_MS : url.statementTimeoutMs
}

function ignore(): void {}
