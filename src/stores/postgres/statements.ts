/**
 * A commit as one statement, which is its own transaction: everything or nothing, in one round trip.
 *
 * Data-modifying CTEs in plain SQL, with a column of values per parameter. A function in PL/pgSQL with the same parts took the
 * same time of the server (22 to 25 µs per command against 21 to 25, on a busy machine), and would tie the code to what
 * is installed in the database.
 *
 * Measured, freeze and settle in turn, server time per command and commands per second by the hundred, durable:
 *
 *   columns as text arrays                       20 µs   22,700
 *   the same in binary                           20 µs   24,900
 *   text, columns of one value sent once         17 µs   41,300
 *   binary, columns of one value sent once       16 µs   46,800   ◀ this one
 *
 * Balances come first, as in `exclusive`: PostgreSQL runs what the outer SELECT reads before what nobody reads, and the SELECT
 * reads the balances' guard before that of the holds. Whoever is late finds out before it has inserted anything, which
 * would stay behind as dead rows; and two commits, or a commit and an `exclusive`, never wait for each other in a
 * circle, which the server takes `deadlock_timeout`, a second, to notice. Locked last, a hot balance would be free no
 * earlier: the keys of its postings keep the next writer waiting just as long. Should a server run the parts in another
 * order, the result is the same.
 */
import type { QueryConfig } from 'pg'
import type { BalanceRecord } from '../../domain/balance.ts'
import type { Changes } from '../../domain/changes.ts'
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
  type RequestWrites,
  STEP_ENTRY_COLUMNS,
  stepEntryValues,
  STEPPED_HOLD_COLUMNS,
  steppedHoldValues,
} from '../sql/steps.ts'
import { RATE_COLUMNS, RATE_KEY_COLUMNS, rateKeyValues, rateValues } from '../sql/rates.ts'
import { columnArray, type ElementType } from './arrays.ts'

interface Part {
  readonly columns: readonly string[]
  /** Those that are text; the others are whole numbers. */
  readonly texts: ReadonlySet<string>
  /** In an order that is the same for every writer, so that two of them wait for each other's keys in one direction only. */
  readonly rows: (changes: Changes & RequestWrites) => SqlValue[][]
  /** The statement over `source`, a SELECT of the columns. */
  readonly sql: (source: string) => string
  /** How its rows are counted, when fewer may be written than were given. */
  readonly guard: string | null
}

