/**
 * The read port over any SQL database.
 *
 * Every list is a range of a primary key or of an index, read in that key's order: a page costs the rows that it walks
 * over, however long the list is. Where a planner is free to join in another order, the statement leaves it no choice.
 */
import { sql, type Compilable, type RawBuilder } from 'kysely'
import type { Asset } from '../../domain/asset.ts'
import { showHold, type Hold, type HoldRecord } from '../../domain/hold.ts'
import { isHouse, isRequestId, type AccountName, type AssetCode, type RequestId } from '../../domain/ids.ts'
import { endOfHold, showEntry, type Entry, type Posting } from '../../domain/journal.ts'
import type { Rate } from '../../domain/rate.ts'
import type {
  Account,
  HoldQuery,
  Page,
  PageQuery,
  PostingQuery,
  RateHistoryQuery,
  Reader,
} from '../../engine/reader.ts'
import { decodeCursor, encodeCursor, type CursorKeys, type CursorList } from '../cursor.ts'
import { addUpStripes } from '../stripes.ts'
import { queryBuilder, type Query, type QueryBuilder, type SqlDialect } from './dialect.ts'
import { rateOf } from './rates.ts'
import { assetOf, balanceOf, entryOf, holdOf, metadataOf, postingKeysOf, postingOf, whole, type Row } from './rows.ts'

type PostingKey = readonly [balanceId: number, version: number]

/**
 * Postings fetched by key in one statement. It has two parameters and one term of an OR for each; SQLite nests at most
 * 1,000 terms (https://www.sqlite.org/limits.html), and a transfer of 1,000 legs has up to 2,000 postings.
 */
const POSTING_KEYS_MAX = 200

export class SqlReader implements Reader {
  readonly #builder: QueryBuilder
  readonly #query: Query

  constructor(dialect: SqlDialect, query: Query) {
    this.#builder = queryBuilder(dialect)
    this.#query = query
  }

