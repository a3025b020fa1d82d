/** Reads of the memory store: filter everything, sort everything, take a page. */
import type { Asset } from '../../domain/asset.ts'
import { describe } from '../../domain/post.ts'
import { showHold, type Hold, type HoldRecord } from '../../domain/hold.ts'
import type { AccountName, Instant, RequestId } from '../../domain/ids.ts'
import {
  endOfHold,
  requestOfEntry,
  showEntry,
  showLine,
  type Entry,
  type Posting,
  type StatementLine,
} from '../../domain/journal.ts'
import { rateKey, type Rate } from '../../domain/rate.ts'
import type {
  Account,
  HoldQuery,
  Page,
  PageQuery,
  Period,
  PostingQuery,
  RateHistoryQuery,
  Reader,
} from '../../engine/reader.ts'
import { matchesAttached } from '../attached.ts'
import { decodeCursor, encodeCursor, type CursorKeys, type CursorList } from '../cursor.ts'
import { addUpStripes } from '../stripes.ts'
import { postingKey, type Connection, type Tables } from './tables.ts'

export class MemoryReader implements Reader {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async account(account: AccountName): Promise<Account | null> {
    const tables = await this.#connection.tables()
    const stripes = [...tables.balances.values()].filter((balance) => balance.account === account)
    if (stripes.length === 0) return null
    return { account, metadata: tables.accounts.get(account) ?? null, balances: addUpStripes(stripes) }
  }

  async accountAt(name: AccountName, at: Instant): Promise<Account | null> {
    const account = await this.account(name)
    if (account === null) return null
    const tables = await this.#connection.tables()
    const balances = [...tables.balances.values()].filter((balance) => balance.account === name)
    const then = balances.flatMap((balance) => {
      const postings = [...tables.postings.values()].filter((each) => each.balanceId === balance.id && each.at <= at)
      const last = postings.sort((left, right) => left.version - right.version).at(-1)
      if (last === undefined) return []
      return [{ ...balance, available: last.available, held: last.held, version: last.version }]
    })
    return { ...account, balances: addUpStripes(then) }
  }

  async hold(id: RequestId): Promise<Hold | null> {
    const tables = await this.#connection.tables()
    const record = tables.requests.get(id)
    return record?.kind === 'freeze' ? showHold(record) : null
  }

  async holds(query: HoldQuery): Promise<Page<Hold>> {
    const tables = await this.#connection.tables()
    const { account, asset, state } = query
    const holds = [...tables.requests.values()]
      .filter((record) => record.kind === 'freeze')
      .filter((hold) => state === null || hold.state === state)
      .filter((hold) => isWithin(hold.createdAt, query))
      .filter(({ metadata }) => matchesAttached({ memo: null, metadata }, { metadata: query.metadata ?? null }))
    if (account !== null) {
      const own = holds.filter((hold) => hold.account === account && hold.asset === asset)
      return pageOfHolds(own, query, { list: 'holdsOfAccount', key: (hold) => [hold.openedVersion], descending: true })
    }
    if (state === 'open') {
      return pageOfHolds(holds, query, { list: 'holdsByExpiry', key: (hold) => [hold.expiresAt, hold.id] })
    }
    return pageOfHolds(holds, query, { list: 'holdsById', key: (hold) => [hold.id] })
  }

  async postings(query: PostingQuery): Promise<Page<StatementLine>> {
    const tables = await this.#connection.tables()
    const { account, asset, kind, entry = null, hold = null } = query
    const named = new Map(
      [...tables.balances.values()]
        .filter((balance) => balance.account === account && balance.asset === asset)
        .map((balance) => [balance.id, balance]),
    )
    const postings = [...tables.postings.values()]
      .filter((posting) => named.has(posting.balanceId))
      .filter((posting) => kind === null || posting.kind === kind)
      .filter((posting) => isWithin(posting.at, query))
      .map((posting) => lineOf(tables, describe(posting, named.get(posting.balanceId)!)))
      .filter((line) => entry === null || line.entryId === entry)
      .filter((line) => hold === null || line.hold === hold)
      .filter((line) => matchesAttached(line, query))
      .sort((left, right) => left.stripe - right.stripe || right.version - left.version)
    const isAfter = (posting: Posting, [stripe, version]: CursorKeys['postings']): boolean =>
      posting.stripe > stripe || (posting.stripe === stripe && posting.version < version)
    return pageOf(postings, query, 'postings', { key: (posting) => [posting.stripe, posting.version], isAfter })
  }

  async entry(id: string): Promise<Entry | null> {
    const tables = await this.#connection.tables()
    const record = tables.requests.get(id)
    if (record !== undefined) return record.kind === 'freeze' ? opening(tables, record) : showEntry(record)
    const hold = tables.requests.get(id.slice(0, Math.max(0, id.indexOf('~'))))
    return hold?.kind === 'freeze' ? ending(tables, hold, id) : null
  }

