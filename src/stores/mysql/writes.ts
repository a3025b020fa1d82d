/**
 * A commit as one text: changes of balances, inserts, changes of holds, each change followed by its guard. The server stops at the first
 * statement that fails, so it reaches COMMIT only when every guard holds, without a round trip in between. The statements around them
 * are in transactions.ts.
 *
 * Balances come first, as in `exclusive`, which locks them before anything else: all writers queue for a balance before they hold any
 * other lock of it. With the postings first, a commit held the key of the next posting and waited for the balance, while an exclusive
 * held the balance and waited for the key. InnoDB broke that deadlock, always by aborting the second, until it had no attempts left. A
 * process commits through one connection, so locking the row from the start costs it nothing.
 *
 * Why the text needs its guards, and what they prove:
 *
 * 1. The primary key of postings, (balance, version), stops most stale writers: when a balance has moved from the version that the
 *    writer saw, the posting of the next version exists already, because law 3 leaves no gaps.
 * 2. It does not stop all of them. A batch may be decided on rows that an earlier batch of the same engine is still committing. When
 *    that commit fails, the versions that this batch starts from never exist: its postings are beyond the last one, meet no other key,
 *    and would leave a gap. Or another process made versions of the same numbers, with other amounts.
 * 3. So an update of balances compares version, amounts and floor, and is followed by a guard that fails unless it changed all of its
 *    rows. Each row names one balance by primary key, so each balance was as it was decided on. The rows stay locked until COMMIT, so
 *    that is still true then. By 1, as many postings were inserted as the version grew, so law 3 holds again.
 * 4. A new balance is an insert: both its primary key (the id) and its unique name stop a second one.
 * 5. A hold that was ended or had a step in between is a hold whose balance moved. 3 does not always detect it, because the batch may
 *    rest on a remembered hold and a balance that was just read. So the updates of holds compare the state and the number of steps
 *    that they were decided on, and the guard after each counts the rows. A step's number is a key as well.
 * 6. An existing asset keeps its decimals; the guard after the upsert reads them under the lock that the upsert took.
 * 7. A rate that the batch rests on must be the newest of its pair. It is not locked: a rate that is declared during the commit comes
 *    after the commit. It is checked before a rate of the same batch follows it.
 *
 * The guard is SET, because MariaDB's DO swallows errors, and a SELECT would cost a result set. IF evaluates the subquery of two rows
 * only when the condition is false.
 */
import type { Asset } from '../../domain/asset.ts'
import type { Changes } from '../../domain/changes.ts'
import type { Rate } from '../../domain/rate.ts'
import { ACCOUNT } from '../sql/account-row.ts'
import { ASSET } from '../sql/asset-row.ts'
import { BALANCE_CHANGED, BALANCE_OPENED } from '../sql/balance-row.ts'
import { ENTRY, HOLD_STEP, STEP_ENTRY } from '../sql/entry-row.ts'
import { HOLD_CHANGED, HOLD_ENDED, HOLD_OPENED, HOLD_OPENED_STEPPED } from '../sql/hold-row.ts'
import { POSTING } from '../sql/posting-row.ts'
import { RATE } from '../sql/rate-row.ts'
import type { RowKind, RowUpdate } from '../sql/row-kind.ts'
import { writesOf } from '../sql/writes.ts'
import { literal, rowLiterals } from './literals.ts'
import { inLockOrder } from './lock-order.ts'
import type { Flavour } from './server.ts'

/** How the rows of a statement are divided when one text would be too long. */
export type Chunking = (rows: readonly string[]) => Iterable<readonly string[]>

const TOGETHER: Chunking = (rows) => [rows]

/**
 * Up to this number, each row is updated by a statement of its own, because a table of values costs more than a second statement. With
 * this, freeze and settle in one commit took MariaDB 0.58 ms instead of 0.82 and MySQL 1.22 instead of 1.44; for four holds both ways
 * took the same.
 */
const SINGLY_MAX = 2

/** Options of an update. */
interface UpdateOptions {
  readonly flavour: Flavour
  readonly chunking: Chunking
  /** A condition on the row `t` besides the compared columns. */
  readonly condition?: string
}

/** The statements that write `changes`, and their guards, in their order; none when there is nothing to write. */
export function writeStatements(changes: Changes, flavour: Flavour, chunking: Chunking = TOGETHER): readonly string[] {
  const writes = writesOf(inLockOrder(changes))
  const options = { flavour, chunking }
  return [
    ...writes.ratesUsed.map(isNewestRate),
    ...updates(BALANCE_CHANGED, writes.balancesChanged, options),
    ...inserts(BALANCE_OPENED, writes.balancesOpened, chunking),
    ...inserts(HOLD_OPENED, writes.holdsOpened, chunking),
    ...inserts(HOLD_OPENED_STEPPED, writes.holdsOpenedStepped, chunking),
    ...inserts(ENTRY, writes.entries, chunking),
    ...inserts(STEP_ENTRY, writes.stepEntries, chunking),
    ...inserts(HOLD_STEP, writes.holdSteps, chunking),
    ...inserts(POSTING, writes.postings, chunking),
    ...updates(HOLD_ENDED, writes.holdsChanged, { ...options, condition: `t.state = 'open' AND t.steps IS NULL` }),
    ...updatesTogether(HOLD_CHANGED, writes.holdsStepped, options),
    ...assetWrites(writes.assets),
    ...inserts(ACCOUNT, writes.accounts, chunking, 'ON DUPLICATE KEY UPDATE metadata = VALUES(metadata)'),
    ...inserts(RATE, writes.rates, chunking),
  ]
}

