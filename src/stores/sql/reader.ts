/**
 * The read port over any SQL database.
 *
 * Every list is a range of a primary key or of an index, read in that key's order: a page costs the rows that it reads, independently of
 * the length of the list. Where a planner could join in another order, the statement fixes the order.
 */
import { sql, type Compilable } from 'kysely'
import type { Asset } from '../../domain/asset.ts'
import { showHold, type Hold, type HoldRecord } from '../../domain/hold.ts'
import { isHouse, isRequestId, type AccountName, type Instant, type RequestId } from '../../domain/ids.ts'
import { requestOfEntry, showEntry, type Entry, type HoldEvent, type StatementLine } from '../../domain/journal.ts'
import type { Rate } from '../../domain/rate.ts'
import {
  FIRST_PAGE,
  OVERDUE_COUNT_MAX,
  type Account,
  type DueHolds,
  type HoldHistoryQuery,
  type HoldQuery,
  type OverdueHolds,
  type Page,
  type PageQuery,
  type PostingQuery,
  type RateHistoryQuery,
  type Reader,
} from '../../engine/reader.ts'
import { filtersAttached, matchesAttached } from '../attached.ts'
import type { CursorKeys, CursorList } from '../cursor.ts'
import { rowBytes } from '../page-bytes.ts'
import { SqlAccounts } from './accounts.ts'
import { HoldEntries } from './hold-entries.ts'
import { queryBuilder, type Query, type QueryBuilder, type SqlDialect } from './dialect.ts'
import {
  pageOfLines,
  ROWS_READ_THROUGH,
  SqlJournal,
  WALK_LIMITS,
  type Stripe,
  type VersionRange,
  type WalkLimits,
} from './journal.ts'
import { rateOf } from './rate-row.ts'
import { lastKey, oneMoreThan, PageInProgress, pageOf } from './pages.ts'
import { assetOf } from './asset-row.ts'
import { entryOf, postingKeysOf } from './entry-row.ts'
import { holdOf } from './hold-row.ts'
import { big, whole, type Row } from './values.ts'

type Requests = ReturnType<typeof selectRequests>

/** The newest postings of a balance, in which its open holds are searched first. */
const OPEN_HOLDS_WITHIN = 2_000

const NOWHERE: VersionRange = { low: 1, high: 1 }

/** Steps of a hold that are read at once to show its lines. The lines of a hold with more steps are searched in the journal. */
const STEPS_READ_MAX = 500

interface HoldOrder<List extends CursorList> {
  readonly key: (hold: HoldRecord) => CursorKeys[List]
  /** The key at which the walk ended before the list did; null when it did not. */
  readonly walkedTo?: CursorKeys[List] | null
}

export class SqlReader implements Reader {
  readonly #builder: QueryBuilder
  readonly #query: Query
  readonly #limits: WalkLimits
  readonly #journal: SqlJournal
  readonly #accounts: SqlAccounts
  readonly #holdEntries: HoldEntries

  constructor(dialect: SqlDialect, query: Query, limits: WalkLimits = WALK_LIMITS) {
    this.#builder = queryBuilder(dialect)
    this.#query = query
    this.#limits = limits
    const rows = (statement: Compilable): Promise<readonly Row[]> => this.#rows(statement)
    this.#journal = new SqlJournal(this.#builder, rows, limits)
    this.#accounts = new SqlAccounts(this.#builder, rows, this.#journal)
    this.#holdEntries = new HoldEntries(this.#builder, rows, this.#journal)
  }

  async account(account: AccountName, page = FIRST_PAGE): Promise<Account | null> {
    return await this.#accounts.read(account, null, page)
  }

  async accountAt(account: AccountName, at: Instant, page = FIRST_PAGE): Promise<Account | null> {
    return await this.#accounts.read(account, at, page)
  }

  async hold(id: RequestId): Promise<Hold | null> {
    const row = await this.#request(id)
    return row?.['kind'] === 'freeze' ? showHold(holdOf(row)) : null
  }

  async holds(query: HoldQuery): Promise<Page<Hold>> {
    if (query.account !== null) return await this.#holdsOfAccount(query.account, query)
    if (query.state === 'open') return await this.#openHolds(query)
    return await this.#holdsById(query)
  }

