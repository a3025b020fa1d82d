/**
 * Lists of the balances of all accounts.
 *
 * By name, a list is a range of the unique key. Filters apply within windows of that range, so a page reads a bounded number of rows,
 * however few match. By an amount there is no index to read: each page sorts the balances of its prefix, and keeps those that it shows.
 */
import { sql, type Compilable, type RawBuilder } from 'kysely'
import { BALANCE_MAX, BALANCE_MIN } from '../../domain/amount.ts'
import type { Balance, BalanceRecord } from '../../domain/balance.ts'
import {
  BALANCES_SORTED_MAX,
  TooManyBalances,
  type BalanceBounds,
  type BalanceQuery,
  type Page,
} from '../../engine/reader.ts'
import {
  amountOrder,
  compareByAmount,
  hasBounds,
  isWithinBounds,
  keyByAmount,
  placeAfter,
  placeOf,
  type AmountOrder,
  type AmountPlace,
} from '../balance-order.ts'
import type { CursorKeys } from '../cursor.ts'
import { addUpStripes } from '../stripes.ts'
import { balanceOf } from './balance-row.ts'
import type { QueryBuilder, SqlDialect } from './dialect.ts'
import { lastKey, pageOf } from './pages.ts'
import type { Row } from './values.ts'

/** Rows of the first window of a page with filters, the growth of the next ones, and the rows of all windows of a page. */
const WINDOW_ROWS_FIRST = 1_000
const WINDOW_GROWTH = 7
const WINDOW_ROWS_MAX = 57_000

/** House accounts, as a range of the key. */
export const IS_HOUSE = sql`account >= '@' AND account < 'A'`

type NameKey = CursorKeys['balancesByName']

export class SqlBalanceLists {
  readonly #builder: QueryBuilder
  readonly #rows: (statement: Compilable) => Promise<readonly Row[]>
  readonly #byKey: RawBuilder<unknown>

  constructor(builder: QueryBuilder, rows: (statement: Compilable) => Promise<readonly Row[]>, dialect: SqlDialect) {
    this.#builder = builder
    this.#rows = rows
    // Where most rows match, MySQL would read and sort all of the table.
    this.#byKey = sql.raw(dialect === 'mysql' ? 'balances FORCE INDEX (balances_name)' : 'balances')
  }

  async page(query: BalanceQuery): Promise<Page<Balance>> {
    const order = amountOrder(query.order)
    return order === null ? await this.#byName(query) : await this.#byAmount(query, order)
  }

