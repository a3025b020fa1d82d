/**
 * A commit as one statement, which is its own transaction: everything or nothing, in one round trip.
 *
 * Data-modifying CTEs in plain SQL, with a column of values per parameter. A PL/pgSQL function with the same parts took the server the
 * same time (22 to 25 µs per command against 21 to 25, with wider rows and on a busy machine), and would tie the code to the version of
 * the function that is installed in the database.
 *
 * Measured, freezes and settles of one user by the hundred, server time per command:
 *
 *   columns as text arrays                       9.0 µs
 *   text, columns of one value sent once         8.1 µs
 *   columns as binary arrays                     7.7 µs
 *   binary, columns of one value sent once       7.5 µs   ◀ this one, which also sends the least
 *
 * Balances come first, as in `exclusive`: PostgreSQL runs the parts that the outer SELECT reads before the others, and the SELECT reads
 * the guard of the balances first. So a stale writer fails before it has inserted rows, which would remain as dead rows; and two
 * commits, or a commit and an `exclusive`, never wait for each other in a circle, which the server needs `deadlock_timeout`, a second, to
 * detect. Locked last, a hot balance would not be free earlier: the key of its run makes the next writer wait just as long. If a server
 * runs the parts in another order, the result is the same.
 */
import type { QueryConfig } from 'pg'
import type { BalanceRecord } from '../../domain/balance.ts'
import type { Changes, HoldChange } from '../../domain/changes.ts'
import { ACCOUNT } from '../sql/account-row.ts'
import { ASSET } from '../sql/asset-row.ts'
import { BALANCE_CHANGED, BALANCE_OPENED } from '../sql/balance-row.ts'
import { CHARGE, ENTRY, STEP_ENTRY, type PlacedEntry } from '../sql/entry-row.ts'
import { COMMITTED } from '../sql/feed-row.ts'
import { HOLD_ENDED, HOLD_OPENED, HOLD_STEPPED } from '../sql/hold-row.ts'
import { HOUSE, HOUSE_USED } from '../sql/house-row.ts'
import { RATE, RATE_CONTENTS } from '../sql/rate-row.ts'
import { rowKind, type RowColumns, type RowKind, type RowUpdate } from '../sql/row-kind.ts'
import { RUN } from '../sql/run-row.ts'
import { STANDING_CHANGED, STANDING_NEW } from '../sql/standing-row.ts'
import { writesOf, type Writes } from '../sql/writes.ts'
import { addColumns, typeOf } from './columns.ts'
import type { OldLock } from './old-rows.ts'

interface Part {
  readonly kind: RowColumns
  /** Adds the parameters of its rows. Returns how many rows it has. */
  readonly add: (writes: Writes, parameters: unknown[]) => number
  /** The statement over `source`, a SELECT of the columns. */
  readonly sql: (source: string) => string
  /** The name under which its written rows are counted; null when no row can be left out. */
  readonly guard: string | null
}

/** @param recordsOf in the same order for every writer, so that two writers wait for each other's keys in one direction only */
function part<Of>(
  kind: RowKind<Of>,
  recordsOf: (writes: Writes) => readonly Of[],
  { sql, guard = null }: { readonly sql: Part['sql']; readonly guard?: string | null },
): Part {
  const add: Part['add'] = (writes, parameters) => {
    const records = recordsOf(writes)
    if (records.length > 0) addColumns(parameters, kind, records)
    return records.length
  }
  return { kind, add, sql, guard }
}

function insert<Of>(
  name: string,
  kind: RowKind<Of>,
  recordsOf: (writes: Writes) => readonly Of[],
  onConflict = '',
): Part {
  const into = `INSERT INTO ${kind.table} AS t (${kind.columns.join(', ')})`
  return part(kind, recordsOf, { sql: (source) => `${name} AS (${into} ${source} ${onConflict})` })
}

