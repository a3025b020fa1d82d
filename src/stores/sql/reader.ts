/**
 * The read port over any SQL database.
 *
 * Every list is a range of a primary key or of an index, read in that key's order: a page costs the rows that it reads, independently of
 * the length of the list. Where a planner could join in another order, the statement fixes the order.
 */
import { sql, type Compilable } from 'kysely'
import type { Asset } from '../../domain/asset.ts'
import type { Balance } from '../../domain/balance.ts'
import { counterpartiesOf } from '../../domain/counterparties.ts'
import type { Hold } from '../../domain/hold.ts'
import { showHold, type HoldRecord } from '../../domain/hold-record.ts'
import { isHouse, type AccountName, type AssetCode, type Instant, type RequestId } from '../../domain/ids.ts'
import {
  isEntryId,
  requestOfEntry,
  showEntry,
  showLine,
  type Entry,
  type HoldEvent,
  type StatementLine,
} from '../../domain/journal.ts'
import type { Rate } from '../../domain/rate.ts'
import {
  FIRST_PAGE,
  type Account,
  type AssetStats,
  type BalanceQuery,
  type DueHolds,
  type DueQuery,
  type FeedPage,
  type FeedQuery,
  type HoldHistoryQuery,
  type HoldQuery,
  type Page,
  type PageQuery,
  type PostingQuery,
  type RateHistoryQuery,
  type Reader,
  type StatsQuery,
} from '../../engine/reader.ts'
import { filtersAttached, matchesAttached } from '../attached.ts'
import type { CursorKeys, CursorList } from '../cursor.ts'
import { rowBytes } from '../page-bytes.ts'
import { SqlAccounts } from './accounts.ts'
import { SqlBalanceLists } from './balance-lists.ts'
import { SqlFeed, type MoveCommits } from './feed.ts'
import { HoldEntries } from './hold-entries.ts'
import { queryBuilder, type Query, type QueryBuilder, type SqlDialect } from './dialect.ts'
import { pageOfLines, ROWS_READ_THROUGH, SqlJournal, type Stripe } from './journal.ts'
import { rateOf } from './rate-row.ts'
import { lastKey, oneMoreThan, PageInProgress, pageOf } from './pages.ts'
import type { Line } from './run-row.ts'
import { assetOf } from './asset-row.ts'
import { holdOf } from './hold-row.ts'
import { SqlRequests } from './requests.ts'
import { SqlStats } from './stats.ts'
import type { Row } from './values.ts'
import { LookWidths, WALK_LIMITS, type WalkLimits } from './walk.ts'

/** The newest lines of a balance, in which its open holds are searched first. */
const OPEN_HOLDS_WITHIN = 2_000

/** Changes of a hold that are read at once to show its lines. The lines of a hold with more are searched in the journal. */
const CHANGES_READ_MAX = 500

interface HoldOrder<List extends CursorList> {
  readonly key: (hold: HoldRecord) => CursorKeys[List]
  /** The key at which the walk ended before the list did; null when it did not. */
  readonly walkedTo?: CursorKeys[List] | null
}

export interface SqlReaderOptions {
  readonly limits?: WalkLimits
  /** For a store whose commits are not at their positions in the feed when they are written. */
  readonly move?: MoveCommits
}

const nothingMoves: MoveCommits = async () => 0

export class SqlReader implements Reader {
  readonly #builder: QueryBuilder
  readonly #query: Query
  readonly #limits: WalkLimits
  readonly #journal: SqlJournal
  readonly #requests: SqlRequests
  readonly #accounts: SqlAccounts
  readonly #holdEntries: HoldEntries
  readonly #balanceLists: SqlBalanceLists
  readonly #stats: SqlStats
  readonly #feed: SqlFeed

