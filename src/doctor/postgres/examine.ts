/** The examination of a PostgreSQL database. */
import { Fault } from '../../engine/faults.ts'
import { searchOf } from '../../stores/postgres/connections.ts'
import { SELECT_RIGHTS } from '../../stores/postgres/rights.ts'
import { clusterWarnings, requireUsable, type ServerSettings } from '../../stores/postgres/server.ts'
import { atHost, parsePostgresUrl, type PostgresUrl } from '../../stores/postgres/url.ts'
import { whole } from '../../stores/sql/values.ts'
import { examineClock } from '../clock.ts'
import { judgeConnections } from '../connection-limit.ts'
import { PROGRAM } from '../database-session.ts'
import { Examination } from '../examination.ts'
import { finding, type Finding } from '../finding.ts'
import { clusterFindings, examineHosts } from '../hosts.ts'
import { examineOverdueHolds } from '../overdue-holds.ts'
import { examineProcesses, examineStripes } from '../processes.ts'
import { examinePostgresDeadlocks } from './deadlocks.ts'
import { examinePostgresReplication } from './replication.ts'
import { PostgresRespondent } from './respondent.ts'
import { judgePostgresSettings, readPostgresSettings, type MoreSettings } from './settings.ts'
import { examinePostgresTables } from './tables.ts'
import { examinePostgresTransactions } from './transactions.ts'

/** Connections for commits, besides those of the pool. */
const WRITING_CONNECTIONS = 4

const SYNCHRONOUS = `ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)'; SELECT pg_reload_conf(). Patroni sets it by itself: synchronous_mode: true`

/** @throws StoreUrlError; Fault when no connection can be opened */
export async function examinePostgres(url: string): Promise<readonly Finding[]> {
  const several = parsePostgresUrl(url)
  const { host, findings } = await examineHosts(searchOf(several))
  const parsed = atHost(several, host)
  await using respondent = await PostgresRespondent.open(parsed)
  const examination = new Examination(respondent)
  examination.add(...findings)
  const settings = await readPostgresSettings(examination)
  if (settings !== null) examination.add(versionFinding(settings.ofStore))
  examination.add(encryptionFinding(parsed))
  await examinePooler(examination, respondent)
  await examineClock(examination, 'postgres')
  const more: MoreSettings = settings?.more ?? new Map()
  if (settings !== null) {
    examination.add(...judgePostgresSettings(settings))
    if (several.hosts.length > 1) examination.add(...clusterFindings(clusterWarnings(settings.ofStore), SYNCHRONOUS))
  }
  await examineConnections(examination, more, parsed)
  await examinePostgresTransactions(examination)
  await examinePostgresDeadlocks(examination)
  await examinePostgresReplication(examination)
  if (await examinePostgresTables(examination, more)) {
    await examineRights(examination)
    await examineOverdueHolds(examination, 'postgres')
    await examineStripes(examination)
  }
  await examineProcesses(examination, {
    name: 'connections of Holdfast',
    text: `SELECT host(client_addr) AS host, count(*) AS connections FROM pg_stat_activity
      WHERE application_name IN ('${PROGRAM}', $1) AND datname = current_database() GROUP BY client_addr`,
    values: [parsed.applicationName],
  })
  return examination.findings
}

function versionFinding(settings: ServerSettings): Finding {
  try {
    requireUsable(settings)
    return finding('server.version', 'fine', { value: `PostgreSQL ${settings.server_version}` })
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return finding('server.unsupported', 'broken', {
      value: error.message,
      remedy: 'Use PostgreSQL 14 or later, with a database in UTF8',
    })
  }
}

function encryptionFinding({ tls, host }: PostgresUrl): Finding {
  const isLocal = host.startsWith('/') || host === 'localhost' || host === '::1' || host.startsWith('127.')
  if (tls === false && !isLocal) {
    const value = `The connection to ${host} is not encrypted.`
    return finding('connection.unencrypted', 'risk', { value, remedy: 'sslmode=verify-full in the store URL' })
  }
  const value = tls === false ? 'not needed: the server is on this machine' : 'the connection is encrypted'
  return finding('connection.unencrypted', 'fine', { value })
}

async function examinePooler(examination: Examination, respondent: PostgresRespondent): Promise<void> {
  const isShared = await examination.attempt('whether a pooler shares connections', () =>
    respondent.sharesConnections(),
  )
  if (isShared === null) return
  if (!isShared) {
    examination.add(finding('server.pooler', 'fine', { value: 'each connection is one of the server' }))
    return
  }
  const remedy = 'Set its pool_mode to session, or connect to the server itself'
  examination.add(
    finding('server.pooler', 'broken', { value: 'a pooler hands out a connection per transaction', remedy }),
  )
}

async function examineConnections(
  examination: Examination,
  more: MoreSettings,
  { poolSize }: PostgresUrl,
): Promise<void> {
  const limit = Number(more.get('max_connections')) - Number(more.get('superuser_reserved_connections'))
  const rows = await examination.rows({
    name: 'connections',
    text: `SELECT count(*) AS connections FROM pg_stat_activity WHERE datid IS NOT NULL`,
  })
  if (rows === null || Number.isNaN(limit)) return
  examination.add(
    judgeConnections({
      limit,
      now: whole(rows[0]!['connections']),
      most: null,
      ofOneProcess: poolSize + WRITING_CONNECTIONS,
      remedy: `Fewer processes, a smaller pool_size in the store URL, or: ALTER SYSTEM SET max_connections = ${limit * 2}, then restart the server`,
    }),
  )
}

async function examineRights(examination: Examination): Promise<void> {
  const rows = await examination.rows({ name: 'rights', text: SELECT_RIGHTS.text })
  if (rows === null) return
  const missing = rows[0]!['missing']
  if (typeof missing !== 'string') {
    examination.add(finding('rights.missing', 'fine', { value: 'this user may do what a service does' }))
    return
  }
  const grants = missing.split(', ').map((right) => right.replace(/^(\S+) \((\S+)\)$/, 'GRANT $2 ON $1 TO USER'))
  examination.add(finding('rights.missing', 'broken', { value: `missing: ${missing}`, remedy: grants.join('; ') }))
}
