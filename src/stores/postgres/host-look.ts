/** What a PostgreSQL server says about itself, when the store URL names several. */
import type { HostLook } from '../host-choice.ts'
import type { HostSearch } from '../host-search.ts'
import { whole, type Row } from '../sql/values.ts'
import { clientConfig } from './connection.ts'
import { faultOf, ReadOnlyFault } from './errors.ts'
import { LedgerClient } from './ledger-client.ts'
import type { PostgresUrl } from './url.ts'

const QUESTION_MS_MAX = 2_000

/**
 * The timeline is the first part of the name of a log file, which every user may ask for. A promotion begins a new one, so a primary that comes
 * back after its standby was promoted has a lower one.
 */
const SELECT_ROLE = `SELECT pg_is_in_recovery() AS recovers, current_setting('default_transaction_read_only')::boolean AS reads_only,
  CASE WHEN pg_is_in_recovery() THEN 0
    ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint END AS timeline`

/** @throws Fault `store_unavailable`, `store_misconfigured` */
export async function lookAt(url: PostgresUrl): Promise<HostLook> {
  const client = new LedgerClient({ ...clientConfig(url, 'read'), query_timeout: QUESTION_MS_MAX })
  try {
    await client.connect()
    const { rows } = await client.query<Row>(SELECT_ROLE)
    const { recovers, reads_only: readsOnly, timeline } = rows[0]!
    const refusal = recovers === true ? 'it is a standby' : readsOnly === true ? 'it is read-only' : null
    return { refusal, term: whole(timeline), sharesWrites: false }
  } catch (error) {
    throw faultOf(error)
  } finally {
    void client.end().catch(() => undefined)
  }
}

/** As `lookAt`: every server that answers can be read. @throws as `lookAt` */
export async function lookToRead(url: PostgresUrl): Promise<HostLook> {
  await lookAt(url)
  return { refusal: null, term: 0, sharesWrites: true }
}

/**
 * Where the URL names several servers, the connection is to the one that takes writes, and ends when that is silent and another one does.
 *
 * @throws ReadOnlyFault for one that no longer takes writes
 */
export function followWrites(client: LedgerClient, search: HostSearch): void {
  if (!search.isSeveral || search.isForReading) return
  if (client.takesReadsOnly) {
    void client.end().catch(() => undefined)
    throw new ReadOnlyFault()
  }
  const { host, port } = client
  client.followWrites(() => search.isElsewhere({ host, port }))
}
