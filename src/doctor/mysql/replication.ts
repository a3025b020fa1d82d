/** What a server of MySQL or MariaDB says about its replication: as a replica, of its source. */
import { wholeOrNull, type Row } from '../../stores/sql/values.ts'
import type { Examination } from '../examination.ts'
import { finding, type Finding } from '../finding.ts'
import { durationText } from '../sizes.ts'
import { textOf } from '../shown-values.ts'

const LAG_SECONDS_RISK = 10

/** Both names of each column: older servers say `Slave` and `Master`. */
function columnOf(row: Row, ...names: readonly string[]): unknown {
  return names.map((name) => row[name]).find((value) => value !== undefined) ?? null
}

export async function examineMysqlReplication(examination: Examination): Promise<void> {
  const rows = await examination.rows({ name: 'replication', text: 'SHOW REPLICA STATUS' })
  if (rows !== null) examination.add(...judgeReplica(rows))
}

/** @param rows of SHOW REPLICA STATUS: one for each source, none on a primary */
export function judgeReplica(rows: readonly Row[]): readonly Finding[] {
  if (rows.length === 0) return [finding('replication.lag', 'fine', { value: 'this server is no replica' })]
  return rows.map((row) => {
    const source = textOf(columnOf(row, 'Source_Host', 'Master_Host'))
    const threads = [
      columnOf(row, 'Replica_IO_Running', 'Slave_IO_Running'),
      columnOf(row, 'Replica_SQL_Running', 'Slave_SQL_Running'),
    ]
    const error = [columnOf(row, 'Last_IO_Error'), columnOf(row, 'Last_SQL_Error')]
      .map(textOf)
      .find((text) => text !== '')
    const lag = wholeOrNull(columnOf(row, 'Seconds_Behind_Source', 'Seconds_Behind_Master'))
    if (threads.some((state) => state !== 'Yes')) {
      const value = `this server is a replica of ${source}, and has stopped${error === undefined ? '' : `: ${error}`}`
      return finding('replication.lag', 'risk', {
        subject: source,
        value,
        remedy: 'START REPLICA, after the cause is mended',
      })
    }
    const value = `this server is a replica of ${source}, ${lag === null ? 'with an unknown lag' : `${durationText(lag * 1_000)} behind`}`
    const isLate = lag === null || lag > LAG_SECONDS_RISK
    const remedy = isLate
      ? 'Point the store URL at the primary; find out what the replica waits for: SHOW PROCESSLIST'
      : null
    return finding('replication.lag', isLate ? 'risk' : 'fine', { subject: source, value, remedy })
  })
}
