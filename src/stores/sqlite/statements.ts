/** The hot path's statements, prepared once. node:sqlite keeps no statement cache of its own. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import {
  BALANCE_CHANGE_COLUMNS,
  BALANCE_COLUMNS,
  ENTRY_COLUMNS,
  HOLD_CHANGE_COLUMNS,
  HOLD_COLUMNS,
  POSTING_COLUMNS,
} from '../sql/rows.ts'
import {
  HOLD_STEP_COLUMNS,
  HOLD_STEPPED_ASSIGNED,
  HOLD_STEPPED_COLUMNS,
  STEP_ENTRY_COLUMNS,
  STEPPED_HOLD_COLUMNS,
} from '../sql/steps.ts'
import { selectClock } from '../sql/clock.ts'
import { RATE_COLUMNS, RATE_KEY_COLUMNS } from '../sql/rates.ts'
import { RowChanger, RowGuard, RowInserter } from './row-writer.ts'

export type Statements = ReturnType<typeof prepareStatements>

export function prepareStatements(database: DatabaseSync) {
  const prepare = (sql: string): StatementSync => database.prepare(sql)
  return {
    begin: prepare('BEGIN'),
    beginImmediate: prepare('BEGIN IMMEDIATE'),
    commit: prepare('COMMIT'),
    rollback: prepare('ROLLBACK'),
    /** Changes nothing, but not even that can be done where the file may not be written. BEGIN IMMEDIATE can. */
    probe: prepare(`UPDATE accounts SET metadata = metadata WHERE account = ''`),

    holdsOpened: new RowInserter(database, 'requests', HOLD_COLUMNS),
    holdsOpenedStepped: new RowInserter(database, 'requests', STEPPED_HOLD_COLUMNS),
    entries: new RowInserter(database, 'requests', ENTRY_COLUMNS),
    stepEntries: new RowInserter(database, 'requests', STEP_ENTRY_COLUMNS),
    holdSteps: new RowInserter(database, 'hold_steps', HOLD_STEP_COLUMNS),
    postings: new RowInserter(database, 'postings', POSTING_COLUMNS),
    balancesOpened: new RowInserter(database, 'balances', BALANCE_COLUMNS),
    holdsChanged: new RowChanger(
      database,
      `UPDATE requests SET ${assignments(HOLD_CHANGE_COLUMNS.slice(0, -1))}
       WHERE id = ? AND state = 'open' AND steps IS NULL`,
      HOLD_CHANGE_COLUMNS.length,
    ),
    holdsStepped: new RowChanger(
      database,
      `UPDATE requests SET ${assignments(HOLD_STEPPED_ASSIGNED)}
       WHERE id = ? AND state = ? AND coalesce(steps, 0) = ?`,
      HOLD_STEPPED_COLUMNS.length,
    ),
    balancesChanged: new RowChanger(
      database,
      `UPDATE balances SET available = ?, held = ?, floor = ?, version = ?
       WHERE id = ? AND version = ? AND available = ? AND held = ? AND floor IS ?`,
      BALANCE_CHANGE_COLUMNS.length,
    ),
    accounts: new RowChanger(
      database,
      'INSERT INTO accounts (account, metadata) VALUES (?, ?) ON CONFLICT (account) DO UPDATE SET metadata = excluded.metadata',
      2,
    ),
    assets: new RowChanger(
      database,
      `INSERT INTO assets (code, decimals, name, created_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (code) DO UPDATE SET name = excluded.name
       WHERE decimals = excluded.decimals AND created_at = excluded.created_at`,
      4,
    ),
    rates: new RowInserter(database, 'rates', RATE_COLUMNS),
    ratesUsed: new RowGuard(
      database,
      `SELECT 1 FROM rates r WHERE from_asset = ? AND to_asset = ? AND version = ? AND NOT EXISTS (
         SELECT 1 FROM rates n WHERE n.from_asset = r.from_asset AND n.to_asset = r.to_asset AND n.version > r.version)`,
      RATE_KEY_COLUMNS.length,
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
    selectRate: prepare('SELECT * FROM rates WHERE from_asset = ? AND to_asset = ? ORDER BY version DESC LIMIT 1'),
    selectClock: prepare(selectClock('sqlite')),
    selectLastBalanceId: prepare('SELECT max(id) AS id FROM balances'),
  }
}

function assignments(columns: readonly string[]): string {
  return columns.map((column) => `${column} = ?`).join(', ')
}
