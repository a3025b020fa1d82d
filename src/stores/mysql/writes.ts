/**
 * A commit as one text: changes of balances, then inserts, with guards between them. The server stops at the first statement that fails,
 * so it reaches COMMIT only when every guard holds, without a round trip in between. The statements around them are in transactions.ts.
 *
 * Balances come first, as in `exclusive`, which locks them before anything else: all writers queue for a balance before they hold any
 * other lock of it. With the journal first, a commit held the key of the next run and waited for the balance, while an exclusive
 * held the balance and waited for the key. InnoDB broke that deadlock, always by aborting the second, until it had no attempts left. A
 * process commits through one connection, so locking the row from the start costs it nothing.
 *
 * Why the text needs its guards, and what they prove:
 *
 * 1. The primary key of the journal, (balance, first version), stops most stale writers: two that start from one version of a balance
 *    write runs with one key.
 * 2. It does not stop all of them. A batch may be decided on rows that an earlier batch of the same engine is still committing. When
 *    that commit fails, the versions that this batch starts from never exist: its runs are beyond the last one, meet no other key,
 *    and would leave a gap. Or another process made versions of the same numbers, with other amounts. Or the version that this batch
 *    starts from is within a run of another process.
 * 3. So an update of balances compares version, amounts, floor and standing, and is followed by a guard that fails unless it changed all of its
 *    rows. Each row names one balance by primary key, so each balance was as it was decided on. The rows stay locked until COMMIT, so
 *    that is still true then. A run ends with the version that its balance gets, so law 3 holds again.
 * 4. A new balance is an insert: both its primary key (the id) and its unique name stop a second one.
 * 5. A hold that was changed in between is a hold whose balance moved. 3 does not always detect it, because the batch may rest on a
 *    remembered hold and a balance that was just read. The primary key of changes, (hold, number), detects it: the change that was made in
 *    between has the number of the first one here. What comes before that one may never exist, as in 2, so a guard counts those rows.
 *    They are never deleted, so they are still there at COMMIT.
 * 6. An existing asset keeps its decimals; the guard after the upsert reads them under the lock that the upsert took.
 * 7. The declarations of house accounts are never deleted, so those that a guard has found are still there at COMMIT.
 * 8. The row of an account's standing is written when one of its balances is opened and when its standing changes, and compared as a
 *    balance is. So no balance is opened beside a change of the standing.
 * 9. A rate that the batch rests on must be the newest of its pair. One that is declared before COMMIT comes after this
 *    commit. It is checked before a rate of the same batch follows it.
 */
import type { Asset } from '../../domain/asset.ts'
import type { Changes, HoldChange } from '../../domain/changes.ts'
import type { AccountName } from '../../domain/ids.ts'
import type { Rate } from '../../domain/rate.ts'
import { ACCOUNT } from '../sql/account-row.ts'
import { ASSET } from '../sql/asset-row.ts'
import { BALANCE_CHANGED, BALANCE_OPENED } from '../sql/balance-row.ts'
import { CHARGE, ENTRY, STEP_ENTRY } from '../sql/entry-row.ts'
import { COMMITTED } from '../sql/feed-row.ts'
import { HOLD_ENDED, HOLD_OPENED, HOLD_STEPPED } from '../sql/hold-row.ts'
import { HOUSE } from '../sql/house-row.ts'
import { RATE, RATE_CONTENTS } from '../sql/rate-row.ts'
import type { RowKind, RowUpdate } from '../sql/row-kind.ts'
import { RUN } from '../sql/run-row.ts'
import { STANDING_CHANGED, STANDING_NEW } from '../sql/standing-row.ts'
import { writesOf } from '../sql/writes.ts'
import { literal, literals, rowLiterals } from './literals.ts'
import { inLockOrder } from './lock-order.ts'
import type { Flavour } from './server.ts'
import { guard } from './transactions.ts'

/** How the rows of a statement are divided when one text would be too long. */
export type Chunking = (rows: readonly string[]) => Iterable<readonly string[]>

const TOGETHER: Chunking = (rows) => [rows]

/**
 * Up to this number, each row is updated by a statement of its own. Measured for 1, 2 and 3 balances, ms, MariaDB 10.11 / MySQL 9.7:
 * singly 0.20 / 0.28, 0.22 / 0.41, 0.25 / 0.52; in one table of values 0.29 / 0.34, 0.28 / 0.38, 0.29 / 0.39.
 */
const SINGLY_MAX = 2

/** How a statement of several rows is written. */
interface RowsOptions {
  readonly flavour: Flavour
  readonly chunking: Chunking
}