/** In the order in which their guards are read. */
const PARTS: readonly Part[] = [
  {
    columns: BALANCE_CHANGE_COLUMNS,
    texts: new Set(),
    rows: ({ balances }) =>
      balances
        .filter(({ before }) => before.version !== 0)
        .sort(byBalanceId)
        .map(balanceChangeValues),
    sql: (source) => `moved AS (
      UPDATE balances AS t SET available = c.available, held = c.held, floor = c.floor, version = c.version
      FROM (${source}) c ${placeOf('balances')} AND t.version = c.before_version AND t.available = c.before_available
        AND t.held = c.before_held AND t.floor IS NOT DISTINCT FROM c.before_floor RETURNING 1)`,
    guard: 'moved',
  },
  {
    columns: HOLD_CHANGE_COLUMNS,
    texts: new Set(['state', 'id']),
    rows: ({ holdsChanged }) => holdsChanged.map(holdChangeValues),
    // "ended_at IS NULL" says the same as "state = 'open'", but the planner does not try the index of open holds on it.
    sql: (source) => `ended AS (
      UPDATE requests AS t SET ${assignments(HOLD_CHANGE_COLUMNS.slice(0, -1))}
      FROM (${source}) c ${placeOf('requests')} AND t.ended_at IS NULL AND t.steps IS NULL RETURNING 1)`,
    guard: 'ended',
  },
  {
    columns: HOLD_STEPPED_COLUMNS,
    texts: new Set(['payee', 'state', 'first_answers', 'id', 'before_state']),
    rows: ({ holdsStepped }) =>
      holdsStepped.toSorted((left, right) => compare(left.after.id, right.after.id)).map(holdSteppedValues),
    sql: (source) => `stepped AS (
      UPDATE requests AS t SET ${assignments(HOLD_STEPPED_ASSIGNED)}
      FROM (${source}) c ${placeOf('requests')} AND t.state = c.before_state
        AND COALESCE(t.steps, 0) = c.before_steps RETURNING 1)`,
    guard: 'stepped',
  },
  {
    columns: ['code', 'decimals', 'name', 'created_at'],
    texts: new Set(['code', 'name']),
    rows: ({ assets }) =>
      assets.map(({ code, decimals, name, createdAt }) => [code, decimals, name, createdAt]).sort(byFirst),
    sql: (source) => `declared AS (
      INSERT INTO assets AS t (code, decimals, name, created_at) ${source}
      ON CONFLICT (code) DO UPDATE SET name = excluded.name
      WHERE t.decimals = excluded.decimals AND t.created_at = excluded.created_at RETURNING 1)`,
    guard: 'declared',
  },
  {
    columns: RATE_KEY_COLUMNS,
    texts: new Set(['from_asset', 'to_asset']),
    rows: ({ ratesUsed }) => ratesUsed.map(rateKeyValues),
    // Sees the rates as they were before this statement, so a rate that it declares itself is none of them.
    sql: (source) => `rated AS (
      SELECT 1 FROM (${source}) c WHERE c.version = (
        SELECT max(r.version) FROM rates r WHERE r.from_asset = c.from_asset AND r.to_asset = c.to_asset))`,
    guard: 'rated',
  },
  {
    columns: RATE_COLUMNS,
    texts: new Set(['from_asset', 'to_asset', 'rounding']),
    rows: ({ rates }) => rates.map(rateValues),
    sql: (source) => `offered AS (INSERT INTO rates (${RATE_COLUMNS.join(', ')}) ${source})`,
    guard: null,
  },
  {
    columns: ['account', 'metadata'],
    texts: new Set(['account', 'metadata']),
    rows: ({ accounts }) => accounts.map(({ account, metadata }) => [account, metadataText(metadata)]).sort(byFirst),
    sql: (source) => `named AS (
      INSERT INTO accounts (account, metadata) ${source}
      ON CONFLICT (account) DO UPDATE SET metadata = excluded.metadata)`,
    guard: null,
  },
  {
    columns: BALANCE_COLUMNS,
    texts: new Set(['account', 'asset']),
    rows: ({ balances }) =>
      balances
        .filter(({ before }) => before.version === 0)
        .map(({ after }) => after)
        .sort(byName)
        .map(balanceValues),
    sql: (source) => `appeared AS (INSERT INTO balances (${BALANCE_COLUMNS.join(', ')}) ${source})`,
    guard: null,
  },
  {
    columns: HOLD_COLUMNS,
    texts: new Set(['id', 'kind', 'metadata', 'payee', 'state']),
    rows: ({ holdsOpened }) => holdsOpened.map(holdValues).sort(byFirst),
    sql: (source) => `opened AS (INSERT INTO requests (${HOLD_COLUMNS.join(', ')}) ${source})`,
    guard: null,
  },
  {
    columns: ENTRY_COLUMNS,
    texts: new Set(['id', 'kind', 'metadata', 'memo', 'postings', 'legs']),
    rows: ({ entries }) => entries.map(entryValues).sort(byFirst),
    sql: (source) => `entered AS (INSERT INTO requests (${ENTRY_COLUMNS.join(', ')}) ${source})`,
    guard: null,
  },
  {
    columns: STEPPED_HOLD_COLUMNS,
    texts: new Set(['id', 'kind', 'metadata', 'payee', 'state', 'first_answers']),
    rows: ({ holdsOpenedStepped }) => holdsOpenedStepped.map(steppedHoldValues).sort(byFirst),
    sql: (source) => `opened_stepped AS (INSERT INTO requests (${STEPPED_HOLD_COLUMNS.join(', ')}) ${source})`,
    guard: null,
  },
  {
    columns: STEP_ENTRY_COLUMNS,
    texts: new Set(['id', 'kind', 'metadata', 'memo', 'postings', 'legs', 'hold_after']),
    rows: ({ stepEntries }) => stepEntries.map(stepEntryValues).sort(byFirst),
    sql: (source) => `entered_steps AS (INSERT INTO requests (${STEP_ENTRY_COLUMNS.join(', ')}) ${source})`,
    guard: null,
  },
  {
    columns: HOLD_STEP_COLUMNS,
    texts: new Set(['hold', 'entry_id']),
    rows: ({ holdSteps }) => holdSteps.map(holdStepValues).sort(byFirst),
    sql: (source) => `numbered AS (INSERT INTO hold_steps (${HOLD_STEP_COLUMNS.join(', ')}) ${source})`,
    guard: null,
  },
  {
    columns: POSTING_COLUMNS,
    texts: new Set(['entry_id', 'kind']),
    rows: ({ postings }) => postings.map(postingValues),
    sql: (source) => `posted AS (INSERT INTO postings (${POSTING_COLUMNS.join(', ')}) ${source})`,
    guard: null,
  },
]

