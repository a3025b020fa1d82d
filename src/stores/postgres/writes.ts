/**
 * A commit as one statement, which is its own transaction: everything or nothing, in one round trip.
 *
 * Data-modifying CTEs in plain SQL, with a column of values per parameter. A PL/pgSQL function with the same parts took the server the
 * same time (22 to 25 µs per command against 21 to 25, on a busy machine), and would tie the code to the version of the function that is
 * installed in the database.
 *
 * Measured, freeze and settle in turn, server time per command and commands per second by the hundred, durable:
 *
 *   columns as text arrays                       20 µs   22,700
 *   the same in binary                           20 µs   24,900
 *   text, columns of one value sent once         17 µs   41,300
 *   binary, columns of one value sent once       16 µs   46,800   ◀ this one
 *
 * Balances come first, as in `exclusive`: PostgreSQL runs the parts that the outer SELECT reads before the others, and the SELECT reads
 * the guard of the balances before that of the holds. So a stale writer fails before it has inserted rows, which would remain as dead
 * rows; and two commits, or a commit and an `exclusive`, never wait for each other in a circle, which the server needs
 * `deadlock_timeout`, a second, to detect. Locked last, a hot balance would not be free earlier: the keys of its postings make the next
 * writer wait just as long. If a server runs the parts in another order, the result is the same.
 */
import type { QueryConfig } from 'pg'
import type { BalanceRecord } from '../../domain/balance.ts'
import type { Changes } from '../../domain/changes.ts'
import { ACCOUNT } from '../sql/account-row.ts'
import { ASSET } from '../sql/asset-row.ts'
import { BALANCE_CHANGED, BALANCE_OPENED } from '../sql/balance-row.ts'
import { ENTRY, HOLD_STEP, STEP_ENTRY } from '../sql/entry-row.ts'
import { HOLD_CHANGED, HOLD_ENDED, HOLD_OPENED, HOLD_OPENED_STEPPED } from '../sql/hold-row.ts'
import { POSTING } from '../sql/posting-row.ts'
import { RATE, RATE_USED } from '../sql/rate-row.ts'
import type { RowKind, RowUpdate } from '../sql/row-kind.ts'
import { writesOf, type Writes } from '../sql/writes.ts'
import type { ElementType } from './arrays.ts'
import { addColumns } from './columns.ts'