  async account(account: AccountName): Promise<Account | null> {
    const rows = await this.#rows(
      this.#builder
        .selectFrom('balances')
        .leftJoin('accounts', 'accounts.account', 'balances.account')
        .selectAll('balances')
        .select('accounts.metadata')
        .where('balances.account', '=', account),
    )
    const [first] = rows
    if (first === undefined) return null
    return { account, metadata: metadataOf(first['metadata']), balances: addUpStripes(rows.map(balanceOf)) }
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
   * Through the postings that opened them: no index of requests says whose they are, and none has to be kept. The balance is
   * looked up beforehand, because PostgreSQL reads the whole journal of a balance whose id it does not see.
   */
  async #holdsOfAccount(account: AccountName, query: HoldQuery): Promise<Page<Hold>> {
    const { asset, state, limit } = query
    const last = lastKey('holdsOfAccount', query)
    // Nothing is ever frozen in a house account, and its journal may be the longest of all.
    const [balance] = isHouse(account) ? [] : await this.#stripes(account, asset)
    if (balance === undefined) return { items: [], next: null }
    let select = this.#builder
      .selectFrom('postings')
      .innerJoin('requests', 'requests.id', 'postings.entry_id')
      .selectAll('requests')
      .where('postings.balance_id', '=', balance.id)
      .where('postings.kind', '=', 'freeze')
    if (last !== null) select = select.where('postings.version', '<', last[0])
    if (state !== null) select = select.where('requests.state', '=', state)
    const rows = await this.#rows(select.orderBy('postings.version', 'desc').limit(oneMoreThan(limit)))
    const holds = rows.map((row) => holdOf({ ...row, account, asset }))
    return pageOfHolds(holds, limit, 'holdsOfAccount', (hold) => [hold.openedVersion])
  }

  async #openHolds(query: HoldQuery): Promise<Page<Hold>> {
    const last = lastKey('holdsByExpiry', query)
    // Written out and not as a parameter, so that every planner sees that the index of open holds has all of them.
    let select = this.#selectRequests().where('requests.state', '=', sql.lit('open'))
    if (last !== null) {
      const [expiresAt, id] = last
      select = select
        .where('requests.expires_at', '>=', expiresAt)
        .where((where) => where.or([where('requests.expires_at', '>', expiresAt), where('requests.id', '>', id)]))
    }
    const rows = await this.#rows(
      select.orderBy('requests.expires_at').orderBy('requests.id').limit(oneMoreThan(query.limit)),
    )
    return pageOfHolds(rows.map(holdOf), query.limit, 'holdsByExpiry', (hold) => [hold.expiresAt, hold.id])
  }

  async #holdsById(query: HoldQuery): Promise<Page<Hold>> {
    const last = lastKey('holdsById', query)
    let select = this.#selectRequests().where('requests.kind', '=', 'freeze')
    if (query.state !== null) select = select.where('requests.state', '=', query.state)
    // Also on the first page: without a lower end, SQLite would rather sort the whole table than follow the key.
    select = select.where('requests.id', '>', last === null ? '' : last[0])
    const rows = await this.#rows(select.orderBy('requests.id').limit(oneMoreThan(query.limit)))
    return pageOfHolds(rows.map(holdOf), query.limit, 'holdsById', (hold) => [hold.id])
  }

  /** Stripe after stripe, each a range of the primary key: one statement over all of them would sort the whole journal. */
  async postings(query: PostingQuery): Promise<Page<Posting>> {
    const { account, asset, kind, limit } = query
    const last = lastKey('postings', query)
    const stripes = await this.#stripes(account, asset)
    const postings: Posting[] = []
    for (const { id, stripe } of stripes.filter((each) => last === null || each.stripe >= last[0])) {
      const wanted = limit - postings.length
      if (wanted < 0) break
      let select = this.#builder.selectFrom('postings').selectAll().where('balance_id', '=', id)
      if (last !== null && stripe === last[0]) select = select.where('version', '<', last[1])
      if (kind !== null) select = select.where('kind', '=', kind)
      const rows = await this.#rows(select.orderBy('version', 'desc').limit(oneMoreThan(wanted)))
      for (const row of rows) postings.push(postingOf({ ...row, account, asset, stripe }))
    }
    return pageOf(postings, limit, 'postings', (posting) => [posting.stripe, posting.version])
  }

  async entry(id: string): Promise<Entry | null> {
    const mark = id.indexOf('~')
    const row = await this.#request(mark === -1 ? id : id.slice(0, mark))
    if (row === null) return null
    if (row['kind'] === 'freeze') {
      const hold = holdOf(row)
      return await (id === hold.id ? this.#opening(hold) : this.#ending(hold, id))
    }
    if (mark !== -1) return null
    return showEntry(entryOf(row, await this.#postingsAt(postingKeysOf(row))))
  }

  /** The entry of the freeze: it carries what the caller attached to the hold. */
  async #opening(hold: HoldRecord): Promise<Entry> {
    const { id, createdAt, metadata, balanceId, openedVersion } = hold
    const postings = await this.#postingsAt([[balanceId, openedVersion]])
    return { id, kind: 'freeze', at: createdAt, memo: null, metadata, floor: null, legs: null, postings }
  }

  /** The entry that ended the hold, when `id` is its name. */
  async #ending(hold: HoldRecord, id: string): Promise<Entry | null> {
    const { endedAt, balanceId, endedVersion, payeeBalanceId, payeeVersion } = hold
    if (endedAt === null || endedVersion === null) return null
    const kind = hold.state === 'settled' ? 'settle' : 'release'
    if (id !== endOfHold(hold.id, kind)) return null
    const keys: PostingKey[] = [[balanceId, endedVersion]]
    if (payeeBalanceId !== null && payeeVersion !== null) keys.push([payeeBalanceId, payeeVersion])
    const postings = await this.#postingsAt(keys)
    return { id, kind, at: endedAt, memo: null, metadata: null, floor: null, legs: null, postings }
  }

  async assets(): Promise<readonly Asset[]> {
    const rows = await this.#rows(this.#builder.selectFrom('assets').selectAll().orderBy('code'))
    return rows.map(assetOf)
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
    return pageOf(rows.map(rateOf), query.limit, 'rates', ({ from, to }) => [from, to])
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
    return pageOf(rows.map(rateOf), query.limit, 'rateHistory', ({ version }) => [version])
  }

  /** The balances of an account's asset: one, or a house account's stripes. */
  async #stripes(
    account: AccountName,
    asset: AssetCode,
  ): Promise<readonly { readonly id: number; readonly stripe: number }[]> {
    const rows = await this.#rows(
      this.#builder
        .selectFrom('balances')
        .select(['id', 'stripe'])
        .where('account', '=', account)
        .where('asset', '=', asset)
        .orderBy('stripe'),
    )
    return rows.map(({ id, stripe }) => ({ id: whole(id), stripe: whole(stripe) }))
  }

  async #request(id: string): Promise<Row | null> {
    // Whatever else somebody may have typed has no row, and not every database compares it with one.
    if (!isRequestId(id)) return null
    const rows = await this.#rows(this.#selectRequests().where('requests.id', '=', id))
    return rows[0] ?? null
  }

  /** Entries have no balance; for holds, the outer join also fixes which table is read first. */
  #selectRequests() {
    return this.#builder
      .selectFrom('requests')
      .leftJoin('balances', 'balances.id', 'requests.balance_id')
      .selectAll('requests')
      .select(['balances.account', 'balances.asset'])
  }

  /** In the order of the keys. */
  async #postingsAt(keys: readonly PostingKey[]): Promise<readonly Posting[]> {
    const found = new Map<string, Posting>()
    for (let start = 0; start < keys.length; start += POSTING_KEYS_MAX) {
      const some = keys.slice(start, start + POSTING_KEYS_MAX)
      const rows = await this.#rows(
        this.#builder
          .selectFrom('postings')
          .leftJoin('balances', 'balances.id', 'postings.balance_id')
          .selectAll('postings')
          .select(['balances.account', 'balances.asset', 'balances.stripe'])
          .where((where) =>
            where.or(
              some.map(([balanceId, version]) =>
                where.and([where('postings.balance_id', '=', balanceId), where('postings.version', '=', version)]),
              ),
            ),
          ),
      )
      for (const row of rows) found.set(`${whole(row['balance_id'])}/${whole(row['version'])}`, postingOf(row))
    }
    return keys.map(([balanceId, version]) => {
      const posting = found.get(`${balanceId}/${version}`)
      if (posting === undefined) throw new Error(`The posting ${balanceId}/${version} is gone.`)
      return posting
    })
  }

  async #rows(statement: Compilable): Promise<readonly Row[]> {
    const { sql: text, parameters } = statement.compile()
    return await this.#query(text, parameters)
  }
}

/** @throws RangeError for a cursor that no page of the list gave out */
function lastKey<List extends CursorList>(list: List, { cursor }: PageQuery): CursorKeys[List] | null {
  return cursor === null ? null : decodeCursor(list, cursor)
}

/**
 * One row more than the page has tells whether there is a next one. It is written into the statement: MySQL's prepared
 * statements refuse a LIMIT that arrives as a double.
 */
function oneMoreThan(limit: number): RawBuilder<number> {
  return sql.lit(limit + 1)
}

/** @param rows those of the page, and one more when there is a next page */
function pageOf<Item, List extends CursorList>(
  rows: readonly Item[],
  limit: number,
  list: List,
  keyOf: (row: Item) => CursorKeys[List],
): Page<Item> {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, next: rows.length > limit && last !== undefined ? encodeCursor(list, keyOf(last)) : null }
}

function pageOfHolds<List extends CursorList>(
  holds: readonly HoldRecord[],
  limit: number,
  list: List,
  keyOf: (hold: HoldRecord) => CursorKeys[List],
): Page<Hold> {
  const { items, next } = pageOf(holds, limit, list, keyOf)
  return { items: items.map(showHold), next }
}