/** Texts by the parts that they have, so that each is prepared once per connection. */
const texts = new Map<number, string>()

/** All of `changes`, which are not empty, as one statement. A guard that fails divides by zero, so that nothing remains. */
export function writeStatement(changes: Changes): QueryConfig<unknown[]> {
  const values: unknown[] = []
  const counts: number[] = []
  const rowsOf = { ...changes, ...requestWrites(changes) }
  let parts = 0
  for (const [index, part] of PARTS.entries()) {
    const rows = part.rows(rowsOf)
    if (rows.length === 0) continue
    parts |= 1 << index
    addColumns(values, part, rows)
    if (part.guard !== null) counts.push(rows.length)
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

/**
 * Two parameters per column: its values, or the one value that all its rows have, and null for the other. Most columns of
 * a batch are of one value: its moment, a kind, a balance, what a new hold has not had happen to it yet.
 */
function addColumns(parameters: unknown[], part: Part, rows: readonly SqlValue[][]): void {
  const { columns, texts: textColumns } = part
  let isCounted = false
  for (const [index, column] of columns.entries()) {
    const isLast = index === columns.length - 1
    // One column at least has to be an array: it says how many rows there are.
    if (isOfOneValue(rows, index) && (isCounted || !isLast)) {
      parameters.push(null, rows[0]![index])
    } else {
      isCounted = true
      parameters.push(columnArray(textColumns.has(column) ? 'text' : 'bigint', rows, index), null)
    }
  }
}

function isOfOneValue(rows: readonly SqlValue[][], column: number): boolean {
  const first = rows[0]![column]
  for (const row of rows) if (row[column] !== first) return false
  return true
}

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
 * Joins the target `t` to the rows `c` by way of each row's place. A plain join on the key would leave the planner a choice that
 * it makes once per connection, when the tables may be small, and that is ruinous when they have grown. Here it has none:
 * the subquery is a look-up in the primary key for every row, in their order. It took the server no longer than the join.
 */
function placeOf(table: 'balances' | 'requests'): string {
  return `CROSS JOIN LATERAL (SELECT ctid AS place FROM ${table} WHERE id = c.id OFFSET 0) k WHERE t.ctid = k.place`
}

function byBalanceId(left: Changes['balances'][number], right: Changes['balances'][number]): number {
  return left.after.id - right.after.id
}

function byName(left: BalanceRecord, right: BalanceRecord): number {
  return compare(left.account, right.account) || compare(left.asset, right.asset) || left.stripe - right.stripe
}

function byFirst(left: readonly SqlValue[], right: readonly SqlValue[]): number {
  return compare(left[0] as string, right[0] as string)
}

function assignments(columns: readonly string[]): string {
  return columns.map((column) => `${column} = c.${column}`).join(', ')
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