/** The statements that write a batch, and their guards, in their order; none when there is nothing to write. */
export interface WriteStatements {
  /** What locks the balances. */
  readonly balances: readonly string[]
  /** The rows of requests and of changes of holds: no other writer waits for their keys, except for those of the same request. */
  readonly requests: readonly string[]
  /** Everything else. */
  readonly others: readonly string[]
}

/** How a batch is written. */
export interface WriteOptions {
  readonly chunking?: Chunking
  /** What locks the rows of an old system, before the balances: see old-rows.ts. */
  readonly oldRows?: readonly string[]
}

export function writeStatements(
  changes: Changes,
  flavour: Flavour,
  { chunking = TOGETHER, oldRows = [] }: WriteOptions = {},
): WriteStatements {
  const writes = inLockOrder(writesOf(changes))
  return {
    balances: [
      ...oldRows,
      ...writes.ratesUsed.map(isNewestRate),
      ...areDeclared(writes.housesUsed),
      ...updates(BALANCE_CHANGED, writes.balancesChanged, { flavour, chunking }),
      ...inserts(BALANCE_OPENED, writes.balancesOpened, chunking),
    ],
    requests: [
      ...areContinued(writes.holdsContinued, chunking),
      ...inserts(HOLD_OPENED, writes.holdsOpened, chunking),
      ...inserts(ENTRY, writes.entries, chunking),
      ...inserts(CHARGE, writes.charges, chunking),
      ...inserts(STEP_ENTRY, writes.stepEntries, chunking),
      ...inserts(HOLD_ENDED, writes.holdsEnded, chunking),
      ...inserts(HOLD_STEPPED, writes.holdsStepped, chunking),
    ],
    others: [
      ...inserts(RUN, writes.runs, chunking),
      ...assetWrites(writes.assets),
      ...updates(STANDING_CHANGED, writes.standingsChanged, { flavour, chunking }),
      ...inserts(STANDING_NEW, writes.standingsNew, chunking),
      ...inserts(ACCOUNT, writes.accounts, chunking, 'ON DUPLICATE KEY UPDATE metadata = VALUES(metadata)'),
      ...inserts(HOUSE, writes.houses, chunking),
      ...inserts(RATE, writes.rates, chunking),
      // Numbered when its balances are locked: a commit that rests on this one gets a later number.
      ...inserts(COMMITTED, writes.commits, chunking),
    ],
  }
}

/** All of them, in the order of a commit that runs by itself. */
export function inOrder({ balances, requests, others }: WriteStatements): readonly string[] {
  return [...balances, ...requests, ...others]
}

/** Each record as `1,'a',NULL`. */
function textsOf<Of>(kind: RowKind<Of>, records: readonly Of[]): readonly string[] {
  return records.map((record) => rowLiterals(kind.rowOf(record)))
}

/** @param onDuplicate what happens to a row whose key is taken; without it the statement fails */
function* inserts<Of>(
  kind: RowKind<Of>,
  records: readonly Of[],
  chunking: Chunking,
  onDuplicate = '',
): Iterable<string> {
  if (records.length === 0) return
  const columns = kind.columns.join(',')
  for (const chunk of chunking(textsOf(kind, records))) {
    yield `INSERT INTO ${kind.table} (${columns}) VALUES (${chunk.join('),(')}) ${onDuplicate}`
  }
}

/**
 * Forces the primary key: MySQL would read, and lock, all rows of a table that it believes to be nearly empty, as after filling a new one.
 */
const BY_KEY = 'FORCE INDEX (PRIMARY)'

function updates<Of>(update: RowUpdate<Of>, records: readonly Of[], options: RowsOptions): Iterable<string> {
  return records.length > SINGLY_MAX
    ? updatesTogether(update, records, options)
    : records.flatMap((record) => updateOf(update, record))
}

function updateOf<Of>({ table, key, rowOf, assigned, compared }: RowUpdate<Of>, record: Of): readonly string[] {
  const row = rowOf(record)
  const assignments = assigned.map((column) => `t.${column} = ${literal(row[column]!)}`)
  const isAsBefore = compared.map((column) => `t.${column} <=> ${literal(row[`before_${column}`]!)}`)
  const conditions = [`t.${key} = ${literal(row[key]!)}`, ...isAsBefore]
  return finding(`UPDATE ${table} t ${BY_KEY} SET ${assignments.join(', ')} WHERE ${conditions.join(' AND ')}`, 1)
}

