/**
 * The hot path's statements.
 *
 * A commit is one text: changes of balances, inserts, changes of holds, each change followed by its guard. The server stops at
 * the first statement that fails, so COMMIT is reached only when every guard held, without asking the client in between. What
 * stands around them is in transactions.ts.
 *
 * Balances come first, as in `exclusive`, which locks them before anything else: all writers then queue for a balance before
 * they hold anything else of it. With the postings first, a commit held the next posting's key and waited for the balance
 * while an exclusive held the balance and waited for the key; InnoDB broke that deadlock, always to the cost of the second,
 * until it had no attempts left. A process commits through one connection, so holding the row from the start costs it nothing.
 *
 * Why the text needs its guards, and what they prove:
 *
 * 1. The primary key of postings, (balance, version), stops most stale writers: where a balance went from the version that
 *    the writer saw to a later one, the posting of the next version is there already, because law 3 leaves no gaps.
 * 2. It does not stop all of them. A batch may be decided on rows that an earlier batch of the same engine was still
 *    committing. When that one fails, the versions that this one starts from never came to be: its postings are beyond the
 *    last one, meet nobody, and would leave a gap.
 *    Or another process made versions of the same numbers, with other amounts.
 * 3. Therefore `UPDATE … WHERE version = … AND available = …` is followed by a guard that fails unless it found as many rows as it has.
 *    Each of its rows names one balance by primary key, so as many rows found as named means that each balance was there as it
 *    was decided on. The rows stay locked until COMMIT, so that is still true then. With 1 as many postings as the
 *    version grew were inserted, so law 3 holds again.
 * 4. A new balance is an insert: its primary key (the id) and its unique name both stop a second one.
 * 5. A hold that ended or had a step between is a hold whose balance moved. Still 3 does not always find it, because the batch may
 *    rest on a remembered hold beside a balance that was just read. So the changes of holds ask for the state and the number of
 *    steps that they were decided on, and the guard behind each counts the rows. A step's number is a key as well.
 * 6. An asset that exists keeps its decimals; the guard behind the upsert reads them under the lock that the upsert took.
 *
 * 7. A rate that the batch rests on must be the newest of its pair. Nothing is locked for it: a rate that is declared while the
 *    commit is under way comes after it. It is looked at before a rate of the same batch follows it.
 *
 * The guard is SET, because MariaDB's DO swallows errors, and a SELECT would cost a result set. The subquery of two rows is
 * evaluated only where IF comes to it.
 */
import type { Asset } from '../../domain/asset.ts'
import type { BalanceName } from '../../domain/balance.ts'
import type { HoldRecord } from '../../domain/hold.ts'
import { isHouse, type AssetCode, type RequestId } from '../../domain/ids.ts'
import type { Rate, RatePair } from '../../domain/rate.ts'
import type { AccountChange, BalanceChange, Changes } from '../../domain/changes.ts'
import {
  BALANCE_CHANGE_COLUMNS,
  BALANCE_COLUMNS,
  balanceChangeValues,
  balanceValues,
  ENTRY_COLUMNS,
  entryValues,
  HOLD_CHANGE_COLUMNS,
  HOLD_COLUMNS,
  holdChangeValues,
  holdValues,
  metadataText,
  POSTING_COLUMNS,
  postingValues,
  type SqlValue,
} from '../sql/rows.ts'
import {
  HOLD_STEP_COLUMNS,
  HOLD_STEPPED_ASSIGNED,
  HOLD_STEPPED_COLUMNS,
  holdSteppedValues,
  holdStepValues,
  requestWrites,
  STEP_ENTRY_COLUMNS,
  stepEntryValues,
  STEPPED_HOLD_COLUMNS,
  steppedHoldValues,
} from '../sql/steps.ts'
import { RATE_COLUMNS, rateValues } from '../sql/rates.ts'
import { literal, literals } from './literals.ts'
import { inLockOrder } from './lock-order.ts'
import type { Flavour } from './server.ts'

/** How the rows of one statement are divided when all of them would be too long for one text. */
export type Chunking = (rows: readonly string[]) => Iterable<readonly string[]>

const TOGETHER: Chunking = (rows) => [rows]