interface Part {
  readonly columns: readonly string[]
  /** The columns of text; the others have whole numbers. */
  readonly texts: ReadonlySet<string>
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
  return { columns: kind.columns, texts: kind.texts, add, sql, guard }
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

/** @param condition on the row `t` besides the compared columns */
function update<Of>(
  name: string,
  kind: RowUpdate<Of>,
  recordsOf: (writes: Writes) => readonly Of[],
  condition: string | null = null,
): Part {
  const { table, assigned, compared } = kind
  const assignments = assigned.map((column) => `${column} = c.${column}`)
  const isAsBefore = compared.map((column) => `t.${column} IS NOT DISTINCT FROM c.before_${column}`)
  const conditions = condition === null ? isAsBefore : [...isAsBefore, condition]
  const sql = (source: string): string => `${name} AS (
    UPDATE ${table} AS t SET ${assignments.join(', ')}
    FROM (${source}) c ${placeIn(table)} AND ${conditions.join(' AND ')} RETURNING 1)`
  return part(kind, recordsOf, { sql, guard: name })
}

/** In the order in which their guards are read. */
const PARTS: readonly Part[] = [
  update('moved', BALANCE_CHANGED, ({ balancesChanged }) => balancesChanged.toSorted(byBalanceId)),
  // "ended_at IS NULL" says the same as "state = 'open'", but the planner does not try the index of open holds on it.
  update('ended', HOLD_ENDED, ({ holdsChanged }) => holdsChanged, 't.ended_at IS NULL AND t.steps IS NULL'),
  update('stepped', HOLD_CHANGED, ({ holdsStepped }) =>
    holdsStepped.toSorted((left, right) => compare(left.after.id, right.after.id)),
  ),
  part(ASSET, ({ assets }) => assets.toSorted((left, right) => compare(left.code, right.code)), {
    sql: (source) => `declared AS (
      INSERT INTO assets AS t (${ASSET.columns.join(', ')}) ${source}
      ON CONFLICT (code) DO UPDATE SET name = excluded.name
      WHERE t.decimals = excluded.decimals AND t.created_at = excluded.created_at RETURNING 1)`,
    guard: 'declared',
  }),
  part(RATE_USED, ({ ratesUsed }) => ratesUsed, {
    // Sees the rates as they were before this statement, without those that it declares itself.
    sql: (source) => `rated AS (
      SELECT 1 FROM (${source}) c WHERE c.version = (
        SELECT max(r.version) FROM rates r WHERE r.from_asset = c.from_asset AND r.to_asset = c.to_asset))`,
    guard: 'rated',
  }),
  insert('offered', RATE, ({ rates }) => rates),
  insert(
    'named',
    ACCOUNT,
    ({ accounts }) => accounts.toSorted((left, right) => compare(left.account, right.account)),
    'ON CONFLICT (account) DO UPDATE SET metadata = excluded.metadata',
  ),
  insert('appeared', BALANCE_OPENED, ({ balancesOpened }) => balancesOpened.toSorted(byName)),
  insert('opened', HOLD_OPENED, ({ holdsOpened }) => holdsOpened.toSorted(byId)),
  insert('entered', ENTRY, ({ entries }) => entries.toSorted(byId)),
  insert('opened_stepped', HOLD_OPENED_STEPPED, ({ holdsOpenedStepped }) => holdsOpenedStepped.toSorted(byId)),
  insert('entered_steps', STEP_ENTRY, ({ stepEntries }) => stepEntries.toSorted(byId)),
  insert('numbered', HOLD_STEP, ({ holdSteps }) =>
    holdSteps.toSorted((left, right) => compare(left.hold, right.hold) || left.number - right.number),
  ),
  insert('posted', POSTING, ({ postings }) => postings),
]

/** Texts by their parts, so that each is prepared once per connection. */
const texts = new Map<number, string>()

/** `changes`, which are not empty, as one statement. A failed guard divides by zero, so that nothing is written. */
export function writeStatement(changes: Changes): QueryConfig<unknown[]> {
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
  let text = texts.get(parts)
  if (text === undefined) {
    text = writeText(PARTS.filter((_, index) => (parts & (1 << index)) !== 0))
    texts.set(parts, text)
  }
  return { name: `${WRITE_NAME}${parts}`, text, values: [...values, ...counts] }
}

/** How the names of prepared writes begin. */
export const WRITE_NAME = 'holdfast_write_'

function writeText(parts: readonly Part[]): string {
  let parameters = 0
  const statements = parts.map((part) => {
    const arrays: string[] = []
    const columns = part.columns.map((column) => {
      const type: ElementType = part.texts.has(column) ? 'text' : 'bigint'
      arrays.push(`unnest($${++parameters}::${type}[]) AS ${column}`)
      return `COALESCE(u.${column}, $${++parameters}::${type}) AS ${column}`
    })
    return part.sql(`SELECT ${columns.join(', ')} FROM (SELECT ${arrays.join(', ')}) u`)
  })
  const guards = parts
    .filter(({ guard }) => guard !== null)
    .map(({ guard }) => `WHEN (SELECT count(*) FROM ${guard}) <> $${++parameters}::bigint THEN 0`)
  const passed = guards.length === 0 ? '1' : `1 / CASE ${guards.join(' ')} ELSE 1 END`
  return `WITH ${statements.join(', ')} SELECT ${passed}`
}

/**
 * Joins the target `t` to the rows `c` by the place of each stored row. For a plain join on the key the planner chooses a plan once per
 * connection, perhaps while the tables are small, and that plan can be very slow after they have grown. Here it has no choice: the
 * subquery is a look-up in the primary key for every row, in their order. It took the server no longer than the join.
 */
function placeIn(table: string): string {
  return `CROSS JOIN LATERAL (SELECT ctid AS place FROM ${table} WHERE id = c.id OFFSET 0) k WHERE t.ctid = k.place`
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

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
