/** Deadlocks of a PostgreSQL database: the server counts them, and describes each in its log only. */
import { whole, type Row } from '../../stores/sql/values.ts'
import type { Examination } from '../examination.ts'
import { finding, type Finding } from '../finding.ts'
import { textOf } from '../shown-values.ts'

const COUNT = `SELECT deadlocks, to_char(stats_reset AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') AS since
  FROM pg_stat_database WHERE datname = current_database()`

/** Where the log is, which not every user may know. */
const LOG = `SELECT current_setting('log_destination') AS destination, current_setting('logging_collector') AS collector,
  CASE WHEN pg_has_role('pg_read_all_settings', 'USAGE') THEN current_setting('log_directory') END AS folder`

export async function examinePostgresDeadlocks(examination: Examination): Promise<void> {
  const counts = await examination.rows({ name: 'the number of deadlocks', text: COUNT })
  const logs = await examination.optionalRows(LOG)
  if (counts !== null) examination.add(judgeDeadlocks(counts[0]!, logs?.[0] ?? null))
}

/** Whether they were of today is only in the log. */
export function judgeDeadlocks(count: Row, log: Row | null): Finding {
  const deadlocks = whole(count['deadlocks'])
  const since = count['since'] === null ? 'the statistics began' : `${textOf(count['since'])} UTC`
  const value = `${deadlocks} in this database since ${since}`
  if (deadlocks === 0) return finding('deadlock.count', 'fine', { value })
  return finding('deadlock.count', 'advice', {
    value,
    details: [
      `PostgreSQL describes a deadlock in its log only: both statements, and who waited for whom.`,
      logText(log),
    ],
    remedy: `grep -A 12 "deadlock detected" ${folderOf(log)}`,
  })
}

function logText(log: Row | null): string {
  if (log === null) return 'Where the log is, this user may not see.'
  const { destination, collector } = log
  if (collector !== 'on')
    return `It goes to ${textOf(destination)} of the server: its service manager keeps it (journalctl, or the log of pg_ctl).`
  return `It is in ${folderOf(log)} on the server, as ${textOf(destination)}.`
}

function folderOf(log: Row | null): string {
  const folder = log?.['collector'] === 'on' ? log['folder'] : null
  if (folder === null || folder === undefined) return '/var/log/postgresql/*.log'
  return `${textOf(folder)}/*`
}
