/** Audits the tables of the freeze write-ups: every balance matches its logs, and every log was acknowledged. */
import type { Connection } from '../databases/database.ts'
import { openDatabase } from '../databases/scratch.ts'
import type { Site } from '../strategies/strategy.ts'
import { compareCounts, type Tally } from './tally.ts'

/** What the log of each user says is frozen and spent. */
export const LOG_SUMS = `SELECT user_id, SUM(CASE WHEN status = 'frozen' THEN amount ELSE 0 END) AS frozen,
    SUM(COALESCE(actual_amount, 0)) AS spent
  FROM compute_freeze_logs GROUP BY user_id`

export async function auditFreezeLogs(site: Site, tally: Tally): Promise<readonly string[]> {
  await using database = await openDatabase(site.url, site.dialect, { connectionsMax: 1, lockTimeoutMs: 50_000 })
  return await database.transaction(async (connection) => {
    const broken = await connection.select(
      `SELECT u.id AS id FROM users u LEFT JOIN (${LOG_SUMS}) l ON l.user_id = u.id
       WHERE u.frozen_balance <> COALESCE(l.frozen, 0) OR u.balance <> ? - COALESCE(l.spent, 0)
         OR u.frozen_balance < 0 OR u.balance < u.frozen_balance`,
      [site.funds],
    )
    return [
      ...broken.map(({ id }) => `the balance of user ${String(id)} does not match its logs`),
      ...(await miscountedLogs(connection, tally)),
    ]
  })
}

/** The logs by their status, against what was acknowledged. */
export async function miscountedLogs(connection: Connection, tally: Tally): Promise<readonly string[]> {
  const counted = await connection.select(
    'SELECT status, COUNT(*) AS logs FROM compute_freeze_logs GROUP BY status',
    [],
  )
  const logs = (status: string): number => Number(counted.find((row) => row['status'] === status)?.['logs'] ?? 0)
  const all = counted.reduce((sum, row) => sum + Number(row['logs']), 0)
  return [
    ...compareCounts('freezes', tally.freezes, all, tally.unknown),
    ...compareCounts('settles', tally.settles, logs('settled'), tally.unknown),
    ...compareCounts('releases', tally.releases, logs('refunded'), tally.unknown),
  ]
}