  async assets(): Promise<readonly Asset[]> {
    const tables = await this.#connection.tables()
    return [...tables.assets.values()].sort((left, right) => compare(left.code, right.code))
  }

  async rates(query: PageQuery): Promise<Page<Rate>> {
    const tables = await this.#connection.tables()
    const key = ({ from, to }: Rate): CursorKeys['rates'] => [from, to]
    const newest = [...tables.rates.values()].map((rates) => rates.at(-1)!)
    const sorted = newest.sort((left, right) => compareKeys(key(left), key(right)))
    return pageOf(sorted, query, 'rates', { key, isAfter: (rate, last) => compareKeys(key(rate), last) > 0 })
  }

  async rateHistory(query: RateHistoryQuery): Promise<Page<Rate>> {
    const tables = await this.#connection.tables()
    const rates = (tables.rates.get(rateKey(query.from, query.to)) ?? []).toReversed()
    const isAfter = (rate: Rate, [version]: CursorKeys['rateHistory']): boolean => rate.version < version
    return pageOf(rates, query, 'rateHistory', { key: ({ version }) => [version], isAfter })
  }
}

function isWithin(instant: Instant, { from = null, until = null }: Period): boolean {
  return (from === null || instant >= from) && (until === null || instant < until)
}

function lineOf(tables: Tables, posting: Posting): StatementLine {
  const request = tables.requests.get(requestOfEntry(posting.entryId))
  if (request === undefined) throw new Error(`The request of the entry ${posting.entryId} is gone.`)
  const { metadata } = request
  return showLine(posting, { memo: request.kind === 'freeze' ? null : request.memo, metadata })
}

/** The entry of the freeze: it carries what the caller attached to the hold. */
function opening(tables: Tables, hold: HoldRecord): Entry {
  return {
    id: hold.id,
    kind: 'freeze',
    at: hold.createdAt,
    memo: null,
    metadata: hold.metadata,
    floor: null,
    legs: null,
    postings: [postingAt(tables, hold.balanceId, hold.openedVersion)],
  }
}

/** The entry that ended the hold, when `id` is its name. */
function ending(tables: Tables, hold: HoldRecord, id: string): Entry | null {
  if (hold.endedAt === null || hold.endedVersion === null) return null
  const kind = hold.state === 'settled' ? 'settle' : 'release'
  if (id !== endOfHold(hold.id, kind)) return null
  const postings = [postingAt(tables, hold.balanceId, hold.endedVersion)]
  if (hold.payeeBalanceId !== null && hold.payeeVersion !== null) {
    postings.push(postingAt(tables, hold.payeeBalanceId, hold.payeeVersion))
  }
  return { id, kind, at: hold.endedAt, memo: null, metadata: null, floor: null, legs: null, postings }
}

function postingAt(tables: Tables, balanceId: number, version: number): Posting {
  const posting = tables.postings.get(postingKey(balanceId, version))
  const balance = tables.balanceById(balanceId)
  if (posting === undefined || balance === null) throw new Error(`The posting ${balanceId}/${version} is gone.`)
  return describe(posting, balance)
}

interface HoldOrder<List extends CursorList> {
  readonly list: List
  readonly key: (hold: HoldRecord) => CursorKeys[List]
  readonly descending?: boolean
}

function pageOfHolds<List extends CursorList>(
  holds: readonly HoldRecord[],
  query: PageQuery,
  { list, key, descending = false }: HoldOrder<List>,
): Page<Hold> {
  const order = (left: CursorKeys[List], right: CursorKeys[List]): number =>
    descending ? compareKeys(right, left) : compareKeys(left, right)
  const sorted = holds.toSorted((left, right) => order(key(left), key(right)))
  const page = pageOf(sorted, query, list, { key, isAfter: (hold, last) => order(key(hold), last) > 0 })
  return { items: page.items.map(showHold), next: page.next }
}

interface PageOrder<Row, Key> {
  readonly key: (row: Row) => Key
  /** Whether the row comes after the one with this key. */
  readonly isAfter: (row: Row, key: Key) => boolean
}

/** @param rows all of the list, in its order. */
function pageOf<Row, List extends CursorList>(
  rows: readonly Row[],
  { limit, cursor }: PageQuery,
  list: List,
  { key, isAfter }: PageOrder<Row, CursorKeys[List]>,
): Page<Row> {
  const last = cursor === null ? null : decodeCursor(list, cursor)
  const rest = last === null ? rows : rows.filter((row) => isAfter(row, last))
  const items = rest.slice(0, limit)
  const lastItem = items.at(-1)
  return { items, next: rest.length > limit && lastItem !== undefined ? encodeCursor(list, key(lastItem)) : null }
}

function compareKeys(left: readonly (number | string)[], right: readonly (number | string)[]): number {
  for (const [index, part] of left.entries()) {
    const order = compare(part, right[index]!)
    if (order !== 0) return order
  }
  return 0
}

/** By code unit, as a binary collation orders ASCII. */
function compare(left: number | string, right: number | string): number {
  if (left === right) return 0
  return left < right ? -1 : 1
}
