/** The reads that commits rest on, by key, prepared once: node:sqlite keeps no statement cache of its own. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { selectClock } from '../sql/clock.ts'
import { REQUEST_COLUMNS, REQUEST_JOINS } from '../sql/request-select.ts'

export type Reads = ReturnType<typeof prepareReads>

export function prepareReads(database: DatabaseSync) {
  const prepare = (sql: string): StatementSync => database.prepare(sql)
  return {
    selectRequest: prepare(`SELECT ${REQUEST_COLUMNS} FROM requests r ${REQUEST_JOINS} WHERE r.id = ?`),
    selectBalance: prepare('SELECT * FROM balances WHERE account = ? AND asset = ? AND stripe = ?'),
    selectRun: prepare(
      `SELECT j.*, b.account, b.asset, b.stripe FROM journal j JOIN balances b ON b.id = j.balance_id
       WHERE j.balance_id = ? AND j.first_version = ?`,
    ),
    selectAsset: prepare('SELECT * FROM assets WHERE code = ?'),
    selectHouse: prepare('SELECT * FROM house_accounts WHERE account = ?'),
    selectStanding: prepare('SELECT * FROM standings WHERE account = ?'),
    selectRate: prepare('SELECT * FROM rates WHERE from_asset = ? AND to_asset = ? ORDER BY version DESC LIMIT 1'),
    selectClock: prepare(selectClock('sqlite')),
    selectLastBalanceId: prepare('SELECT max(id) AS id FROM balances'),
  }
}
