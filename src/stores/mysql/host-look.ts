/** What a MySQL or MariaDB server says about itself, when the store URL names several. */
import type { HostLook } from '../host-choice.ts'
import { HostSearch } from '../host-search.ts'
import { MysqlConnection, type Role } from './connection.ts'
import { faultOf, MysqlFailure, notPrimary } from './errors.ts'
import { settingsOf } from './server.ts'
import { atHost, type MysqlAddress, type MysqlTuning } from './url.ts'

const QUESTION_MS_MAX = 2_000
/** A node of Galera that has all rows and is not copying them to another one. */
const SYNCED = '4'

const SELECT_CLUSTER = `SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_ready', 'wsrep_local_state', 'wsrep_local_state_comment')`
/** The user of a service may not see it without a right of its own. */
const SELECT_GROUP = `SELECT SUM(member_state = 'UNREACHABLE') * 2 >= COUNT(*) AS is_minority
  FROM performance_schema.replication_group_members`

export function searchOf(address: MysqlAddress, tuning: MysqlTuning): HostSearch {
  return new HostSearch({ hosts: address.hosts, look: (host) => lookAt(atHost(address, host), tuning) })
}

/**
 * A connection to the server that takes writes where the URL names several.
 *
 * @throws Fault `store_unavailable`, `store_misconfigured`
 */
export async function openOnPrimary(
  address: MysqlAddress,
  tuning: MysqlTuning,
  role: Role,
  search = searchOf(address, tuning),
): Promise<MysqlConnection> {
  const host = await search.find()
  try {
    const connection = await MysqlConnection.open(atHost(address, host), tuning, role)
    if (!search.isSeveral || !connection.server.isReadOnly) return connection
    connection.destroy()
    throw notPrimary(new Error('it is read-only'))
  } catch (error) {
    search.doubt()
    throw error
  }
}

/** @throws Fault `store_unavailable`, `store_misconfigured` */
async function lookAt(address: MysqlAddress, tuning: MysqlTuning): Promise<HostLook> {
  const connection = await MysqlConnection.open(address, { ...tuning, statementTimeoutMs: QUESTION_MS_MAX }, 'keys')
  try {
    const { isReadOnly, isCluster, isGroup } = connection.server
    if (isReadOnly) return { refusal: 'it is read-only', term: 0, sharesWrites: isCluster }
    if (isCluster) return { refusal: await clusterRefusal(connection), term: 0, sharesWrites: true }
    return { refusal: isGroup ? await groupRefusal(connection) : null, term: 0, sharesWrites: false }
  } catch (error) {
    throw error instanceof MysqlFailure ? faultOf(error) : error
  } finally {
    connection.destroy()
  }
}

async function clusterRefusal(connection: MysqlConnection): Promise<string | null> {
  const [reply] = await connection.run([SELECT_CLUSTER])
  const states = settingsOf(reply!.rows)
  if (states.get('wsrep_ready') !== 'ON') return 'it has lost its cluster'
  return states.get('wsrep_local_state') === SYNCED
    ? null
    : `its state in the cluster is ${states.get('wsrep_local_state_comment')}`
}

/** A primary that a majority has left stays writable, and its commits wait without end. */
async function groupRefusal(connection: MysqlConnection): Promise<string | null> {
  try {
    const [reply] = await connection.run([SELECT_GROUP])
    return Number(reply!.rows[0]?.['is_minority']) === 1 ? 'it has lost the majority of its group' : null
  } catch (error) {
    if (error instanceof MysqlFailure && error.reported) return null
    throw error
  }
}
