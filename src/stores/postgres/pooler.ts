/**
 * Detects a pooler that assigns a server connection per transaction or per statement, in contrast to one that keeps it for its client.
 *
 * A server reports its process when a connection is made; a pooler cannot, and invents a number. Then a second connection is opened: if
 * it gets the server process of the first one, or the first one gets another process while the second is in a transaction, the pooler
 * shares server connections. One connection is not enough: an idle pooler would give it the same process each time.
 */
import type { ClientConfig } from 'pg'
import { Fault } from '../../engine/faults.ts'
import { whole, type Row } from '../sql/values.ts'
import { LedgerClient } from './ledger-client.ts'
import { POOLER, remedyOf } from './remedies.ts'

/** For each answer to the second connection: a pooler that keeps connections may have none left for it. */
const PROBE_MS_MAX = 1_000

const SELECT_PROCESS = 'SELECT pg_backend_pid() AS pid'

/**
 * @param pid the server process that `client` had first
 * @throws Fault `store_misconfigured`
 */
export async function requireWholeSession(client: LedgerClient, pid: number, config: ClientConfig): Promise<void> {
  if ((await processOf(client)) !== pid || (await isLent(client, pid, config))) {
    throw new Fault('store_misconfigured', `PostgreSQL is reached through a pooler such as PgBouncer. ${POOLER}`)
  }
}

async function isLent(client: LedgerClient, pid: number, config: ClientConfig): Promise<boolean> {
  const other = new LedgerClient({ ...config, connectionTimeoutMillis: PROBE_MS_MAX, query_timeout: PROBE_MS_MAX })
  try {
    await other.connect()
    await other.query('BEGIN')
    return (await processOf(other)) === pid || (await processOf(client)) !== pid
  } catch (error) {
    // A failed check is no proof of a pooler that shares connections, except one that refuses transactions.
    return remedyOf(error) === POOLER
  } finally {
    void other.end().catch(() => undefined)
  }
}

async function processOf(client: LedgerClient): Promise<number> {
  const { rows } = await client.query<Row>(SELECT_PROCESS)
  return whole(rows[0]!['pid'])
}
