/** Replicas of a PostgreSQL server, and slots that keep its log for readers that are away. */
import { whole, wholeOrNull, type Row } from '../../stores/sql/values.ts'
import type { Examination } from '../examination.ts'
import { finding, type Finding } from '../finding.ts'
import { bytesText, durationText, MEBIBYTE } from '../sizes.ts'
import { textOf } from '../shown-values.ts'

const REPLICAS = `SELECT COALESCE(NULLIF(application_name, ''), host(client_addr), pid::text) AS name, state, sync_state,
    (extract(epoch FROM replay_lag) * 1000)::bigint AS lag_ms
  FROM pg_stat_replication WHERE state IS NOT NULL`

const SLOTS = `SELECT slot_name AS name, active, wal_status,
    CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint END AS kept_bytes
  FROM pg_replication_slots`

const STANDBY = `SELECT (extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000)::bigint AS lag_ms
  WHERE pg_is_in_recovery()`

const LAG_MS_RISK = 10_000
const KEPT_BYTES_RISK = 1_024 * MEBIBYTE

export async function examinePostgresReplication(examination: Examination): Promise<void> {
  const replicas = await examination.rows({ name: 'replicas', text: REPLICAS })
  const slots = await examination.rows({ name: 'replication slots', text: SLOTS })
  const standby = await examination.rows({ name: 'replication', text: STANDBY })
  if (replicas !== null) examination.add(...judgeReplicas(replicas))
  if (slots !== null) examination.add(...slots.flatMap(judgeSlot))
  for (const row of standby ?? []) {
    const lagMs = wholeOrNull(row['lag_ms'])
    const value = `this server is a standby, its last transaction is ${lagMs === null ? 'unknown' : `${durationText(lagMs)} old`}`
    examination.add(finding('replication.lag', 'advice', { value }))
  }
}

export function judgeReplicas(rows: readonly Row[]): readonly Finding[] {
  if (rows.length === 0)
    return [finding('replication.lag', 'fine', { value: 'this server has no replicas that this user can see' })]
  return rows.map((row) => {
    const name = textOf(row['name'])
    const lagMs = wholeOrNull(row['lag_ms']) ?? 0
    const isLate = lagMs > LAG_MS_RISK || row['state'] !== 'streaming'
    const value = `${name}: ${textOf(row['state'])}, ${textOf(row['sync_state'])}, ${durationText(lagMs)} behind`
    const remedy = isLate ? 'At the replica: look at its log; SELECT * FROM pg_stat_wal_receiver' : null
    return finding('replication.lag', isLate ? 'risk' : 'fine', { subject: name, value, remedy })
  })
}

export function judgeSlot(row: Row): readonly Finding[] {
  const name = textOf(row['name'])
  const kept = wholeOrNull(row['kept_bytes'])
  const isLost = row['wal_status'] === 'lost'
  const bytes = kept === null ? 'an unknown part' : bytesText(whole(kept))
  const value = `${name} is ${row['active'] === true ? 'in use' : 'not in use'}, and keeps ${bytes} of the log`
  const isRisk = isLost || (row['active'] !== true && (kept ?? 0) >= KEPT_BYTES_RISK)
  const remedy = isRisk
    ? `Start its reader again, or: SELECT pg_drop_replication_slot('${name.replaceAll("'", "''")}')`
    : null
  return [finding('replication.slot', isRisk ? 'risk' : 'fine', { subject: name, value, remedy })]
}
