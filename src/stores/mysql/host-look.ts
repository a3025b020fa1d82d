/** What a MySQL or MariaDB server says about itself, when the store URL names several. */
import type { HostLook } from '../host-choice.ts'
import type { Row } from '../sql/values.ts'
import { HostSearch, type Purpose } from '../host-search.ts'
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

/** The group's view that this server has: the time of the group's start, in 100 ns since 1970, and the number of changes of its members since. */
const SELECT_VIEW = `SELECT VIEW_ID AS view_id FROM performance_schema.replication_group_member_stats WHERE MEMBER_ID = @@server_uuid`
const VIEW = /^(\d{10})\d*:(\d{1,5})$/
const VIEWS_MAX = 100_000

export function searchOf(address: MysqlAddress, tuning: MysqlTuning, purpose: Purpose = 'write'): HostSearch {
  const look = purpose === 'write' ? lookAt : lookToRead
  return new HostSearch({ hosts: address.hosts, look: (host) => look(atHost(address, host), tuning), purpose })
}

/**
 * A connection to the server that `search` finds where the URL names several: by default the one that takes writes.
 *
 * @throws Fault `store_unavailable`, `store_misconfigured`
 */
export async function openOnHost(
  address: MysqlAddress,
  tuning: MysqlTuning,
  role: Role,
  search = searchOf(address, tuning),
): Promise<MysqlConnection> {
  const host = await search.find()
  try {
    const connection = await MysqlConnection.open(atHost(address, host), tuning, role)
    if (!search.isSeveral || search.isForReading) return connection
    if (!connection.server.isReadOnly) {
      connection.followWrites(() => search.isElsewhere(host))
      return connection
    }
    connection.destroy()
    throw notPrimary(new Error('it is read-only'))
  } catch (error) {
    search.doubt()
    throw error
  }
}

/** @throws Fault `store_unavailable`, `store_misconfigured` */
async function lookAt(address: MysqlAddress, tuning: MysqlTuning): Promise<HostLook> {
  return await looking(address, tuning, async (connection) => {
    const { isReadOnly, isCluster } = connection.server
    if (isReadOnly) return { refusal: 'it is read-only', term: 0, sharesWrites: isCluster }
    return { refusal: await refusalOf(connection), term: await termOf(connection), sharesWrites: isCluster }
  })
}

/**
 * A primary that its group has expelled says for a while after the network is back that it takes writes; its view is older than that of the
 * primary that came after it. 0 outside of a group, or if this user may not see it.
 */
async function termOf(connection: MysqlConnection): Promise<number> {
  if (!connection.server.isGroup) return 0
  const view = await answerOf(connection, SELECT_VIEW)
  const [, startedAt, changes] = VIEW.exec(String(view?.['view_id'])) ?? []
  return startedAt === undefined ? 0 : Number(startedAt) * VIEWS_MAX + Number(changes)
}

/** The first row; null without one, or if the user may not ask. @throws MysqlFailure without an answer */
async function answerOf(connection: MysqlConnection, question: string): Promise<Row | null> {
  try {
    const [reply] = await connection.run([question])
    return reply!.rows[0] ?? null
  } catch (error) {
    if (error instanceof MysqlFailure && error.reported) return null
    throw error
  }
}

/** As `lookAt`: a replica can be read. @throws as `lookAt` */
async function lookToRead(address: MysqlAddress, tuning: MysqlTuning): Promise<HostLook> {
  return await looking(address, tuning, async (connection) => ({
    refusal: await refusalOf(connection),
    term: 0,
    sharesWrites: true,
  }))
}

async function looking(
  address: MysqlAddress,
  tuning: MysqlTuning,
  look: (connection: MysqlConnection) => Promise<HostLook>,
): Promise<HostLook> {
  const connection = await MysqlConnection.open(address, { ...tuning, statementTimeoutMs: QUESTION_MS_MAX }, 'keys')
  try {
    return await look(connection)
  } catch (error) {
    throw error instanceof MysqlFailure ? faultOf(error) : error
  } finally {
    connection.destroy()
  }
}

async function refusalOf(connection: MysqlConnection): Promise<string | null> {
  const { isCluster, isGroup } = connection.server
  if (isCluster) return await clusterRefusal(connection)
  return isGroup ? await groupRefusal(connection) : null
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
  const group = await answerOf(connection, SELECT_GROUP)
  return Number(group?.['is_minority']) === 1 ? 'it has lost the majority of its group' : null
}