/**
 * Rows that are updated by a statement each. A table of values costs a statement more than a row more does: with this, freeze and
 * settle in one commit took MariaDB 0.58 ms in place of 0.82 and MySQL 1.22 in place of 1.44; for four holds it was the same either way.
 */
const SINGLY_MAX = 2

/** The statements that write `changes`, and their guards, in their order; none when there is nothing to write. */
export function writesOf(changes: Changes, flavour: Flavour, chunking: Chunking = TOGETHER): readonly string[] {
  const { holdSteps, postings, balances, assets, accounts, rates, ratesUsed } = inLockOrder(changes)
  const { holdsOpened, holdsOpenedStepped, entries, stepEntries, holdsChanged, holdsStepped } = requestWrites(changes)
  const added = balances.filter(isNew)
  const changed = balances.filter((change) => !isNew(change))
  return [
    ...ratesUsed.map(isNewestRate),
    ...balanceChanges(flavour, changed, chunking),
    ...inserts('balances', BALANCE_COLUMNS, textsOf(added, newBalanceValues), chunking),
    ...inserts('requests', HOLD_COLUMNS, textsOf(holdsOpened, OPENED), chunking),
    ...inserts('requests', STEPPED_HOLD_COLUMNS, textsOf(holdsOpenedStepped, OPENED_STEPPED), chunking),
    ...inserts('requests', ENTRY_COLUMNS, textsOf(entries, entryValues), chunking),
    ...inserts('requests', STEP_ENTRY_COLUMNS, textsOf(stepEntries, stepEntryValues), chunking),
    ...inserts('hold_steps', HOLD_STEP_COLUMNS, textsOf(holdSteps, holdStepValues), chunking),
    ...inserts('postings', POSTING_COLUMNS, textsOf(postings, postingValues), chunking),
    ...holdEnds(flavour, holdsChanged, chunking),
    ...holdChanges(STEPPING, flavour, textsOf(holdsStepped, STEPPED), chunking),
    ...assetWrites(assets),
    ...accountWrites(textsOf(accounts, accountValues), chunking),
    ...inserts('rates', RATE_COLUMNS, textsOf(rates, rateValues), chunking),
  ]
}

/** Each record as `1,'a',NULL`. */
function textsOf<Of>(records: readonly Of[], valuesOf: (record: Of) => readonly SqlValue[]): readonly string[] {
  return records.map((record) => literals(valuesOf(record)))
}

/** What a hold's end fills in, see the table. */
const FILLED_IN: ReadonlySet<string> = new Set([
  'ended_at',
  'end_fingerprint',
  'ended_version',
  'payee_balance_id',
  'payee_version',
])

/** The values of holds with 0 in place of what is not filled in yet. */
function filled<Of>(
  columns: readonly string[],
  valuesOf: (record: Of) => SqlValue[],
): (record: Of) => readonly SqlValue[] {
  const places = columns.flatMap((column, place) => (FILLED_IN.has(column) ? [place] : []))
  return (record) => {
    const values = valuesOf(record)
    for (const place of places) values[place] ??= 0
    return values
  }
}

const OPENED = filled(HOLD_COLUMNS, holdValues)
const OPENED_STEPPED = filled(STEPPED_HOLD_COLUMNS, steppedHoldValues)
const ENDED = filled(HOLD_CHANGE_COLUMNS, holdChangeValues)
const STEPPED = filled(HOLD_STEPPED_COLUMNS, holdSteppedValues)

function accountValues({ account, metadata }: AccountChange): readonly SqlValue[] {
  return [account, metadataText(metadata)]
}

function newBalanceValues({ after }: BalanceChange): readonly SqlValue[] {
  return balanceValues(after)
}

function isNew({ before }: BalanceChange): boolean {
  return before.version === 0
}

function* inserts(
  table: string,
  columns: readonly string[],
  rows: readonly string[],
  chunking: Chunking,
): Iterable<string> {
  if (rows.length === 0) return
  for (const chunk of chunking(rows)) {
    yield `INSERT INTO ${table} (${columns.join(',')}) VALUES (${chunk.join('),(')})`
  }
}

