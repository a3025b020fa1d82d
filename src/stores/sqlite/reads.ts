/** The reads that commits rest on, by key, prepared once: node:sqlite keeps no statement cache of its own. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { selectClock } from '../sql/clock.ts'

export type Reads = ReturnType<typeof prepareReads>

export function prepareReads(database: DatabaseSync) {
  const prepare = (sql: string): StatementSync => database.prepare(sql)
  return {
    selectRequest: prepare(
      `SELECT r.*, b.account, b.asset FROM requests r LEFT JOIN balances b ON b.id = r.balance_id WHERE r.id = ?`,
    ),
    selectBalance: prepare('SELECT * FROM balances WHERE account = ? AND asset = ? AND stripe = ?'),
    selectPosting: prepare(
      `SELECT p.*, b.account, b.asset, b.stripe FROM postings p JOIN balances b ON b.id = p.balance_id
       WHERE p.balance_id = ? AND p.version = ?`,
    ),
    selectAsset: prepare('SELECT * FROM assets WHERE code = ?'),
    selectRate: prepare('SELECT * FROM rates WHERE from_asset = ? AND to_asset = ? ORDER BY version DESC LIMIT 1'),
    selectClock: prepare(selectClock('sqlite')),
    selectLastBalanceId: prepare('SELECT max(id) AS id FROM balances'),
  }
}