/** Each record as `1,'a',NULL`. */
function textsOf<Of>(kind: RowKind<Of>, records: readonly Of[]): readonly string[] {
  return records.map((record) => rowLiterals(kind.rowOf(record, 0)))
}

/** @param onDuplicate what happens to a row whose key is taken; without it the statement fails */
function* inserts<Of>(
  kind: RowKind<Of>,
  records: readonly Of[],
  chunking: Chunking,
  onDuplicate = '',
): Iterable<string> {
  if (records.length === 0) return
  for (const chunk of chunking(textsOf(kind, records))) {
    yield `INSERT INTO ${kind.table} (${kind.columns.join(',')}) VALUES (${chunk.join('),(')}) ${onDuplicate}`
  }
}

function* updates<Of>(update: RowUpdate<Of>, records: readonly Of[], options: UpdateOptions): Iterable<string> {
  if (records.length > SINGLY_MAX) yield* updatesTogether(update, records, options)
  else for (const record of records) yield* updateOf(update, record, options)
}

/** Forces the primary key: the server would scan the index of open holds for a row that the key finds at once. */
function* updateOf<Of>(
  { table, rowOf, assigned, compared }: RowUpdate<Of>,
  record: Of,
  { condition }: UpdateOptions,
): Iterable<string> {
  const row = rowOf(record, 0)
  const assignments = assigned.map((column) => `t.${column} = ${literal(row[column]!)}`)
  const isAsBefore = compared.map((column) => `t.${column} <=> ${literal(row[`before_${column}`]!)}`)
  const conditions = [`t.id = ${literal(row['id']!)}`, ...isAsBefore, ...(condition === undefined ? [] : [condition])]
  yield* finding(
    `UPDATE ${table} t FORCE INDEX (PRIMARY) SET ${assignments.join(', ')} WHERE ${conditions.join(' AND ')}`,
    1,
  )
}

/** The cast keeps the collation of the key: compared as utf8mb4, the primary key could not be used. */
function* updatesTogether<Of>(
  update: RowUpdate<Of>,
  records: readonly Of[],
  { flavour, chunking, condition }: UpdateOptions,
): Iterable<string> {
  if (records.length === 0) return
  const { table, columns, texts, assigned, compared } = update
  const assignments = assigned.map((column) => `t.${column} = v.${column}`)
  const isAsBefore = compared.map((column) => `t.${column} <=> v.before_${column}`)
  const conditions = [...isAsBefore, ...(condition === undefined ? [] : [condition])]
  const id = texts.has('id') ? 'CONVERT(v.id USING ascii) COLLATE ascii_bin' : 'v.id'
  for (const chunk of chunking(textsOf(update, records))) {
    const sql = `UPDATE ${valuesTable(flavour, columns, chunk)} STRAIGHT_JOIN ${table} t ON t.id = ${id}
      SET ${assignments.join(', ')} WHERE ${conditions.join(' AND ')}`
    yield* finding(sql, chunk.length)
  }
}

/** An update, and the guard that it changed this number of rows. */
function* finding(sql: string, rowCount: number): Iterable<string> {
  yield sql
  yield guard(`ROW_COUNT() = ${rowCount}`)
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

/** The server reads only the last entry of the pair's range in the primary key. */
function isNewestRate({ from, to, version }: Rate): string {
  return guard(
    `(SELECT MAX(version) FROM rates WHERE from_asset = ${literal(from)} AND to_asset = ${literal(to)}) = ${literal(version)}`,
  )
}

/** Fails with errno 1242 unless the condition is true. ROW_COUNT() is that of the previous statement. */
function guard(condition: string): string {
  return `SET @holdfast_guard = IF(${condition}, 0, (SELECT 1 UNION ALL SELECT 2))`
}

/**
 * Rows as a table `v`, first in a STRAIGHT_JOIN, so that the stored rows are found by key, in this order.
 *
 * Measured for 200 changes of holds in one statement, median of 30, µs per row on a machine busy with other work, MariaDB
 * 10.11 / MySQL 9.7: VALUES 37 / 67, JSON_TABLE 43 / 70, INSERT … ON DUPLICATE KEY UPDATE 39 / 75, UNION ALL 50 / 107,
 * one UPDATE per row 189 / 345. For 3 rows all but the last are the same within the noise.
 */
function valuesTable(flavour: Flavour, columns: readonly string[], rows: readonly string[]): string {
  const names = columns.join(',')
  return flavour === 'mysql'
    ? `(VALUES ROW(${rows.join('),ROW(')})) AS v (${names})`
    : `(WITH w (${names}) AS (VALUES (${rows.join('),(')})) SELECT * FROM w) v`
}