/** One way of changing holds: the columns of its rows, those of them that are assigned, and how a hold must still be. */
interface HoldUpdate {
  readonly columns: readonly string[]
  readonly assigned: readonly string[]
  readonly isAsBefore: string
}

const ENDING: HoldUpdate = {
  columns: HOLD_CHANGE_COLUMNS,
  assigned: HOLD_CHANGE_COLUMNS.slice(0, -1),
  isAsBefore: `r.state = 'open' AND r.steps IS NULL`,
}

const STEPPING: HoldUpdate = {
  columns: HOLD_STEPPED_COLUMNS,
  assigned: HOLD_STEPPED_ASSIGNED,
  isAsBefore: 'r.state = v.before_state AND COALESCE(r.steps, 0) = v.before_steps',
}

/** The cast keeps the key's own collation in charge: compared as utf8mb4, the primary key would be of no use. */
function* holdChanges(
  { columns, assigned, isAsBefore }: HoldUpdate,
  flavour: Flavour,
  rows: readonly string[],
  chunking: Chunking,
): Iterable<string> {
  if (rows.length === 0) return
  const assignments = assigned.map((column) => `r.${column} = v.${column}`)
  for (const chunk of chunking(rows)) {
    const sql = `UPDATE ${valuesTable(flavour, columns, chunk)}
      STRAIGHT_JOIN requests r ON r.id = CONVERT(v.id USING ascii) COLLATE ascii_bin
      SET ${assignments.join(', ')} WHERE ${isAsBefore}`
    yield* finding(sql, chunk.length)
  }
}

/** An update of each row, where there are few. The index of open holds would be walked through for what the key finds at once. */
function* holdEnds(flavour: Flavour, holds: readonly HoldRecord[], chunking: Chunking): Iterable<string> {
  if (holds.length > SINGLY_MAX) {
    yield* holdChanges(ENDING, flavour, textsOf(holds, ENDED), chunking)
    return
  }
  for (const hold of holds) {
    const values = ENDED(hold)
    const assignments = ENDING.assigned.map((column, place) => `${column} = ${literal(values[place]!)}`)
    const sql = `UPDATE requests r FORCE INDEX (PRIMARY) SET ${assignments.join(', ')}
      WHERE r.id = ${literal(hold.id)} AND ${ENDING.isAsBefore}`
    yield* finding(sql, 1)
  }
}

function* balanceChanges(flavour: Flavour, changes: readonly BalanceChange[], chunking: Chunking): Iterable<string> {
  if (changes.length <= SINGLY_MAX) {
    for (const change of changes) yield* finding(balanceChange(change), 1)
    return
  }
  for (const chunk of chunking(textsOf(changes, balanceChangeValues))) {
    const sql = `UPDATE ${valuesTable(flavour, BALANCE_CHANGE_COLUMNS, chunk)}
      STRAIGHT_JOIN balances b ON b.id = v.id
      SET b.available = v.available, b.held = v.held, b.floor = v.floor, b.version = v.version
      WHERE b.version = v.before_version AND b.available = v.before_available AND b.held = v.before_held
        AND b.floor <=> v.before_floor`
    yield* finding(sql, chunk.length)
  }
}

function balanceChange(change: BalanceChange): string {
  const [available, held, floor, version, id, ...before] = balanceChangeValues(change).map(literal)
  const [beforeVersion, beforeAvailable, beforeHeld, beforeFloor] = before
  return `UPDATE balances SET available = ${available}, held = ${held}, floor = ${floor}, version = ${version}
    WHERE id = ${id} AND version = ${beforeVersion} AND available = ${beforeAvailable} AND held = ${beforeHeld}
      AND floor <=> ${beforeFloor}`
}

/** An update, and the guard that it found as many rows. */
function* finding(sql: string, rowCount: number): Iterable<string> {
  yield sql
  yield guard(`ROW_COUNT() = ${rowCount}`)
}