function* updatesTogether<Of>(
  update: RowUpdate<Of>,
  records: readonly Of[],
  { flavour, chunking }: RowsOptions,
): Iterable<string> {
  const { table, key, columns, assigned, compared } = update
  const assignments = assigned.map((column) => `t.${column} = v.${column}`)
  const isAsBefore = compared.map((column) => `t.${column} <=> v.before_${column}`)
  for (const chunk of chunking(textsOf(update, records))) {
    const sql = `UPDATE ${valuesTable(flavour, columns, chunk)} STRAIGHT_JOIN ${table} t ${BY_KEY} ON t.${key} = v.${key}
      SET ${assignments.join(', ')} WHERE ${isAsBefore.join(' AND ')}`
    yield* finding(sql, chunk.length)
  }
}

/** An update, and the guard that it changed this number of rows. */
function finding(sql: string, rowCount: number): readonly string[] {
  return [sql, guard(`ROW_COUNT() = ${rowCount}`)]
}

/**
 * For each hold, that the row before its first change here is there: its freeze or charge, or the change before.
 *
 * Measured for 250 freezes, ms in a batch that takes 8 / 12, MariaDB 10.11 / MySQL 9.7: 0.53 / 0.63. A table of values in place of the
 * list 0.50 / 0.59, an INSERT … SELECT of the changes joined with the freezes 0.75 / 0.92, a foreign key 0.22 / 0.53.
 */
function* areContinued(holdsContinued: readonly HoldChange[], chunking: Chunking): Iterable<string> {
  const places = holdsContinued.map(({ after }) => [after.seq, after.changes - 1] as const)
  const freezes = places.filter(([, before]) => before === 0).map(([seq]) => literal(seq))
  const changes = places.filter(([, before]) => before > 0).map((place) => `(${literals(place)})`)
  if (freezes.length > 0) {
    for (const chunk of chunking(freezes)) {
      const count = `SELECT COUNT(*) FROM requests ${BY_KEY} WHERE seq IN (${chunk.join(',')}) AND kind IN ('freeze','charge')`
      yield guard(`(${count}) = ${chunk.length}`)
    }
  }
  if (changes.length > 0) {
    for (const chunk of chunking(changes)) {
      // With COUNT(*), the key has all that the query needs, and the servers read all of it in a table that they believe to be small.
      const count = `SELECT COUNT(at) FROM hold_changes ${BY_KEY} WHERE (hold_seq, number) IN (${chunk.join(',')})`
      yield guard(`(${count}) = ${chunk.length}`)
    }
  }
}

/** Assets are rare and few. */
function* assetWrites(assets: readonly Asset[]): Iterable<string> {
  const onDuplicate = 'ON DUPLICATE KEY UPDATE name = IF(decimals = VALUES(decimals), VALUES(name), name)'
  yield* inserts(ASSET, assets, TOGETHER, onDuplicate)
  if (assets.length === 0) return
  const same = assets.map(
    ({ code, decimals, createdAt }) =>
      `code = ${literal(code)} AND decimals = ${literal(decimals)} AND created_at = ${literal(createdAt)}`,
  )
  yield guard(`(SELECT COUNT(*) FROM assets WHERE ${same.join(' OR ')}) = ${assets.length}`)
}

function* areDeclared(housesUsed: readonly AccountName[]): Iterable<string> {
  if (housesUsed.length === 0) return
  const count = `SELECT COUNT(*) FROM house_accounts ${BY_KEY} WHERE account IN (${literals(housesUsed)})`
  yield guard(`(${count}) = ${housesUsed.length}`)
}

/** The server reads only the last entry of the pair's range in the primary key. */
function isNewestRate(rate: Rate): string {
  const row = RATE.rowOf(rate)
  const isSame = RATE_CONTENTS.map((column) => `${column} = ${literal(row[column])}`).join(' AND ')
  const pair = `from_asset = ${literal(rate.from)} AND to_asset = ${literal(rate.to)}`
  return guard(`(SELECT ${isSame} FROM rates WHERE ${pair} ORDER BY version DESC LIMIT 1)`)
}

/**
 * Rows as a table `v`, first in a STRAIGHT_JOIN, so that the stored rows are found by key, in this order.
 *
 * Measured for 100 balances in one statement, ms, MariaDB 10.11 / MySQL 9.7: VALUES 0.7 / 1.2, JSON_TABLE 0.8 / 1.5, UNION ALL 0.9 / 1.4,
 * INSERT … ON DUPLICATE KEY UPDATE without the comparison 0.6 / 1.2, one UPDATE per row 1.8 / 8.0.
 */
function valuesTable(flavour: Flavour, columns: readonly string[], rows: readonly string[]): string {
  const names = columns.join(',')
  return flavour === 'mysql'
    ? `(VALUES ROW(${rows.join('),ROW(')})) AS v (${names})`
    : `(WITH w (${names}) AS (VALUES (${rows.join('),(')})) SELECT * FROM w) v`
}
