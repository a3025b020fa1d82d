/** The writes of a commit: one flat list of values per statement, cheap to bind and to send to another thread. */
import type { DatabaseSync } from 'node:sqlite'
import type { Changes, HoldChange } from '../../domain/changes.ts'
import { ACCOUNT } from '../sql/account-row.ts'
import { ASSET } from '../sql/asset-row.ts'
import { BALANCE_CHANGED, BALANCE_OPENED } from '../sql/balance-row.ts'
import { CHARGE, ENTRY, STEP_ENTRY } from '../sql/entry-row.ts'
import { FED } from '../sql/feed-row.ts'
import { HOLD_ENDED, HOLD_OPENED, HOLD_STEPPED } from '../sql/hold-row.ts'
import { HOUSE, HOUSE_USED } from '../sql/house-row.ts'
import { RATE } from '../sql/rate-row.ts'
import type { RowKind, RowUpdate } from '../sql/row-kind.ts'
import { RUN } from '../sql/run-row.ts'
import { STANDING_CHANGED, STANDING_NEW } from '../sql/standing-row.ts'
import { Bytes } from '../sql/values.ts'
import { writesOf, type Writes } from '../sql/writes.ts'
import { insertOf, RowChanger, RowGuard, RowInserter, type FlatValue } from './row-writer.ts'

/** Each list has the values of its rows one after the other, in the order of the columns. */
export type FlatChanges = Readonly<Record<keyof Writes, readonly FlatValue[]>>

export function flatten(changes: Changes): FlatChanges {
  const writes = writesOf(changes)
  return {
    holdsContinued: writes.holdsContinued.flatMap(({ after }) => changeBefore(after)),
    holdsOpened: flat(HOLD_OPENED, writes.holdsOpened),
    entries: flat(ENTRY, writes.entries),
    charges: flat(CHARGE, writes.charges),
    stepEntries: flat(STEP_ENTRY, writes.stepEntries),
    holdsEnded: flat(HOLD_ENDED, writes.holdsEnded),
    holdsStepped: flat(HOLD_STEPPED, writes.holdsStepped),
    runs: flat(RUN, writes.runs),
    commits: flat(FED, writes.commits),
    assets: flat(ASSET, writes.assets),
    accounts: flat(ACCOUNT, writes.accounts),
    houses: flat(HOUSE, writes.houses),
    housesUsed: flat(HOUSE_USED, writes.housesUsed),
    rates: flat(RATE, writes.rates),
    ratesUsed: flat(RATE, writes.ratesUsed),
    balancesOpened: flat(BALANCE_OPENED, writes.balancesOpened),
    balancesChanged: flat(BALANCE_CHANGED, writes.balancesChanged),
    standingsNew: flat(STANDING_NEW, writes.standingsNew),
    standingsChanged: flat(STANDING_CHANGED, writes.standingsChanged),
  }
}

/** The parameters of the guard that what comes before a change is there. */
function changeBefore({ seq, changes }: HoldChange['after']): readonly number[] {
  return [seq, changes - 1]
}

function flat<Of>({ rowOf }: RowKind<Of>, records: readonly Of[]): readonly FlatValue[] {
  // Grown instead of allocated at its length: a list that ever had holes takes longer to send to another thread.
  const values: FlatValue[] = []
  for (const record of records) {
    const row = rowOf(record)
    for (const column in row) {
      const value = row[column]!
      values.push(value instanceof Bytes ? value.hex : value)
    }
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
    // Before this batch inserts a newer rate than the one that its other commands rest on, and the changes that follow others.
    if (!statements.ratesUsed.holds(changes.ratesUsed)) return 'stale'
    if (!statements.holdsContinued.holds(changes.holdsContinued)) return 'stale'
    if (!statements.housesUsed.holds(changes.housesUsed)) return 'stale'
    statements.rates.insert(changes.rates)
    statements.houses.insert(changes.houses)
    statements.holdsOpened.insert(changes.holdsOpened)
    statements.entries.insert(changes.entries)
    statements.charges.insert(changes.charges)
    statements.stepEntries.insert(changes.stepEntries)
    statements.holdsEnded.insert(changes.holdsEnded)
    statements.holdsStepped.insert(changes.holdsStepped)
    statements.runs.insert(changes.runs)
    statements.commits.insert(changes.commits)
    statements.balancesOpened.insert(changes.balancesOpened)
    statements.standingsNew.insert(changes.standingsNew)
    const changed =
      statements.assets.change(changes.assets) &&
      statements.accounts.change(changes.accounts) &&
      statements.standingsChanged.change(changes.standingsChanged) &&
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
    entries: inserter(ENTRY),
    charges: inserter(CHARGE),
    stepEntries: inserter(STEP_ENTRY),
    holdsEnded: inserter(HOLD_ENDED),
    holdsStepped: inserter(HOLD_STEPPED),
    runs: inserter(RUN),
    commits: inserter(FED),
    balancesOpened: inserter(BALANCE_OPENED),
    standingsNew: inserter(STANDING_NEW),
    standingsChanged: changer(STANDING_CHANGED, updateOf(STANDING_CHANGED)),
    rates: inserter(RATE),
    houses: inserter(HOUSE),
    housesUsed: new RowGuard(database, 'SELECT 1 FROM house_accounts WHERE account = ?', HOUSE_USED.columns.length),
    balancesChanged: changer(BALANCE_CHANGED, updateOf(BALANCE_CHANGED)),
    accounts: changer(ACCOUNT, `${insertOf(ACCOUNT)} ON CONFLICT (account) DO UPDATE SET metadata = excluded.metadata`),
    assets: changer(
      ASSET,
      `${insertOf(ASSET)} ON CONFLICT (code) DO UPDATE SET name = excluded.name
       WHERE decimals = excluded.decimals AND created_at = excluded.created_at`,
    ),
    ratesUsed: new RowGuard(
      database,
      `SELECT 1 FROM rates r WHERE ${RATE.columns.map((column) => `${column} = ?`).join(' AND ')} AND NOT EXISTS (
         SELECT 1 FROM rates n WHERE n.from_asset = r.from_asset AND n.to_asset = r.to_asset AND n.version > r.version)`,
      RATE.columns.length,
    ),
    holdsContinued: new RowGuard(
      database,
      `SELECT 1 WHERE CASE ?2
         WHEN 0 THEN EXISTS (SELECT 1 FROM requests WHERE seq = ?1 AND kind IN ('freeze', 'charge'))
         ELSE EXISTS (SELECT 1 FROM hold_changes WHERE hold_seq = ?1 AND number = ?2)
       END`,
      2,
    ),
  }
}

function updateOf<Of>({ table, key, assigned, compared }: RowUpdate<Of>): string {
  const assignments = assigned.map((column) => `${column} = ?`)
  const isAsBefore = compared.map((column) => `${column} IS ?`)
  return `UPDATE ${table} SET ${assignments.join(', ')} WHERE ${[`${key} = ?`, ...isAsBefore].join(' AND ')}`
}