  constructor(dialect: SqlDialect, query: Query, { limits = WALK_LIMITS, move = nothingMoves }: SqlReaderOptions = {}) {
    this.#builder = queryBuilder(dialect)
    this.#query = query
    this.#limits = limits
    const rows = (statement: Compilable): Promise<readonly Row[]> => this.#rows(statement)
    this.#journal = new SqlJournal(this.#builder, rows, limits)
    this.#requests = new SqlRequests(this.#builder, rows)
    this.#accounts = new SqlAccounts(this.#builder, rows, this.#journal)
    const parts = { dialect, journal: this.#journal, requests: this.#requests }
    this.#holdEntries = new HoldEntries(this.#builder, rows, parts)
    this.#balanceLists = new SqlBalanceLists(this.#builder, rows, dialect)
    this.#stats = new SqlStats(this.#builder, rows, parts)
    this.#feed = new SqlFeed(this.#builder, rows, { ...parts, move })
  }

  async account(account: AccountName, page = FIRST_PAGE): Promise<Account | null> {
    return await this.#accounts.read(account, null, page)
  }

  async accountAt(account: AccountName, at: Instant, page = FIRST_PAGE): Promise<Account | null> {
    return await this.#accounts.read(account, at, page)
  }

  async balances(query: BalanceQuery): Promise<Page<Balance>> {
    return await this.#balanceLists.page(query)
  }

  async stats(query: StatsQuery): Promise<Page<AssetStats>> {
    const { items, next } = await this.assets(query)
    const codes = items.map(({ code }) => code)
    return { items: await this.#stats.of(codes, query), next }
  }

  async balance(account: AccountName, asset: AssetCode): Promise<Balance | null> {
    return await this.#accounts.readOne(account, asset)
  }

  async hold(id: RequestId): Promise<Hold | null> {
    const hold = await this.#requests.hold(id)
    return hold === null ? null : showHold(hold)
  }

  async holds(query: HoldQuery): Promise<Page<Hold>> {
    if (query.account !== null) return await this.#holdsOfAccount(query.account, query)
    if (query.state === 'open') return await this.#openHolds(query)
    return await this.#holdsBySeq(query)
  }

  /** Found through the lines that opened them, so that requests need no index by account. */
  async #holdsOfAccount(account: AccountName, query: HoldQuery): Promise<Page<Hold>> {
    const { asset, limit, state } = query
    const last = lastKey('holdsOfAccount', query)
    // House accounts have no holds, and the longest journals.
    const [balance] = isHouse(account) ? [] : await this.#journal.stripes(account, asset)
    if (balance === undefined) return { items: [], next: null }
    const all = await this.#openHoldsOf(balance, query)
    if (all !== null) return pageOfHolds(all, limit, 'holdsOfAccount', { key: (hold) => [hold.openedVersion] })
    const page = new PageInProgress<HoldRecord>(limit, rowBytes)
    // Only the requests tell how holds ended.
    const isReadThrough = filtersAttached(query) || (state !== null && state !== 'open')
    const ended = new Set<number>()
    const widths = new LookWidths()
    const range = await this.#journal.range(balance, query, last === null ? null : last[0])
    const stoppedAt = await this.#journal.walk(isReadThrough).down(range, async ({ low, high }) => {
      if (page.isFull) return null
      const from = Math.max(low, high - widths.next())
      const candidates = openedIn(await this.#journal.linesIn({ low: from, high }, balance.id), {
        ended,
        isOpenOnly: state === 'open',
      })
      for (let start = 0; start < candidates.length && !page.isFull;) {
        const some = candidates.slice(start, start + page.portion(isReadThrough ? ROWS_READ_THROUGH : undefined))
        start += some.length
        const found = await this.#requests.holds(some)
        page.add(
          found.toSorted((left, right) => right.openedVersion - left.openedVersion),
          (hold) => isWanted(hold, query),
        )
      }
      return from
    })
    const walkedTo = stoppedAt === null ? null : ([stoppedAt] as const)
    return pageOfHolds(page.rows, limit, 'holdsOfAccount', { key: (hold) => [hold.openedVersion], walkedTo })
  }

  /**
   * All open holds of a balance, newest first, if one page has all of them and they are recent; else null. If the sum of what they hold
   * is what the balance holds after the newest of these lines (law 2), no older hold is open. This does not find an older open hold that
   * holds nothing, which only steps can leave.
   */
  async #openHoldsOf(balance: Stripe, query: HoldQuery): Promise<readonly HoldRecord[] | null> {
    const { state, limit, cursor, from = null, until = null } = query
    if (state !== 'open' || cursor !== null || from !== null || until !== null || filtersAttached(query)) return null
    if (balance.held === 0n && !(await this.#requests.hasSteps())) return []
    const { linesMax } = this.#limits
    for (const width of [Math.min(OPEN_HOLDS_WITHIN, linesMax), linesMax]) {
      const low = Math.max(1, balance.version + 1 - width)
      const lines = await this.#journal.linesIn({ low, high: balance.version + 1 }, balance.id)
      const seqs = openedIn(lines, { ended: new Set(), isOpenOnly: true })
      if (seqs.length > limit) return null
      const holds = (await this.#requests.holds(seqs)).filter((hold) => hold.state === 'open')
      const sum = holds.reduce((held, hold) => held + hold.held, 0n)
      if (low > 1 && (sum !== lines[0]?.held || (await this.#requests.hasSteps()))) continue
      return holds.toSorted((left, right) => right.openedVersion - left.openedVersion)
    }
    return null
  }

  async #openHolds(query: HoldQuery): Promise<Page<Hold>> {
    const { limit, from = null, until = null } = query
    const isReadThrough = filtersAttached(query) || from !== null || until !== null
    const places = new Map<number, CursorKeys['holdsByExpiry']>()
    const page = new PageInProgress<HoldRecord>(limit, rowBytes)
    const key = (hold: HoldRecord): CursorKeys['holdsByExpiry'] => places.get(hold.seq)!
    const last = lastKey('holdsByExpiry', query)
    let after = last === null ? null : { expiresAt: last[0], seq: last[1] }
    for (let left = this.#limits.requestsMax; ;) {
      const window = { after, until: null, limit: page.portion(isReadThrough ? ROWS_READ_THROUGH : undefined) + 1 }
      const { holds: found, reached } = await this.#requests.expiring({ ...window, placesMax: left })
      left -= found.length < window.limit ? left : found.length
      for (const { holdSeq, expiresAt, seq } of found) places.set(holdSeq, [expiresAt, seq])
      const holds = new Map(
        (await this.#requests.holds(found.map(({ holdSeq }) => holdSeq))).map((each) => [each.seq, each]),
      )
      // Between the two statements a hold may have ended.
      page.add(
        found.map(({ holdSeq }) => holds.get(holdSeq)!),
        (hold) => isWanted(hold, query),
      )
      if (reached === null) return pageOfHolds(page.rows, limit, 'holdsByExpiry', { key })
      after = reached
      if (page.isFull || left <= 0) {
        return pageOfHolds(page.rows, limit, 'holdsByExpiry', { key, walkedTo: [reached.expiresAt, reached.seq] })
      }
    }
  }

  /** In the order of their numbers. The state is not part of the statement: the search for a rare one would read the whole table. */
  async #holdsBySeq(query: HoldQuery): Promise<Page<Hold>> {
    const { limit, from = null, until = null, state } = query
    const isReadThrough = state !== null || filtersAttached(query) || from !== null || until !== null
    const page = new PageInProgress<HoldRecord>(limit, rowBytes)
    const key = (hold: HoldRecord): CursorKeys['holdsBySeq'] => [hold.seq]
    let left = this.#limits.requestsMax
    for (let last = lastKey('holdsBySeq', query)?.[0] ?? 0; ;) {
      const rowsMax = page.portion(isReadThrough ? Math.min(ROWS_READ_THROUGH, left) : undefined)
      const end = sql`ORDER BY r.seq LIMIT ${oneMoreThan(rowsMax)}`
      const found = (await this.#requests.select(sql`r.kind = 'freeze' AND r.seq > ${last}`, end)).map(holdOf)
      page.add(found, (hold) => isWanted(hold, query))
      if (found.length <= rowsMax) return pageOfHolds(page.rows, limit, 'holdsBySeq', { key })
      last = found.at(-1)!.seq
      left -= found.length
      if (page.isFull || left <= 0) return pageOfHolds(page.rows, limit, 'holdsBySeq', { key, walkedTo: [last] })
    }
  }

  async postings(query: PostingQuery): Promise<Page<StatementLine>> {
    const { entry = null, hold = null } = query
    if (entry !== null) {
      const found = await this.entry(entry)
      return await this.#postingsOf(query, found === null ? [] : [found])
    }
    const changesMax = Math.min(CHANGES_READ_MAX, this.#limits.requestsMax)
    const entries = hold === null ? null : await this.#holdEntries.all(hold, changesMax)
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
    const attached = new Map(entries.map((each) => [each.id, each]))
    // The end of a hold, and its late settle, are named after it and have its metadata.
    const named = entries.find(({ id }) => requestOfEntry(id) !== id)
    const freeze = named === undefined ? null : await this.#requests.hold(requestOfEntry(named.id))
    const lines = postings.map((posting) => {
      const entry = attached.get(posting.entryId)!
      const { id, memo, by, hold: ofHold } = entry
      const metadata = requestOfEntry(id) === id ? entry.metadata : freeze!.metadata
      return showLine(posting, { memo, metadata, by, ...counterpartiesOf(posting, entry) }, ofHold)
    })
    return pageOfLines(
      lines.filter((line) => matchesAttached(line, query)),
      query.limit,
    )
  }

  async entry(id: string): Promise<Entry | null> {
    // The end of a hold has a row of its own if it was a step.
    const own = isEntryId(id) ? await this.#requests.byId(id) : null
    if (own !== null) {
      if (own['kind'] === 'freeze') return await this.#holdEntries.opening(holdOf(own))
      return showEntry(await this.#journal.entryOf(own))
    }
    const request = requestOfEntry(id)
    const hold = request === id ? null : await this.#requests.hold(request)
    const end = hold === null ? null : await this.#holdEntries.ending(hold)
    return end?.id === id ? end : null
  }

  async feed(query: FeedQuery): Promise<FeedPage> {
    return await this.#feed.page(query)
  }

  async holdHistory(query: HoldHistoryQuery): Promise<Page<HoldEvent> | null> {
    return await this.#holdEntries.history(query)
  }

  async due(query: DueQuery): Promise<DueHolds> {
    const { holds, reached } = await this.#requests.expiring(query)
    return { holds: holds.map(({ id, expiresAt }) => ({ id, expiresAt })), reached }
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

  async #rows(statement: Compilable): Promise<readonly Row[]> {
    const { sql: text, parameters } = statement.compile()
    return await this.#query(text, parameters)
  }
}

/**
 * The numbers of the holds that these lines opened, newest first.
 *
 * @param ended holds that later lines have ended, to which those of these lines are added. @param isOpenOnly leaves them out
 */
function openedIn(
  lines: readonly Line[],
  { ended, isOpenOnly }: { readonly ended: Set<number>; readonly isOpenOnly: boolean },
): readonly number[] {
  const opened: number[] = []
  for (const { kind, seq } of lines) {
    if (kind !== 'freeze') ended.add(seq)
    else if (!isOpenOnly || !ended.has(seq)) opened.push(seq)
  }
  return opened
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
