/** Reads of the memory store: filter everything, sort everything, take a page. */
import type { Asset } from '../../domain/asset.ts'
import { describe } from '../../domain/post.ts'
import {
  endingKeysOf,
  endingOf,
  eventOfStep,
  eventsOfRow,
  openingKeyOf,
  openingOf,
  type PostingKey,
} from '../../domain/hold-history.ts'
import { kindOfEnd, showHold, type Hold, type HoldRecord } from '../../domain/hold.ts'
import type { AccountName, Instant, RequestId } from '../../domain/ids.ts'
import {
  endOfHold,
  requestOfEntry,
  showEntry,
  showLine,
  type Entry,
  type EntryRecord,
  type HoldEvent,
  type HoldStep,
  type Posting,
  type PostingRecord,
  type StatementLine,
} from '../../domain/journal.ts'
import { PAGE_BYTES_MAX } from '../../domain/page.ts'
import { rateKey, type Rate } from '../../domain/rate.ts'
import type {
  Account,
  DueHolds,
  HoldHistoryQuery,
  HoldQuery,
  OverdueHolds,
  Page,
  PageQuery,
  Period,
  PostingQuery,
  RateHistoryQuery,
  Reader,
} from '../../engine/reader.ts'
import { FIRST_PAGE, OVERDUE_COUNT_MAX } from '../../engine/reader.ts'
import { matchesAttached } from '../attached.ts'
import { decodeCursor, encodeCursor, type CursorKeys, type CursorList } from '../cursor.ts'
import { rowBytes, rowsWithin } from '../page-bytes.ts'
import { addUpStripes } from '../stripes.ts'
import { postingKey, stepKey, type Connection, type Tables } from './tables.ts'

export class MemoryReader implements Reader {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async account(account: AccountName, page: PageQuery = FIRST_PAGE): Promise<Account | null> {
    const tables = await this.#connection.tables()
    const stripes = [...tables.balances.values()].filter((balance) => balance.account === account)
    if (stripes.length === 0) return null
    const { items, next } = pageOf(addUpStripes(stripes), page, 'balances', {
      key: ({ asset }) => [asset],
      isAfter: ({ asset }, [last]) => asset > last,
    })
    return { account, metadata: tables.accounts.get(account) ?? null, balances: items, next }
  }

