/**
 * How old the rows of a MySQL or MariaDB server are.
 *
 * `Seconds_Behind_Source` is how old the event is that is being applied, corrected by the difference of the clocks when the replica connected; 0 when
 * everything that was received is applied. It is a number of whole seconds, so up to a second is added unless it is 0. It is NULL when the
 * replication is stopped or has no connection. A source that vanished silently is noticed after `replica_net_timeout` (`slave_net_timeout`).
 */
import type { ReplicaState } from '../../engine/replica.ts'
import { wholeOrNull, type Row } from '../sql/values.ts'
import type { MysqlConnection } from './connection.ts'
import { MysqlFailure } from './errors.ts'

const SELECT_STATE = 'SHOW REPLICA STATUS'
const SELECT_READ_ONLY = 'SELECT @@GLOBAL.read_only AS reads_only'

/** ER_SPECIFIC_ACCESS_DENIED_ERROR */
const NO_RIGHT = 1227

/** @throws MysqlFailure */
export async function replicaStateOf(connection: MysqlConnection): Promise<ReplicaState> {
  const [reply] = await connection.run([SELECT_READ_ONLY])
  const readsOnly = String(reply!.rows[0]!['reads_only']) !== '0'
  try {
    const [status] = await connection.run([SELECT_STATE])
    return stateIn(status!.rows, readsOnly)
  } catch (error) {
    if (!(error instanceof MysqlFailure) || error.errno !== NO_RIGHT) throw error
    // A server that takes writes is taken for the primary. A replica that takes them too is set up wrongly.
    if (!readsOnly) return { role: 'primary' }
    const right = connection.server.flavour === 'mariadb' ? 'REPLICA MONITOR' : 'REPLICATION CLIENT'
    return unknown(`The user may not ask the replica: GRANT ${right} ON *.* TO its user.`)
  }
}

/** @param rows of SHOW REPLICA STATUS, one for each source */
export function stateIn(rows: readonly Row[], readsOnly: boolean): ReplicaState {
  if (rows.length === 0) {
    return readsOnly ? unknown('The server is read-only and follows no other one.') : { role: 'primary' }
  }
  const lags = rows.map((row) => wholeOrNull(row['Seconds_Behind_Source'] ?? row['Seconds_Behind_Master'] ?? null))
  if (lags.some((lag) => lag === null))
    return unknown('The replication is stopped, or has no connection to its source.')
  const seconds = Math.max(...lags.map(Number))
  return { role: 'replica', isCaughtUp: seconds === 0, ageMs: seconds === 0 ? 0 : (seconds + 1) * 1_000, unknown: null }
}

function unknown(reason: string): ReplicaState {
  return { role: 'replica', isCaughtUp: false, ageMs: null, unknown: reason }
}