function update<Of>(name: string, kind: RowUpdate<Of>, recordsOf: (writes: Writes) => readonly Of[]): Part {
  const { table, key, assigned, compared } = kind
  const assignments = assigned.map((column) => `${column} = c.${column}`)
  const conditions = compared.map((column) => `t.${column} IS NOT DISTINCT FROM c.before_${column}`)
  const sql = (source: string): string => `${name} AS (
    UPDATE ${table} AS t SET ${assignments.join(', ')}
    FROM (${source}) c ${placeIn(table, key)} AND ${conditions.join(' AND ')} RETURNING 1)`
  return part(kind, recordsOf, { sql, guard: name })
}

/** The key of a hold's change. */
const HOLD_CHANGE_KEY = rowKind(
  'hold_changes',
  ({ after }: HoldChange) => ({ hold_seq: after.seq, number: after.changes }),
  HOLD_ENDED.sample,
)

/** In the order in which their guards are read. */
const PARTS: readonly Part[] = [
  update('moved', BALANCE_CHANGED, ({ balancesChanged }) => balancesChanged.toSorted(byBalanceId)),
  update('restood', STANDING_CHANGED, ({ standingsChanged }) => standingsChanged),
  part(HOLD_CHANGE_KEY, ({ holdsContinued }) => holdsContinued, {
    // Subqueries of one value are always look-ups; the planner could replace EXISTS by a scan.
    sql: (source) => `continued AS (
      SELECT 1 FROM (${source}) c WHERE CASE c.number
        WHEN 1 THEN (SELECT r.kind IN ('freeze', 'charge') FROM requests r WHERE r.seq = c.hold_seq)
        ELSE (SELECT true FROM hold_changes p WHERE p.hold_seq = c.hold_seq AND p.number = c.number - 1) END)`,
    guard: 'continued',
  }),
  part(ASSET, ({ assets }) => assets.toSorted((left, right) => compare(left.code, right.code)), {
    sql: (source) => `declared AS (
      INSERT INTO assets AS t (${ASSET.columns.join(', ')}) ${source}
      ON CONFLICT (code) DO UPDATE SET name = excluded.name
      WHERE t.decimals = excluded.decimals AND t.created_at = excluded.created_at RETURNING 1)`,
    guard: 'declared',
  }),
  part(RATE, ({ ratesUsed }) => ratesUsed, {
    // Sees the rates as they were before this statement, without those that it declares itself.
    sql: (source) => `rated AS (
      SELECT 1 FROM (${source}) c WHERE (
        SELECT ${RATE_CONTENTS.map((column) => `r.${column} = c.${column}`).join(' AND ')} FROM rates r
        WHERE r.from_asset = c.from_asset AND r.to_asset = c.to_asset ORDER BY r.version DESC LIMIT 1))`,
    guard: 'rated',
  }),
  part(HOUSE_USED, ({ housesUsed }) => housesUsed, {
    sql: (source) => `housed AS (
      SELECT 1 FROM (${source}) c WHERE (SELECT true FROM house_accounts h WHERE h.account = c.account))`,
    guard: 'housed',
  }),
  insert('housing', HOUSE, ({ houses }) => houses.toSorted((left, right) => compare(left.account, right.account))),
  insert('offered', RATE, ({ rates }) => rates),
  insert(
    'named',
    ACCOUNT,
    ({ accounts }) => accounts.toSorted((left, right) => compare(left.account, right.account)),
    'ON CONFLICT (account) DO UPDATE SET metadata = excluded.metadata',
  ),
  insert('stood', STANDING_NEW, ({ standingsNew }) => standingsNew),
  insert('appeared', BALANCE_OPENED, ({ balancesOpened }) => balancesOpened.toSorted(byName)),
  insert('opened', HOLD_OPENED, ({ holdsOpened }) => holdsOpened.toSorted(byId)),
  insert('entered', ENTRY, ({ entries }) => entries.toSorted(byEntryId)),
  insert('charged', CHARGE, ({ charges }) => charges.toSorted((left, right) => byId(left.charge, right.charge))),
  insert('entered_steps', STEP_ENTRY, ({ stepEntries }) => stepEntries.toSorted(byEntryId)),
  // The lock of its balance guards the rows of a hold, and those of the journal: here no two writers wait for each other.
  insert('ended', HOLD_ENDED, ({ holdsEnded }) => holdsEnded),
  insert('stepped', HOLD_STEPPED, ({ holdsStepped }) => holdsStepped),
  insert('posted', RUN, ({ runs }) => runs),
  // Numbered when its balances are locked: a commit that rests on this one gets a later number.
  insert('noted', COMMITTED, ({ commits }) => commits),
]

