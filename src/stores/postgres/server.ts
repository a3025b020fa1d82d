/** What a PostgreSQL server must fulfil, and what its operator should know about it. */
import { Fault } from '../../engine/faults.ts'
import type { Query } from '../sql/dialect.ts'
import { whole } from '../sql/values.ts'
import { foreignEngine } from './engines.ts'
import { SELECT_REPLICATION, standbyWarnings } from './standbys.ts'

const VERSION_MIN = 140_000

const SETTINGS = [
  'fsync',
  'full_page_writes',
  'server_encoding',
  'server_version',
  'server_version_num',
  'synchronous_commit',
  'synchronous_standby_names',
  'transaction_read_only',
] as const

/** The server's version, settings and replication, all as text. */
type ServerFact = 'version' | 'senders' | 'senders_shown' | 'senders_synchronous'

export type ServerSettings = Readonly<Record<(typeof SETTINGS)[number] | ServerFact, string>>

/**
 * The values that a session has by default; whether a transaction may write is visible only in one. A changed default of the database
 * or the user affects new connections only.
 */
export async function readSettings(query: Query): Promise<ServerSettings> {
  const text = `SELECT name, CASE name WHEN 'transaction_read_only' THEN setting ELSE reset_val END AS value
    FROM pg_settings WHERE name = ANY ($1)
    UNION ALL SELECT 'version', version()
    UNION ALL ${SELECT_REPLICATION}`
  const rows = await query(text, [SETTINGS])
  return Object.fromEntries(rows.map((row) => [row['name'], row['value']])) as ServerSettings
}

/** @throws Fault `store_misconfigured` */
export function requireUsable(settings: ServerSettings): void {
  if (whole(settings.server_version_num) < VERSION_MIN) {
    const message = `PostgreSQL 14 or later is needed; this is ${settings.server_version}.`
    throw new Fault('store_misconfigured', message)
  }
  if (settings.server_encoding !== 'UTF8') {
    const message = `The database's encoding is ${settings.server_encoding}; make one with ENCODING 'UTF8'.`
    throw new Fault('store_misconfigured', message)
  }
}

/** As sentences. */
export function warningsOf(settings: ServerSettings): readonly string[] {
  const { synchronous_commit: synchronousCommit } = settings
  const engine = foreignEngine(settings.version)
  const warnings: string[] = []
  if (settings.fsync === 'off') {
    warnings.push('fsync is off: what was acknowledged, and the whole database, can be lost when the machine fails.')
  }
  if (settings.full_page_writes === 'off') {
    warnings.push('full_page_writes is off: a crash can leave torn pages, unless the file system rules them out.')
  }
  if (['off', 'local', 'remote_write'].includes(synchronousCommit)) {
    warnings.push(
      `synchronous_commit is ${synchronousCommit} by default: Holdfast sets it to on, other programs may not.`,
    )
  }
  if (engine !== null) warnings.push(`This is ${engine}, on which Holdfast's promises are not tested.`)
  if (settings.transaction_read_only === 'on') {
    warnings.push('The server takes reads only: it is a standby, or default_transaction_read_only is on.')
    return warnings
  }
  const { synchronous_standby_names: wanted, senders, senders_shown, senders_synchronous } = settings
  const synchronous = senders_shown === senders ? whole(senders_synchronous) : null
  return [...warnings, ...standbyWarnings({ wanted, senders: whole(senders), synchronous })]
}