  async accountAt(name: AccountName, at: Instant, page: PageQuery = FIRST_PAGE): Promise<Account | null> {
    const account = await this.account(name, page)
    if (account === null) return null
    const tables = await this.#connection.tables()
    const assets = new Set(account.balances.map(({ asset }) => asset))
    const stripes = [...tables.balances.values()].filter((each) => each.account === name && assets.has(each.asset))
    const lasts = new Map<number, PostingRecord>()
    const ids = new Set(stripes.map(({ id }) => id))
    for (const posting of tables.postings.values()) {
      if (!ids.has(posting.balanceId) || posting.at > at) continue
      if (posting.version > (lasts.get(posting.balanceId)?.version ?? 0)) lasts.set(posting.balanceId, posting)
    }
    const then = stripes.flatMap((balance) => {
      const last = lasts.get(balance.id)
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

  async holdHistory({ hold: id, ...query }: HoldHistoryQuery): Promise<Page<HoldEvent> | null> {
    const tables = await this.#connection.tables()
    const hold = tables.requests.get(id)
    if (hold?.kind !== 'freeze') return null
    const key = ({ number }: HoldEvent): CursorKeys['holdHistory'] => [number]
    const isAfter = (event: HoldEvent, [last]: CursorKeys['holdHistory']): boolean => event.number > last
    const bytesOf = ({ hold: shown }: HoldEvent): number => rowBytes(shown)
    return pageOf(eventsOf(tables, hold), query, 'holdHistory', { key, isAfter, bytesOf })
  }

  async due(now: Instant, limit: number): Promise<DueHolds> {
    const due = dueOf(await this.#connection.tables(), now)
    return { holds: due.slice(0, limit).map(({ id, expiresAt }) => ({ id, expiresAt })) }
  }

  async overdue(now: Instant): Promise<OverdueHolds> {
    const due = dueOf(await this.#connection.tables(), now)
    return { count: Math.min(due.length, OVERDUE_COUNT_MAX), oldestExpiresAt: due[0]?.expiresAt ?? null }
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
    const key = ({ stripe, version }: Posting): CursorKeys['postings'] => [stripe, version]
    return pageOf(postings, query, 'postings', { key, isAfter, bytesOf: rowBytes })
  }

  async entry(id: string): Promise<Entry | null> {
    const tables = await this.#connection.tables()
    const record = tables.requests.get(id)
    if (record !== undefined) {
      if (record.kind !== 'freeze') return showEntry(record)
      return openingOf(record, postingsAt(tables, [openingKeyOf(record)]))
    }
    const hold = tables.requests.get(requestOfEntry(id))
    const end = hold?.kind === 'freeze' ? endingOf(hold, postingsAt(tables, endingKeysOf(hold))) : null
    return end?.id === id ? end : null
  }

  async assets(query: PageQuery = FIRST_PAGE): Promise<Page<Asset>> {
    const tables = await this.#connection.tables()
    const sorted = [...tables.assets.values()].sort((left, right) => compare(left.code, right.code))
    return pageOf(sorted, query, 'assets', { key: ({ code }) => [code], isAfter: ({ code }, [last]) => code > last })
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
  if (request.kind === 'freeze') return showLine(posting, { memo: null, metadata })
  return showLine(posting, { memo: request.memo, metadata }, request.step?.hold ?? null)
}

/** The steps of a hold, in their order. */
function stepsOf(tables: Tables, hold: HoldRecord): (EntryRecord & { readonly step: HoldStep })[] {
  return Array.from({ length: hold.steps }, (_, index) => {
    const id = tables.holdSteps.get(stepKey(hold.id, index + 1))
    const entry = id === undefined ? undefined : tables.requests.get(id)
    if (entry === undefined || entry.kind === 'freeze' || entry.step === null) {
      throw new Error(`The step ${index + 1} of the hold ${hold.id} is gone.`)
    }
    return { ...entry, step: entry.step }
  })
}

function eventsOf(tables: Tables, hold: HoldRecord): readonly HoldEvent[] {
  const steps = stepsOf(tables, hold)
  const isEndStep = steps.some(({ id }) => id === endOfHold(hold.id, kindOfEnd(hold)))
  const ofRow = eventsOfRow(hold, isEndStep)
  return [...ofRow, ...steps.map((entry) => eventOfStep(entry, entry.step, ofRow.length))]
}

/** Open holds whose expiry has come, the earliest first. */
function dueOf(tables: Tables, now: Instant): HoldRecord[] {
  return [...tables.requests.values()]
    .filter((record) => record.kind === 'freeze')
    .filter(({ state, expiresAt }) => state === 'open' && expiresAt <= now)
    .sort((left, right) => compareKeys([left.expiresAt, left.id], [right.expiresAt, right.id]))
}

function postingsAt(tables: Tables, keys: readonly PostingKey[]): readonly Posting[] {
  return keys.map(([balanceId, version]) => postingAt(tables, balanceId, version))
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
  const page = pageOf(sorted, query, list, {
    key,
    isAfter: (hold, last) => order(key(hold), last) > 0,
    bytesOf: rowBytes,
  })
  return { items: page.items.map(showHold), next: page.next }
}

interface PageOrder<Row, Key> {
  readonly key: (row: Row) => Key
  /** Whether the row comes after the one with this key. */
  readonly isAfter: (row: Row, key: Key) => boolean
  /** The bytes of a row towards `PAGE_BYTES_MAX`; left out where all rows are small. */
  readonly bytesOf?: (row: Row) => number
}

/** @param rows all of the list, in its order. */
function pageOf<Row, List extends CursorList>(
  rows: readonly Row[],
  { limit, cursor }: PageQuery,
  list: List,
  { key, isAfter, bytesOf = () => 0 }: PageOrder<Row, CursorKeys[List]>,
): Page<Row> {
  const last = cursor === null ? null : decodeCursor(list, cursor)
  const rest = last === null ? rows : rows.filter((row) => isAfter(row, last))
  const items = rowsWithin(rest.slice(0, limit), bytesOf, PAGE_BYTES_MAX)
  const lastItem = items.at(-1)
  return {
    items,
    next: rest.length > items.length && lastItem !== undefined ? encodeCursor(list, key(lastItem)) : null,
  }
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