  async #byName(query: BalanceQuery): Promise<Page<Balance>> {
    const { limit, prefix, asset } = query
    const isFiltered = asset !== null || hasBounds(query)
    const found: Balance[] = []
    let walkedTo: NameKey | null = lastKey('balancesByName', query)
    let windowRows = isFiltered ? WINDOW_ROWS_FIRST : limit + 1
    for (let left = WINDOW_ROWS_MAX; left > 0; windowRows *= WINDOW_GROWTH) {
      const range = rangeOf(prefix, walkedTo)
      walkedTo = await this.#keyAt(range, windowRows)
      // With all stripes of its last account.
      const within = walkedTo === null ? [range] : [range, isUpTo(walkedTo)]
      const records = await this.#select(this.#byKey, [...within, ...filtersOf(query)])
      found.push(...addUpStripes(records).filter((balance) => isWanted(balance, query)))
      left -= windowRows
      if (walkedTo === null || found.length > limit) break
    }
    const keyOf = ({ account, asset: of }: Balance): NameKey => [account, of]
    return pageOf(found, { list: 'balancesByName', limit, keyOf, walkedTo })
  }

  /** The key of the last row of a window; null when the range ends before. */
  async #keyAt(range: RawBuilder<unknown>, rowsMax: number): Promise<NameKey | null> {
    const [row] = await this.#ask(sql`SELECT account, asset FROM ${this.#byKey} WHERE ${range}
      ORDER BY account, asset, stripe LIMIT 1 OFFSET ${sql.lit(rowsMax - 1)}`)
    return row === undefined ? null : [row['account'] as string, row['asset'] as string]
  }

  /** The database sorts the balances of people; the stripes of house accounts have to be added up first. */
  async #byAmount(query: BalanceQuery, order: AmountOrder): Promise<Page<Balance>> {
    const { limit, prefix } = query
    const after = placeAfter(query)
    const range = rangeOf(prefix, null)
    const [beyond] = await this.#ask(sql`SELECT 1 AS one FROM ${this.#byKey} WHERE ${range}
      ORDER BY account LIMIT 1 OFFSET ${sql.lit(BALANCES_SORTED_MAX)}`)
    if (beyond !== undefined) throw new TooManyBalances()
    const direction = sql.raw(order.descending ? 'DESC' : 'ASC')
    const people = await this.#select(
      sql.raw('balances'),
      [range, sql`NOT (${IS_HOUSE})`, ...filtersOf(query), ...(after === null ? [] : [isAfter(after, order)])],
      sql`ORDER BY ${sql.ref(order.amount)} ${direction}, account LIMIT ${sql.lit(limit + 1)}`,
    )
    const houses = await this.#select(this.#byKey, [range, sql`(${IS_HOUSE})`, ...filtersOf(query)])
    const balances = [...addUpStripes(people), ...addUpStripes(houses)]
      .filter((each) => isWanted(each, query))
      .filter((each) => after === null || compareByAmount(after, placeOf(each, order), order) < 0)
      .sort((left, right) => compareByAmount(placeOf(left, order), placeOf(right, order), order))
    const keyOf = (balance: Balance): CursorKeys['balancesByAmount'] => keyByAmount(balance, query.order)
    return pageOf(balances, { list: 'balancesByAmount', limit, keyOf })
  }

  async #select(
    table: RawBuilder<unknown>,
    conditions: readonly RawBuilder<unknown>[],
    end: RawBuilder<unknown> = sql``,
  ): Promise<readonly BalanceRecord[]> {
    const rows = await this.#ask(sql`SELECT * FROM ${table} WHERE ${sql.join(conditions, sql` AND `)} ${end}`)
    return rows.map(balanceOf)
  }

  async #ask(statement: RawBuilder<unknown>): Promise<readonly Row[]> {
    return await this.#rows({ compile: () => statement.compile(this.#builder) })
  }
}

/** Some collations ignore a space at the end of a prefix. */
function isWanted(balance: Balance, query: BalanceQuery): boolean {
  return balance.account.startsWith(query.prefix) && isWithinBounds(balance, query)
}

/** Accounts with the prefix, from after the key on. Written so that every planner sees a range of the unique key. */
function rangeOf(prefix: string, after: NameKey | null): RawBuilder<unknown> {
  const conditions = [sql`account >= ${after === null || after[0] < prefix ? prefix : after[0]}`]
  if (prefix !== '') {
    // Names are printable ASCII, so a next character exists.
    const next = prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)
    conditions.push(sql`account < ${next}`)
  }
  if (after !== null) conditions.push(sql`(account > ${after[0]} OR asset > ${after[1]})`)
  return sql.join(conditions, sql` AND `)
}

function isUpTo([account, asset]: NameKey): RawBuilder<unknown> {
  return sql`account <= ${account} AND (account < ${account} OR asset <= ${asset})`
}

/** Whether the amount of a person is after the place. A place in the middle of house accounts can be outside of what people have. */
function isAfter({ amount, account }: AmountPlace, { amount: column, descending }: AmountOrder): RawBuilder<unknown> {
  if (amount > BALANCE_MAX || amount < BALANCE_MIN) return amount > 0n === descending ? sql`1 = 1` : sql`1 = 0`
  const [of, value] = [sql.ref(column), sql.raw(String(amount))]
  return sql`(${of} ${sql.raw(descending ? '<' : '>')} ${value} OR (${of} = ${value} AND account > ${account}))`
}

/** The filters, but the bounds only of people: those of house accounts apply to the sums of stripes. */
function filtersOf({ asset, ...query }: BalanceQuery): readonly RawBuilder<unknown>[] {
  const filters = asset === null ? [] : [sql`asset = ${asset}`]
  for (const [bound, condition] of Object.entries(BOUNDS)) {
    const value = query[bound as keyof BalanceBounds]
    if (value !== null) filters.push(sql`(${sql.raw(condition)} ${sql.raw(String(value))} OR ${IS_HOUSE})`)
  }
  return filters
}

const BOUNDS: Readonly<Record<keyof BalanceBounds, string>> = {
  availableBelow: 'available <',
  availableAbove: 'available >',
  heldBelow: 'held <',
  heldAbove: 'held >',
}
