/** Assets in figures: sums over the balances, and what house accounts had at the beginnings of days. */
import { sql, type Compilable, type RawBuilder } from 'kysely'
import type { BalanceRecord } from '../../domain/balance.ts'
import { ISSUER, REVENUE, type AssetCode, type Instant } from '../../domain/ids.ts'
import {
  STATS_BALANCES_MAX,
  STATS_OVERDUE_MS,
  STATS_PLACES_MAX,
  type AccountTotals,
  type AssetStats,
  type StatsQuery,
} from '../../engine/reader.ts'
import { boundariesOf, daysOf, type HouseTotals } from '../stats-days.ts'
import { IS_HOUSE } from './balance-lists.ts'
import { balanceOf } from './balance-row.ts'
import type { QueryBuilder, SqlDialect } from './dialect.ts'
import type { SqlJournal } from './journal.ts'
import type { SqlRequests } from './requests.ts'
import { big, whole, type Row } from './values.ts'

/** Balances that one statement adds up. */
const BALANCES_PER_STATEMENT = 50_000
/** Places of expiries that one statement looks at. */
const PLACES_PER_STATEMENT = 10_000

/** Sums of int64 can be outside of it, where SQLite fails, so the halves are added up. */
const HALF = 2n ** 32n

export class SqlStats {
  readonly #builder: QueryBuilder
  readonly #rows: (statement: Compilable) => Promise<readonly Row[]>
  readonly #divided: RawBuilder<unknown>
  readonly #journal: SqlJournal
  readonly #requests: SqlRequests

  constructor(
    builder: QueryBuilder,
    rows: (statement: Compilable) => Promise<readonly Row[]>,
    { dialect, journal, requests }: { dialect: SqlDialect; journal: SqlJournal; requests: SqlRequests },
  ) {
    this.#builder = builder
    this.#rows = rows
    this.#divided = sql.raw(dialect === 'mysql' ? 'DIV' : '/')
    this.#journal = journal
    this.#requests = requests
  }

  async of(assets: readonly AssetCode[], { now, days }: StatsQuery): Promise<readonly AssetStats[]> {
    const totals = await this.#accountTotals()
    const open = await this.#openHolds(now)
    const stripes = assets.length === 0 ? [] : await this.#stripes(assets)
    const past: HouseTotals[] = []
    for (const boundary of boundariesOf(now, days)) {
      past.push(totalsOf(await this.#journal.balancesAt(stripes, boundary - 1)))
    }
    const current = totalsOf(stripes)
    return assets.map((asset) => ({
      asset,
      issued: -(current.get(`${ISSUER} ${asset}`) ?? 0n),
      accounts: totals === null ? null : (totals.get(asset) ?? { count: 0, available: 0n, held: 0n }),
      holdsOpen: open === null ? null : (open.get(asset) ?? 0),
      days: daysOf(asset, now, [...past, current]),
    }))
  }

  /** In the order of their primary key, so that each statement reads a bounded number of rows. */
  async #accountTotals(): Promise<ReadonlyMap<AssetCode, AccountTotals> | null> {
    const totals = new Map<AssetCode, AccountTotals>()
    const half = sql.raw(String(HALF))
    let left = STATS_BALANCES_MAX
    for (let after: number | null = null; ;) {
      const from: RawBuilder<unknown> = after === null ? sql`1 = 1` : sql`id > ${after}`
      const [end]: readonly Row[] = await this.#ask(
        sql`SELECT id FROM balances WHERE ${from} ORDER BY id LIMIT 1 OFFSET ${sql.lit(BALANCES_PER_STATEMENT - 1)}`,
      )
      const upTo = end === undefined ? sql`` : sql`AND id <= ${whole(end['id'])}`
      const rows = await this.#ask(sql`SELECT asset, COUNT(*) AS accounts,
          SUM(available ${this.#divided} ${half}) AS available_high, SUM(available % ${half}) AS available_low,
          SUM(held ${this.#divided} ${half}) AS held_high, SUM(held % ${half}) AS held_low
        FROM balances WHERE ${from} ${upTo} AND NOT (${IS_HOUSE}) GROUP BY asset`)
      for (const row of rows) {
        const asset = row['asset'] as string
        const { count, available, held } = totals.get(asset) ?? { count: 0, available: 0n, held: 0n }
        totals.set(asset, {
          count: count + whole(row['accounts']),
          available: available + big(row['available_high']) * HALF + big(row['available_low']),
          held: held + big(row['held_high']) * HALF + big(row['held_low']),
        })
      }
      if (end === undefined) return totals
      left -= BALANCES_PER_STATEMENT
      if (left <= 0) return null
      after = whole(end['id'])
    }
  }

  async #openHolds(now: Instant): Promise<ReadonlyMap<AssetCode, number> | null> {
    const counts = new Map<AssetCode, number>()
    let after = { expiresAt: now - STATS_OVERDUE_MS, seq: 0 }
    // Whether there are too many, the index alone says: on SQLite in 4 ms, where a look at each took 125 ms.
    if (await this.#requests.hasPlaces(after, STATS_PLACES_MAX)) return null
    for (let left = STATS_PLACES_MAX; left > 0; left -= PLACES_PER_STATEMENT) {
      const { assets, reached } = await this.#requests.openFrom(after, PLACES_PER_STATEMENT)
      for (const [asset, count] of assets) counts.set(asset, (counts.get(asset) ?? 0) + count)
      if (reached === null) return counts
      after = reached
    }
    return null
  }

  async #stripes(assets: readonly AssetCode[]): Promise<readonly BalanceRecord[]> {
    const rows = await this.#rows(
      this.#builder
        .selectFrom('balances')
        .selectAll()
        .where('account', 'in', [ISSUER, REVENUE])
        .where('asset', 'in', assets),
    )
    return rows.map(balanceOf)
  }

  async #ask(statement: RawBuilder<unknown>): Promise<readonly Row[]> {
    return await this.#rows({ compile: () => statement.compile(this.#builder) })
  }
}

function totalsOf(stripes: readonly BalanceRecord[]): HouseTotals {
  const totals = new Map<string, bigint>()
  for (const { account, asset, available, held } of stripes) {
    const key = `${account} ${asset}`
    totals.set(key, (totals.get(key) ?? 0n) + available + held)
  }
  return totals
}
