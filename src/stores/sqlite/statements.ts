/** The hot path's statements, prepared once. node:sqlite keeps no statement cache of its own. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import {
  BALANCE_COLUMNS,
  balanceValues,
  ENTRY_COLUMNS,
  entryValues,
  HOLD_CHANGE_COLUMNS,
  HOLD_COLUMNS,
  holdValues,
  POSTING_COLUMNS,
  postingValues,
} from '../sql/rows.ts'
import { RowInserter } from './row-inserter.ts'

export type Statements = ReturnType<typeof prepareStatements>

export function prepareStatements(database: DatabaseSync) {
  const prepare = (sql: string): StatementSync => database.prepare(sql)
  return {
    begin: prepare('BEGIN'),
    beginImmediate: prepare('BEGIN IMMEDIATE'),
    commit: prepare('COMMIT'),
    rollback: prepare('ROLLBACK'),

    holds: new RowInserter(database, 'requests', HOLD_COLUMNS, holdValues),
    entries: new RowInserter(database, 'requests', ENTRY_COLUMNS, entryValues),
    postings: new RowInserter(database, 'postings', POSTING_COLUMNS, postingValues),
    balances: new RowInserter(database, 'balances', BALANCE_COLUMNS, balanceValues),
    changeHold: prepare(
      `UPDATE requests SET ${HOLD_CHANGE_COLUMNS.slice(0, -1)
        .map((column) => `${column} = ?`)
        .join(', ')}
       WHERE id = ? AND state = 'open'`,
    ),
    changeBalance: prepare(
      'UPDATE balances SET available = ?, held = ?, floor = ?, version = ? WHERE id = ? AND version = ?',
    ),
    putAccount: prepare(
      'INSERT INTO accounts (account, metadata) VALUES (?, ?) ON CONFLICT (account) DO UPDATE SET metadata = excluded.metadata',
    ),
    putAsset: prepare(
      `INSERT INTO assets (code, decimals, name, created_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (code) DO UPDATE SET name = excluded.name WHERE decimals = excluded.decimals`,
    ),

    selectRequest: prepare(
      `SELECT r.*, b.account, b.asset FROM requests r LEFT JOIN balances b ON b.id = r.balance_id WHERE r.id = ?`,
    ),
    selectBalance: prepare('SELECT * FROM balances WHERE account = ? AND asset = ? AND stripe = ?'),
    selectPosting: prepare(
      `SELECT p.*, b.account, b.asset, b.stripe FROM postings p JOIN balances b ON b.id = p.balance_id
       WHERE p.balance_id = ? AND p.version = ?`,
    ),
    selectAsset: prepare('SELECT * FROM assets WHERE code = ?'),
    selectLastBalanceId: prepare('SELECT max(id) AS id FROM balances'),
  }
}
