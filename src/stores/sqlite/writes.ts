/** The writes of a commit: one flat list of values per statement, cheap to bind and to send to another thread. */
import type { DatabaseSync } from 'node:sqlite'
import type { Changes } from '../../domain/changes.ts'
import { ACCOUNT } from '../sql/account-row.ts'
import { ASSET } from '../sql/asset-row.ts'
import { BALANCE_CHANGED, BALANCE_OPENED } from '../sql/balance-row.ts'
import { ENTRY, HOLD_STEP, STEP_ENTRY } from '../sql/entry-row.ts'
import { HOLD_CHANGED, HOLD_ENDED, HOLD_OPENED, HOLD_OPENED_STEPPED } from '../sql/hold-row.ts'
import { POSTING } from '../sql/posting-row.ts'
import { RATE, RATE_USED } from '../sql/rate-row.ts'
import type { RowKind, RowUpdate } from '../sql/row-kind.ts'
import type { SqlValue } from '../sql/values.ts'
import { writesOf, type Writes } from '../sql/writes.ts'
import { insertOf, RowChanger, RowGuard, RowInserter } from './row-writer.ts'

/** Each list has the values of its rows one after the other, in the order of the columns. */
export type FlatChanges = Readonly<Record<keyof Writes, readonly SqlValue[]>>

export function flatten(changes: Changes): FlatChanges {
  const writes = writesOf(changes)
  return {
    holdsOpened: flat(HOLD_OPENED, writes.holdsOpened),
    holdsOpenedStepped: flat(HOLD_OPENED_STEPPED, writes.holdsOpenedStepped),
    entries: flat(ENTRY, writes.entries),
    stepEntries: flat(STEP_ENTRY, writes.stepEntries),
    holdSteps: flat(HOLD_STEP, writes.holdSteps),
    postings: flat(POSTING, writes.postings),
    holdsChanged: flat(HOLD_ENDED, writes.holdsChanged),
    holdsStepped: flat(HOLD_CHANGED, writes.holdsStepped),
    assets: flat(ASSET, writes.assets),
    accounts: flat(ACCOUNT, writes.accounts),
    rates: flat(RATE, writes.rates),
    ratesUsed: flat(RATE_USED, writes.ratesUsed),
    balancesOpened: flat(BALANCE_OPENED, writes.balancesOpened),
    balancesChanged: flat(BALANCE_CHANGED, writes.balancesChanged),
  }
}

function flat<Of>({ rowOf }: RowKind<Of>, records: readonly Of[]): readonly SqlValue[] {
  // Grown instead of allocated at its length: a list that ever had holes takes longer to send to another thread.
  const values: SqlValue[] = []
  for (const record of records) {
    const row = rowOf(record, null)
    for (const column in row) values.push(row[column]!)
  }
  return values
}

/** The statements of a connection, prepared once: node:sqlite keeps no statement cache of its own. */
export class SqliteWrites {
  readonly #statements: ReturnType<typeof prepareWrites>

  constructor(database: DatabaseSync) {
    this.#statements = prepareWrites(database)
  }

  /** Inserts before updates, up to the first row that is not as expected. */
  write(changes: FlatChanges): 'written' | 'stale' {
    const statements = this.#statements
    // Before this batch inserts a newer rate than the one that its other commands rest on.
    if (!statements.ratesUsed.holds(changes.ratesUsed)) return 'stale'
    statements.rates.insert(changes.rates)
    statements.holdsOpened.insert(changes.holdsOpened)
    statements.holdsOpenedStepped.insert(changes.holdsOpenedStepped)
    statements.entries.insert(changes.entries)
    statements.stepEntries.insert(changes.stepEntries)
    statements.holdSteps.insert(changes.holdSteps)
    statements.postings.insert(changes.postings)
    statements.balancesOpened.insert(changes.balancesOpened)
    const changed =
      statements.holdsChanged.change(changes.holdsChanged) &&
      statements.holdsStepped.change(changes.holdsStepped) &&
      statements.assets.change(changes.assets) &&
      statements.accounts.change(changes.accounts) &&
      statements.balancesChanged.change(changes.balancesChanged)
    return changed ? 'written' : 'stale'
  }
}

function prepareWrites(database: DatabaseSync) {
  const inserter = <Of>(kind: RowKind<Of>): RowInserter => new RowInserter(database, kind)
  const changer = <Of>({ columns }: RowKind<Of>, sql: string): RowChanger =>
    new RowChanger(database, sql, columns.length)
  return {
    holdsOpened: inserter(HOLD_OPENED),
    holdsOpenedStepped: inserter(HOLD_OPENED_STEPPED),
    entries: inserter(ENTRY),
    stepEntries: inserter(STEP_ENTRY),
    holdSteps: inserter(HOLD_STEP),
    postings: inserter(POSTING),
    balancesOpened: inserter(BALANCE_OPENED),
    rates: inserter(RATE),
    holdsChanged: changer(HOLD_ENDED, updateOf(HOLD_ENDED, "state = 'open'", 'steps IS NULL')),
    holdsStepped: changer(HOLD_CHANGED, updateOf(HOLD_CHANGED)),
    balancesChanged: changer(BALANCE_CHANGED, updateOf(BALANCE_CHANGED)),
    accounts: changer(ACCOUNT, `${insertOf(ACCOUNT)} ON CONFLICT (account) DO UPDATE SET metadata = excluded.metadata`),
    assets: changer(
      ASSET,
      `${insertOf(ASSET)} ON CONFLICT (code) DO UPDATE SET name = excluded.name
       WHERE decimals = excluded.decimals AND created_at = excluded.created_at`,
    ),
    ratesUsed: new RowGuard(
      database,
      `SELECT 1 FROM rates r WHERE from_asset = ? AND to_asset = ? AND version = ? AND NOT EXISTS (
         SELECT 1 FROM rates n WHERE n.from_asset = r.from_asset AND n.to_asset = r.to_asset AND n.version > r.version)`,
      RATE_USED.columns.length,
    ),
  }
}

/** @param conditions on the row besides the compared columns */
function updateOf<Of>({ table, assigned, compared }: RowUpdate<Of>, ...conditions: readonly string[]): string {
  const assignments = assigned.map((column) => `${column} = ?`)
  const isAsBefore = compared.map((column) => `${column} IS ?`)
  return `UPDATE ${table} SET ${assignments.join(', ')} WHERE ${['id = ?', ...isAsBefore, ...conditions].join(' AND ')}`
}