  /**
   * Found through the postings that opened them, so that requests need no index by account. The balance is looked up first, because
   * PostgreSQL reads the whole journal of a balance when its id is not in the statement.
   */
  async #holdsOfAccount(account: AccountName, query: HoldQuery): Promise<Page<Hold>> {
    const { asset, limit } = query
    const last = lastKey('holdsOfAccount', query)
    // House accounts have no holds, and the longest journals.
    const [balance] = isHouse(account) ? [] : await this.#journal.stripes(account, asset)
    if (balance === undefined) return { items: [], next: null }
    const page = new PageInProgress<HoldRecord>(limit, rowBytes)
    const isReadThrough = filtersAttached(query)
    const range =
      (await this.#rangeOfOpenHolds(balance, query)) ??
      (await this.#journal.range(balance, query, last === null ? null : last[0]))
    const stoppedAt = await this.#journal.walk(isReadThrough).down(range, async (part) => {
      if (page.isFull) return null
      const rowsMax = page.portion(isReadThrough ? ROWS_READ_THROUGH : undefined)
      const rows = await this.#rows(this.#holdsOpenedIn(part, balance, query, rowsMax).selectAll('requests'))
      const found = rows.map((row) => holdOf({ ...row, account, asset }))
      page.add(found, (hold) => isWanted(hold, query))
      return rows.length > rowsMax ? found.at(-1)!.openedVersion : part.low
    })
    const walkedTo = stoppedAt === null ? null : ([stoppedAt] as const)
    return pageOfHolds(page.rows, limit, 'holdsOfAccount', { key: (hold) => [hold.openedVersion], walkedTo })
  }

  /**
   * The versions at which the open holds of a balance were frozen, if one page has all of them and they are recent; else null. If the sum
   * of what they hold is what the balance holds (law 2), no older hold is open; one statement reads both, so at one instant. This does
   * not find an older open hold that holds nothing, which only steps can leave.
   */
  async #rangeOfOpenHolds(balance: Stripe, query: HoldQuery): Promise<VersionRange | null> {
    const { state, limit, cursor, from = null, until = null } = query
    if (state !== 'open' || cursor !== null || from !== null || until !== null || filtersAttached(query)) return null
    if (balance.held === 0n && !(await this.#hasSteps())) return NOWHERE
    const { postingsMax } = this.#limits
    for (const width of [Math.min(OPEN_HOLDS_WITHIN, postingsMax), postingsMax]) {
      const range = { low: balance.version + 1 - width, high: Number.MAX_SAFE_INTEGER }
      const select = this.#holdsOpenedIn(range, balance, query, limit).select(['requests.held', 'postings.version'])
      const rows = await this.#rows(
        select.select((one) => one.selectFrom('balances').select('held').where('id', '=', balance.id).as('all_held')),
      )
      if (rows.length > limit) return null
      const held = rows.reduce((sum, row) => sum + big(row['held']), 0n)
      const isEven = rows.length > 0 && held === big(rows[0]!['all_held'])
      if (range.low > 1 && (!isEven || (await this.#hasSteps()))) continue
      const [newest, oldest] = [rows[0], rows.at(-1)]
      if (newest === undefined || oldest === undefined) return NOWHERE
      return { low: whole(oldest['version']), high: whole(newest['version']) + 1 }
    }
    return null
  }

  /** Whether any hold ever had a step. */
  async #hasSteps(): Promise<boolean> {
    const first = this.#builder.selectFrom('hold_steps').select('step').where('hold', '>', '').orderBy('hold')
    return (await this.#rows(first.limit(oneMoreThan(0)))).length > 0
  }

  #holdsOpenedIn({ low, high }: VersionRange, { id }: Stripe, { state }: HoldQuery, rowsMax: number) {
    let select = this.#builder
      .selectFrom('postings')
      .leftJoin('requests', 'requests.id', 'postings.entry_id')
      .where('postings.balance_id', '=', id)
      .where('postings.version', '>=', low)
      .where('postings.version', '<', high)
      .where('postings.kind', '=', 'freeze')
    // MariaDB would begin with the requests of the state, unordered; an outer join that cannot become an inner one fixes the order.
    if (state !== null)
      select = select.where(({ eb, fn }) => eb(fn.coalesce('requests.state', sql.lit('')), '=', state))
    return select.orderBy('postings.version', 'desc').limit(oneMoreThan(rowsMax))
  }

  async #openHolds(query: HoldQuery): Promise<Page<Hold>> {
    const key = (hold: HoldRecord) => [hold.expiresAt, hold.id] as const
    return await this.#holdsInOrder(query, 'holdsByExpiry', key, (last) => {
      // A literal instead of a parameter, so that every planner sees that the index of open holds has all of them.
      let select = selectRequests(this.#builder).where('requests.state', '=', sql.lit('open'))
      if (last !== null) {
        const [expiresAt, id] = last
        select = select
          .where('requests.expires_at', '>=', expiresAt)
          .where((where) => where.or([where('requests.expires_at', '>', expiresAt), where('requests.id', '>', id)]))
      }
      return select.orderBy('requests.expires_at').orderBy('requests.id')
    })
  }

  /** The state is not part of the statement: the search for a rare one would read the whole table. */
  async #holdsById(query: HoldQuery): Promise<Page<Hold>> {
    const key = (hold: HoldRecord) => [hold.id] as const
    return await this.#holdsInOrder(query, 'holdsById', key, (last) =>
      selectRequests(this.#builder)
        .where('requests.kind', '=', 'freeze')
        // Also on the first page: without a lower bound, SQLite sorts the whole table instead of following the key.
        .where('requests.id', '>', last === null ? '' : last[0])
        .orderBy('requests.id'),
    )
  }

  /** Holds of all accounts. Filters that the order does not cover are applied to the rows that were read. */
  async #holdsInOrder<List extends 'holdsByExpiry' | 'holdsById'>(
    query: HoldQuery,
    list: List,
    key: (hold: HoldRecord) => CursorKeys[List],
    select: (last: CursorKeys[List] | null) => Requests,
  ): Promise<Page<Hold>> {
    const { limit, from = null, until = null } = query
    const isByState = list === 'holdsById' && query.state !== null
    const isReadThrough = isByState || filtersAttached(query) || from !== null || until !== null
    const page = new PageInProgress<HoldRecord>(limit, rowBytes)
    let left = this.#limits.requestsMax
    for (let last = lastKey(list, query); ;) {
      const rowsMax = page.portion(isReadThrough ? Math.min(ROWS_READ_THROUGH, left) : undefined)
      const found = (await this.#rows(select(last).limit(oneMoreThan(rowsMax)))).map(holdOf)
      page.add(found, (hold) => isWanted(hold, query))
      if (found.length <= rowsMax) return pageOfHolds(page.rows, limit, list, { key })
      last = key(found.at(-1)!)
      left -= found.length
      if (page.isFull || left <= 0) return pageOfHolds(page.rows, limit, list, { key, walkedTo: last })
    }
  }

  async postings(query: PostingQuery): Promise<Page<StatementLine>> {
    const { entry = null, hold = null } = query
    if (entry !== null) {
      const found = await this.entry(entry)
      return await this.#postingsOf(query, found === null ? [] : [found])
    }
    const stepsMax = Math.min(STEPS_READ_MAX, this.#limits.requestsMax)
    const entries = hold === null ? null : await this.#holdEntries.all(hold, stepsMax)
    return entries === null ? await this.#journal.page(query) : await this.#postingsOf(query, entries)
  }

  /** An entry has few postings, so they are filtered and sorted here. */
  async #postingsOf(query: PostingQuery, entries: readonly Entry[]): Promise<Page<StatementLine>> {
    const last = lastKey('postings', query)
    const { account, asset, kind, hold = null, from = null, until = null } = query
    const postings = entries
      .filter((entry) => hold === null || entry.hold === hold)
      .flatMap((entry) => entry.postings)
      .filter((posting) => posting.account === account && posting.asset === asset)
      .filter((posting) => kind === null || posting.kind === kind)
      .filter(({ at }) => (from === null || at >= from) && (until === null || at < until))
      .filter(({ stripe, version }) => last === null || stripe > last[0] || (stripe === last[0] && version < last[1]))
      .sort((left, right) => left.stripe - right.stripe || right.version - left.version)
    const lines = (await this.#journal.lines(postings)).filter((line) => matchesAttached(line, query))
    return pageOfLines(lines, query.limit)
  }

  async entry(id: string): Promise<Entry | null> {
    const request = requestOfEntry(id)
    if (!isRequestId(request)) return null
    // The end of a hold has a row of its own if it was a step.
    const rows = await this.#rows(selectRequests(this.#builder).where('requests.id', 'in', [...new Set([id, request])]))
    const own = rows.find((row) => row['id'] === id)
    if (own !== undefined) {
      if (own['kind'] === 'freeze') return await this.#holdEntries.opening(holdOf(own))
      return showEntry(entryOf(own, await this.#journal.postingsAt(postingKeysOf(own))))
    }
    const [ofHold] = rows
    const end = ofHold?.['kind'] === 'freeze' ? await this.#holdEntries.ending(holdOf(ofHold)) : null
    return end?.id === id ? end : null
  }

  async holdHistory(query: HoldHistoryQuery): Promise<Page<HoldEvent> | null> {
    return await this.#holdEntries.history(query)
  }

  async due(now: Instant, limit: number): Promise<DueHolds> {
    const rows = await this.#rows(
      selectDue(this.#builder, now)
        .select(['id', 'expires_at'])
        .orderBy('expires_at')
        .orderBy('id')
        .limit(sql.lit(limit)),
    )
    return { holds: rows.map((row) => ({ id: row['id'] as string, expiresAt: whole(row['expires_at']) })) }
  }

  async overdue(now: Instant): Promise<OverdueHolds> {
    const due = selectDue(this.#builder, now)
      .select('expires_at')
      .orderBy('expires_at')
      .limit(sql.lit(OVERDUE_COUNT_MAX))
    const [row] = await this.#rows(
      this.#builder
        .selectFrom(due.as('due'))
        .select(({ fn }) => [fn.countAll().as('count'), fn.min('expires_at').as('oldest')]),
    )
    const oldest = row!['oldest']
    return { count: whole(row!['count']), oldestExpiresAt: oldest === null ? null : whole(oldest) }
  }

  async assets(query = FIRST_PAGE): Promise<Page<Asset>> {
    const last = lastKey('assets', query)
    let select = this.#builder.selectFrom('assets').selectAll()
    if (last !== null) select = select.where('code', '>', last[0])
    const rows = await this.#rows(select.orderBy('code').limit(oneMoreThan(query.limit)))
    return pageOf(rows.map(assetOf), { list: 'assets', limit: query.limit, keyOf: ({ code }) => [code] })
  }

  async rates(query: PageQuery): Promise<Page<Rate>> {
    const last = lastKey('rates', query)
    let select = this.#builder
      .selectFrom('rates')
      .selectAll()
      .where('version', '=', (where) =>
        where
          .selectFrom('rates as newer')
          .select((max) => max.fn.max('newer.version').as('version'))
          .whereRef('newer.from_asset', '=', 'rates.from_asset')
          .whereRef('newer.to_asset', '=', 'rates.to_asset'),
      )
    if (last !== null) {
      const [from, to] = last
      select = select
        .where('from_asset', '>=', from)
        .where((where) => where.or([where('from_asset', '>', from), where('to_asset', '>', to)]))
    }
    const rows = await this.#rows(select.orderBy('from_asset').orderBy('to_asset').limit(oneMoreThan(query.limit)))
    return pageOf(rows.map(rateOf), { list: 'rates', limit: query.limit, keyOf: ({ from, to }) => [from, to] })
  }

  async rateHistory(query: RateHistoryQuery): Promise<Page<Rate>> {
    const last = lastKey('rateHistory', query)
    let select = this.#builder
      .selectFrom('rates')
      .selectAll()
      .where('from_asset', '=', query.from)
      .where('to_asset', '=', query.to)
    if (last !== null) select = select.where('version', '<', last[0])
    const rows = await this.#rows(select.orderBy('version', 'desc').limit(oneMoreThan(query.limit)))
    return pageOf(rows.map(rateOf), { list: 'rateHistory', limit: query.limit, keyOf: ({ version }) => [version] })
  }

  async #request(id: string): Promise<Row | null> {
    // No other text has a row, and not every database can compare any text with the column.
    if (!isRequestId(id)) return null
    const rows = await this.#rows(selectRequests(this.#builder).where('requests.id', '=', id))
    return rows[0] ?? null
  }

  async #rows(statement: Compilable): Promise<readonly Row[]> {
    const { sql: text, parameters } = statement.compile()
    return await this.#query(text, parameters)
  }
}

/** A literal instead of a parameter, so that every planner sees that the index of open holds has all of them. */
function selectDue(builder: QueryBuilder, now: Instant) {
  return builder.selectFrom('requests').where('state', '=', sql.lit('open')).where('expires_at', '<=', now)
}

/** Entries have no balance. For holds, the outer join also fixes the order of the tables. */
function selectRequests(builder: QueryBuilder) {
  return builder
    .selectFrom('requests')
    .leftJoin('balances', 'balances.id', 'requests.balance_id')
    .selectAll('requests')
    .select(['balances.account', 'balances.asset'])
}

function isWanted(hold: HoldRecord, { from = null, until = null, ...query }: HoldQuery): boolean {
  if (query.state !== null && hold.state !== query.state) return false
  if ((from !== null && hold.createdAt < from) || (until !== null && hold.createdAt >= until)) return false
  return matchesAttached({ memo: null, metadata: hold.metadata }, query)
}

function pageOfHolds<List extends CursorList>(
  holds: readonly HoldRecord[],
  limit: number,
  list: List,
  { key, walkedTo = null }: HoldOrder<List>,
): Page<Hold> {
  const { items, next } = pageOf(holds, { list, limit, keyOf: key, bytesOf: rowBytes, walkedTo })
  return { items: items.map(showHold), next }
}
