/** The examination of a database of MySQL or MariaDB. */
import { encryptionWarnings } from '../../stores/mysql/encryption.ts'
import { searchOf } from '../../stores/mysql/host-look.ts'
import { clusterWarnings, isOn, SELECT_VERSION, versionOf, type Settings } from '../../stores/mysql/server.ts'
import { atHost, parseMysqlUrl, type MysqlAddress, type MysqlTuning } from '../../stores/mysql/url.ts'
import { Fault } from '../../engine/faults.ts'
import { examineClock } from '../clock.ts'
import { judgeConnections } from '../connection-limit.ts'
import { Examination, type Question } from '../examination.ts'
import { finding, type Finding } from '../finding.ts'
import { clusterFindings, examineHosts } from '../hosts.ts'
import { examineOverdueHolds } from '../overdue-holds.ts'
import { examineProcesses, examineStripes } from '../processes.ts'
import { examineDeadlocks } from './deadlock.ts'
import { examineMysqlReplication } from './replication.ts'
import { MysqlRespondent } from './respondent.ts'
import { examineMysqlRights } from './rights.ts'
import { judgeMysqlSettings, readMysqlSettings, setText } from './settings.ts'
import { examineMysqlTables } from './tables.ts'
import { examineMysqlTransactions } from './transactions.ts'

/** Connections for commits, besides those of the pool. */
const WRITING_CONNECTIONS = 2

const WAITING =
  'Semi-synchronous replication with rpl_semi_sync_master_wait_point = AFTER_SYNC and a long rpl_semi_sync_master_timeout; of a group: group_replication_consistency = BEFORE_ON_PRIMARY_FAILOVER'

const PROCESSES: Question = {
  name: 'connections of Holdfast',
  text: `SELECT t.processlist_host AS host, count(*) AS connections FROM performance_schema.threads t
    JOIN performance_schema.session_connect_attrs a ON a.processlist_id = t.processlist_id
    WHERE a.attr_name = 'program_name' AND a.attr_value = 'holdfast' AND t.processlist_id <> CONNECTION_ID()
      AND t.processlist_db = DATABASE()
    GROUP BY t.processlist_host`,
}

/** @throws StoreUrlError; Fault when no connection can be opened */
export async function examineMysql(url: string): Promise<readonly Finding[]> {
  const { address: several, tuning } = parseMysqlUrl(url)
  const { host, findings } = await examineHosts(searchOf(several, tuning))
  const address = atHost(several, host)
  await using respondent = await MysqlRespondent.open(address, tuning)
  const examination = new Examination(respondent)
  examination.add(...findings)
  const { flavour } = respondent.server
  await examineVersion(examination, address)
  examination.add(...encryptionFindings(address))
  await examineClock(examination, 'mysql')
  const settings = await readMysqlSettings(examination)
  if (settings !== null) {
    examination.add(
      ...judgeMysqlSettings(flavour, settings),
      ...(several.hosts.length > 1 ? clusterFindings(clusterWarnings(settings), WAITING) : []),
      ...connectionFindings(settings, tuning, (value) => setText(flavour, 'max_connections', value)),
    )
  }
  const hasInstruments = isOn(settings?.get('performance_schema'))
  await examineMysqlTransactions(examination, flavour, hasInstruments)
  await examineDeadlocks(examination, settings ?? new Map())
  await examineMysqlReplication(examination)
  if (await examineMysqlTables(examination, flavour, settings ?? new Map())) {
    await examineMysqlRights(examination)
    await examineOverdueHolds(examination, 'mysql')
    await examineStripes(examination)
  }
  if (hasInstruments) await examineProcesses(examination, PROCESSES)
  return examination.findings
}

async function examineVersion(examination: Examination, address: MysqlAddress): Promise<void> {
  const rows = await examination.rows({ name: 'the version', text: SELECT_VERSION })
  if (rows === null) return
  try {
    const { flavour, version } = versionOf(rows[0]!, { ...address, allowUnsupported: false })
    const name = flavour === 'mysql' ? 'MySQL' : 'MariaDB'
    examination.add(finding('server.version', 'fine', { value: `${name} ${version}` }))
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const remedy = 'Use MySQL 8.0.31 or later, or MariaDB 10.6 or later'
    examination.add(finding('server.unsupported', 'broken', { value: error.message, remedy }))
  }
}

function encryptionFindings(address: MysqlAddress): readonly Finding[] {
  const [warning] = encryptionWarnings(address)
  if (warning !== undefined) {
    return [
      finding('connection.unencrypted', 'risk', {
        value: warning.message,
        remedy: 'ssl-mode=VERIFY_IDENTITY in the store URL',
      }),
    ]
  }
  const value = address.tls === null ? 'not needed: the server is on this machine' : 'the connection is encrypted'
  return [finding('connection.unencrypted', 'fine', { value })]
}

function connectionFindings(
  settings: Settings,
  { poolSize }: MysqlTuning,
  remedy: (limit: string) => string,
): readonly Finding[] {
  const limit = Number(settings.get('max_connections') ?? Number.NaN)
  const now = Number(settings.get('threads_connected') ?? Number.NaN)
  if (Number.isNaN(limit) || Number.isNaN(now)) return []
  const most = settings.get('max_used_connections')
  return [
    judgeConnections({
      limit,
      now,
      most: most === undefined ? null : Number(most),
      ofOneProcess: poolSize + WRITING_CONNECTIONS,
      remedy: `Fewer processes, a smaller pool_size in the store URL, or: ${remedy(String(limit * 2))}`,
    }),
  ]
}
