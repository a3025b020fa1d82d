/** What a PostgreSQL server must fulfil, and what its operator should know about it. */
import { Fault } from '../../engine/faults.ts'
import type { Query } from '../sql/dialect.ts'
import { whole } from '../sql/values.ts'
import { asynchronousWarning } from '../host-warnings.ts'
import { foreignEngine } from './engines.ts'
import { messagesOf, type StoreWarning } from '../warning.ts'
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
  return messagesOf(codedWarningsOf(settings))
}

export function codedWarningsOf(settings: ServerSettings): readonly StoreWarning[] {
  const { synchronous_commit: synchronousCommit } = settings
  const engine = foreignEngine(settings.version)
  const warnings: StoreWarning[] = []
  if (settings.fsync === 'off') {
    const message = 'fsync is off: what was acknowledged, and the whole database, can be lost when the machine fails.'
    warnings.push({ code: 'data_loss', message })
  }
  if (settings.full_page_writes === 'off') {
    const message = 'full_page_writes is off: a crash can leave torn pages, unless the file system rules them out.'
    warnings.push({ code: 'full_page_writes', message })
  }
  if (['off', 'local', 'remote_write'].includes(synchronousCommit)) {
    const message = `synchronous_commit is ${synchronousCommit} by default: Holdfast sets it to on, other programs may not.`
    warnings.push({ code: 'synchronous_commit', message })
  }
  if (engine !== null) {
    warnings.push({
      code: 'foreign_engine',
      message: `This is ${engine}, on which Holdfast's promises are not tested.`,
    })
  }
  if (settings.transaction_read_only === 'on') {
    const message = 'The server takes reads only: it is a standby, or default_transaction_read_only is on.'
    warnings.push({ code: 'read_only', message })
    return warnings
  }
  const { synchronous_standby_names: wanted, senders, senders_shown, senders_synchronous } = settings
  const synchronous = senders_shown === senders ? whole(senders_synchronous) : null
  return [...warnings, ...standbyWarnings({ wanted, senders: whole(senders), synchronous })]
}

/** Of a store URL that names several servers. */
export function clusterWarnings({
  synchronous_standby_names: wanted,
}: Pick<ServerSettings, 'synchronous_standby_names'>): readonly StoreWarning[] {
  return wanted.trim() === '' ? [asynchronousWarning('synchronous_standby_names is empty')] : []
}
