/**
 * Audits an old system and a ledger that a bridge joins: each book by itself, both against each other, and the old rows against what both
 * logs say.
 */
import { openBridge } from '../../src/bridge/open.ts'
import { openDatabase } from '../databases/scratch.ts'
import type { Connection } from '../databases/database.ts'
import type { Site } from '../strategies/strategy.ts'
import { LOG_SUMS, miscountedLogs } from './freeze-logs.ts'
import { brokenLaws, miscountedHolds } from './ledger.ts'
import { addTallies, type Tally } from './tally.ts'

/** What the ledger's holds of each account hold and have spent; a hold of the lab has one change, its end. */
const HOLD_SUMS = `SELECT b.account AS account, SUM(COALESCE(c.held, r.amount)) AS held, SUM(COALESCE(c.settled, 0)) AS spent
  FROM requests r JOIN balances b ON b.id = r.balance_id LEFT JOIN hold_changes c ON c.hold_seq = r.seq
  WHERE r.kind = 'freeze' GROUP BY b.account`

export async function auditBridgedBooks(
  site: Site,
  oldTallies: readonly Tally[],
  newTallies: readonly Tally[],
): Promise<readonly string[]> {
  await using database = await openDatabase(site.url, site.dialect, { connectionsMax: 1, lockTimeoutMs: 50_000 })
  const ofOldRows = await database.transaction(async (connection) => [
    ...(await brokenRows(connection, site)),
    ...(await miscountedLogs(connection, addTallies(oldTallies))),
  ])
  return [
    ...ofOldRows,
    ...(await brokenLaws(site)),
    ...(await miscountedHolds(site, addTallies(newTallies))),
    ...(await differences(site)),
  ]
}

async function brokenRows(connection: Connection, { funds }: Site): Promise<readonly string[]> {
  const broken = await connection.select(
    `SELECT u.id AS id FROM users u LEFT JOIN (${LOG_SUMS}) l ON l.user_id = u.id
       LEFT JOIN (${HOLD_SUMS}) h ON h.account = CONCAT('user:', u.id)
     WHERE u.frozen_balance <> COALESCE(l.frozen, 0) + COALESCE(h.held, 0)
       OR u.balance <> ? - COALESCE(l.spent, 0) - COALESCE(h.spent, 0)
       OR u.frozen_balance < 0 OR u.balance < u.frozen_balance`,
    [funds],
  )
  return broken.map(({ id }) => `the row of user ${String(id)} does not match both logs`)
}

async function differences({ url }: Site): Promise<readonly string[]> {
  await using bridge = await openBridge(url, null)
  const report = await bridge.verify({ repair: false }, () => undefined)
  return report.differences.map(({ code, message }) => `${code}: ${message}`)
}