/** Rare and few. */
function* assetWrites(assets: readonly Asset[]): Iterable<string> {
  if (assets.length === 0) return
  const rows = assets.map(({ code, decimals, name, createdAt }) => `(${literals([code, decimals, name, createdAt])})`)
  yield `INSERT INTO assets (code, decimals, name, created_at) VALUES ${rows.join(',')}
    ON DUPLICATE KEY UPDATE name = IF(decimals = VALUES(decimals), VALUES(name), name)`
  const same = assets.map(
    ({ code, decimals, createdAt }) =>
      `code = ${literal(code)} AND decimals = ${literal(decimals)} AND created_at = ${literal(createdAt)}`,
  )
  yield guard(`(SELECT COUNT(*) FROM assets WHERE ${same.join(' OR ')}) = ${assets.length}`)
}

/** The server takes the last entry of the pair's range in the primary key, and reads no other. */
function isNewestRate({ from, to, version }: Rate): string {
  return guard(
    `(SELECT MAX(version) FROM rates WHERE from_asset = ${literal(from)} AND to_asset = ${literal(to)}) = ${literal(version)}`,
  )
}

function* accountWrites(rows: readonly string[], chunking: Chunking): Iterable<string> {
  if (rows.length === 0) return
  for (const chunk of chunking(rows)) {
    yield `INSERT INTO accounts (account, metadata) VALUES (${chunk.join('),(')})
      ON DUPLICATE KEY UPDATE metadata = VALUES(metadata)`
  }
}

/** Fails with errno 1242 unless the condition is true. ROW_COUNT() is that of the statement before. */
function guard(condition: string): string {
  return `SET @holdfast_guard = IF(${condition}, 0, (SELECT 1 UNION ALL SELECT 2))`
}

/**
 * Rows as a table `v`, first in a STRAIGHT_JOIN, so that the rows are found by key, in this order.
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

/** By primary key, whatever the statistics say of a table that has just been filled. */
export function selectRequests(ids: Iterable<RequestId>): string {
  return `SELECT r.*, b.account, b.asset FROM requests r FORCE INDEX (PRIMARY)
    LEFT JOIN balances b ON b.id = r.balance_id WHERE r.id IN (${literals([...ids])})`
}

export function selectBalances(names: readonly BalanceName[]): string {
  const keys = names.map(({ account, asset, stripe }) => `(${literals([account, asset, stripe])})`)
  return `SELECT * FROM balances FORCE INDEX (balances_name) WHERE (account, asset, stripe) IN (${keys.join(',')})`
}

/**
 * Locks the rows of these balances in the order of lock-order.ts: a range scan walks its index upwards, people first and
 * house accounts after them. That it is one is what FORCE INDEX and the connection's `mrr=off` are for. A name without a row
 * locks nothing, because READ COMMITTED takes no gap locks; whoever inserts it second meets the unique key.
 *
 * Measured for 2, 20, 200 and 1,000 names, ms on a busy machine, MariaDB 10.11 / MySQL 9.7: this 0.6 / 0.5, 1.5 / 0.8,
 * 3.1 / 3.9, 13 / 16; one SELECT by key each, with UNION ALL between them, 0.7 / 0.6, 1.4 / 1.4, 14 / 19, 53 / 168.
 */
export function lockBalances(names: readonly BalanceName[]): readonly string[] {
  const people = names.filter(({ account }) => !isHouse(account))
  const houses = names.filter(({ account }) => isHouse(account))
  return [people, houses].filter((some) => some.length > 0).map((some) => `${selectBalances(some)} FOR UPDATE`)
}

export function selectAssets(codes: Iterable<AssetCode>): string {
  return `SELECT * FROM assets WHERE code IN (${literals([...codes])})`
}

/** The newest rate of each pair. */
export function selectRates(pairs: Iterable<RatePair>): string {
  const newest = [...pairs].map(
    ({ from, to }) =>
      `(SELECT * FROM rates WHERE from_asset = ${literal(from)} AND to_asset = ${literal(to)} ORDER BY version DESC LIMIT 1)`,
  )
  return newest.join(' UNION ALL ')
}

export function selectPostings(keys: readonly (readonly [balanceId: number, version: number])[]): string {
  return `SELECT p.*, b.account, b.asset, b.stripe FROM postings p FORCE INDEX (PRIMARY)
    STRAIGHT_JOIN balances b ON b.id = p.balance_id
    WHERE (p.balance_id, p.version) IN (${keys.map((key) => `(${literals(key)})`).join(',')})`
}