/** Texts by their names, so that each is prepared once per connection. */
const texts = new Map<string, string>()

/**
 * `changes`, which are not empty, as one statement. A failed guard divides by zero, so that nothing is written.
 *
 * @param lock the old rows that are locked before anything else, where a bridge joins some; null: none
 */
export function writeStatement(changes: Changes, lock: OldLock | null = null): QueryConfig<unknown[]> {
  const values: unknown[] = []
  const counts: number[] = []
  const writes = writesOf(changes)
  let parts = 0
  for (const [index, part] of PARTS.entries()) {
    const count = part.add(writes, values)
    if (count === 0) continue
    parts |= 1 << index
    if (part.guard !== null) counts.push(count)
  }
  const name = `${WRITE_NAME}${parts}${lock === null ? '' : `_${lock.name}`}`
  let text = texts.get(name)
  if (text === undefined) {
    text = writeText(
      PARTS.filter((_, index) => (parts & (1 << index)) !== 0),
      lock,
    )
    texts.set(name, text)
  }
  return { name, text, values: [...values, ...counts, ...(lock?.parameters ?? [])] }
}

/** How the names of prepared writes begin. */
export const WRITE_NAME = 'holdfast_write_'

function writeText(parts: readonly Part[], lock: OldLock | null): string {
  let parameters = 0
  const statements = parts.map((part) => {
    const arrays: string[] = []
    const columns = part.kind.columns.map((column) => {
      const type = typeOf(part.kind, column)
      arrays.push(`unnest($${++parameters}::${type}[]) AS ${column}`)
      return `COALESCE(u.${column}, $${++parameters}::${type}) AS ${column}`
    })
    return part.sql(`SELECT ${columns.join(', ')} FROM (SELECT ${arrays.join(', ')}) u`)
  })
  const guards = parts
    .filter(({ guard }) => guard !== null)
    .map(({ guard }) => `WHEN (SELECT count(*) FROM ${guard}) <> $${++parameters}::bigint THEN 0`)
  if (lock !== null) {
    // Read before the guards, and so run before all other parts. It is no guard: a row that is missing is the triggers' business.
    statements.unshift(`bridged AS MATERIALIZED (${lock.sql(parameters + 1)})`)
    guards.unshift('WHEN (SELECT count(*) FROM bridged) < 0 THEN 0')
  }
  const passed = guards.length === 0 ? '1' : `1 / CASE ${guards.join(' ')} ELSE 1 END`
  return `WITH ${statements.join(', ')} SELECT ${passed}`
}

/**
 * Joins the target `t` to the rows `c` by the place of each stored row. For a plain join on the key the planner chooses a plan once per
 * connection, perhaps while the tables are small, and that plan can be very slow after they have grown. Here it has no choice: the
 * subquery is a look-up in the primary key for every row, in their order. It took the server no longer than the join.
 */
function placeIn(table: string, key: string): string {
  return `CROSS JOIN LATERAL (SELECT ctid AS place FROM ${table} WHERE ${key} = c.${key} OFFSET 0) k WHERE t.ctid = k.place`
}

function byBalanceId(left: Changes['balances'][number], right: Changes['balances'][number]): number {
  return left.after.id - right.after.id
}

function byName(left: BalanceRecord, right: BalanceRecord): number {
  return compare(left.account, right.account) || compare(left.asset, right.asset) || left.stripe - right.stripe
}

function byId(left: { readonly id: string }, right: { readonly id: string }): number {
  return compare(left.id, right.id)
}

function byEntryId(left: PlacedEntry, right: PlacedEntry): number {
  return byId(left.entry, right.entry)
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
