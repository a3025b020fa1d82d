/** Reads of the memory store: filter everything, sort everything, take a page. */
import type { Asset } from '../../domain/asset.ts'
import type { Balance } from '../../domain/balance.ts'
import { counterpartiesOf } from '../../domain/counterparties.ts'
import { describe } from '../../domain/post.ts'
import {
  endingKeysOf,
  endingOf,
  eventOfChange,
  frozenEvent,
  openingKeyOf,
  openingOf,
  type PostingKey,
} from '../../domain/hold-history.ts'
import type { Hold } from '../../domain/hold.ts'
import { isCharge, kindOfEnd, showHold, showHoldAsFrozen, type HoldRecord } from '../../domain/hold-record.ts'
import { needsDeclaration } from '../../domain/house-account.ts'
import type { AccountName, AssetCode, Instant, RequestId } from '../../domain/ids.ts'
import {
  endOfHold,
  requestOfEntry,
  showEntry,
  showLine,
  type Entry,
  type HoldEvent,
  type Posting,
  type PostingRecord,
  type StatementLine,
} from '../../domain/journal.ts'
import { rateKey, type Rate } from '../../domain/rate.ts'
import type {
  Account,
  AssetStats,
  BalanceQuery,
  DueHolds,
  DueQuery,
  FeedPage,
  FeedQuery,
  ExpiryPlace,
  HoldHistoryQuery,
  HoldQuery,
  Page,
  PageQuery,
  Period,
  PostingQuery,
  RateHistoryQuery,
  Reader,
  StatsQuery,
} from '../../engine/reader.ts'
import { FIRST_PAGE } from '../../engine/reader.ts'
import { feedKeyOf, feedPageOf, keyBehind, placesAfter } from '../feed-pages.ts'
import { matchesAttached } from '../attached.ts'
import type { CursorKeys, CursorList } from '../cursor.ts'
import { lineBytes, rowBytes } from '../page-bytes.ts'
import { ACTIVE } from '../../domain/standing.ts'
import { addUpStripes } from '../stripes.ts'
import { listBalances } from './balance-lists.ts'
import { compare, compareKeys, pageOf } from './pages.ts'
import { statsOf } from './stats.ts'
import { changeKey, postingKey, type Connection, type Tables } from './tables.ts'

export class MemoryReader implements Reader {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async account(account: AccountName, page: PageQuery = FIRST_PAGE): Promise<Account | null> {
    const tables = await this.#connection.tables()
    const stripes = [...tables.balances.values()].filter((balance) => balance.account === account)
    if (stripes.length === 0 && !(needsDeclaration(account) && tables.houses.has(account))) {
      const metadata = tables.accounts.get(account)
      const stood = tables.standings.get(account)
      if ((metadata === undefined && stood === undefined) || page.cursor !== null) return null
      const { standing, successor } = stood ?? ACTIVE
      return { account, metadata: metadata ?? null, standing, successor, balances: [], next: null }
    }
    const { items, next } = pageOf(addUpStripes(stripes), page, 'balances', {
      key: ({ asset }) => [asset],
      isAfter: ({ asset }, [last]) => asset > last,
    })
    const { standing, successor } = tables.standings.get(account) ?? ACTIVE
    return { account, metadata: tables.accounts.get(account) ?? null, standing, successor, balances: items, next }
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

  async balances(query: BalanceQuery): Promise<Page<Balance>> {
    return listBalances(await this.#connection.tables(), query)
  }

  async stats(query: StatsQuery): Promise<Page<AssetStats>> {
    const { items, next } = await this.assets(query)
    const tables = await this.#connection.tables()
    return { items: items.map(({ code }) => statsOf(tables, code, query)), next }
  }

  async balance(account: AccountName, asset: AssetCode): Promise<Balance | null> {
    const tables = await this.#connection.tables()
    const stripes = [...tables.balances.values()].filter((each) => each.account === account && each.asset === asset)
    return addUpStripes(stripes)[0] ?? null
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
      .filter((hold) => !isCharge(hold))
      .filter((hold) => state === null || hold.state === state)
      .filter((hold) => isWithin(hold.createdAt, query))
      .filter(({ metadata }) => matchesAttached({ memo: null, metadata }, { metadata: query.metadata ?? null }))
    if (account !== null) {
      const own = holds.filter((hold) => hold.account === account && hold.asset === asset)
      return pageOfHolds(own, query, { list: 'holdsOfAccount', key: (hold) => [hold.openedVersion], descending: true })
    }
    if (state === 'open') {
      const key = (hold: HoldRecord): CursorKeys['holdsByExpiry'] => [hold.expiresAt, placeOf(tables, hold).seq]
      return pageOfHolds(holds, query, { list: 'holdsByExpiry', key })
    }
    return pageOfHolds(holds, query, { list: 'holdsBySeq', key: (hold) => [hold.seq] })
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

  async due(query: DueQuery): Promise<DueHolds> {
    const tables = await this.#connection.tables()
    const places = placesIn(tables, query).slice(0, query.placesMax)
    const own = places.filter((place) => isOwn(tables, place)).slice(0, query.limit)
    const holds = own.map(({ hold: { id }, expiresAt }) => ({ id, expiresAt }))
    const last = own.length === query.limit ? own.at(-1) : places[query.placesMax - 1]
    return { holds, reached: last === undefined ? null : { expiresAt: last.expiresAt, seq: last.seq } }
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
    return pageOf(postings, query, 'postings', { key, isAfter, bytesOf: lineBytes })
  }

  async entry(id: string): Promise<Entry | null> {
    return entryIn(await this.#connection.tables(), id)
  }

  async feed(query: FeedQuery): Promise<FeedPage> {
    const tables = await this.#connection.tables()
    const commits = tables.feed.map((entries, index) => ({ position: index + 1, entries }))
    const begin = feedKeyOf(query) ?? keyBehind(commits.at(-1))
    const all = placesAfter(
      begin,
      commits.filter(({ position }) => position >= begin[0]),
    )
    const places = all.slice(0, query.limit)
    const entries: Entry[] = []
    for (const { seq, isEnd } of places) {
      const request = tables.requestBySeq(seq)!
      const id = isEnd && request.kind === 'freeze' ? endOfHold(request.id, kindOfEnd(request)) : request.id
      entries.push((await this.entry(id))!)
    }
    return feedPageOf(begin, { places, entries, rest: all.length > places.length })
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

function entryIn(tables: Tables, id: string): Entry | null {
  const record = tables.requests.get(id)
  if (record !== undefined) {
    if (record.kind !== 'freeze') return showEntry(record)
    if (record.charge !== null) return showEntry(record.charge)
    return openingOf(record, postingsAt(tables, [openingKeyOf(record)]))
  }
  const hold = tables.requests.get(requestOfEntry(id))
  const end = hold?.kind === 'freeze' ? endingOf(hold, postingsAt(tables, endingKeysOf(hold))) : null
  return end?.id === id ? end : null
}

function lineOf(tables: Tables, posting: Posting): StatementLine {
  const request = tables.requests.get(requestOfEntry(posting.entryId))
  const entry = entryIn(tables, posting.entryId)
  if (request === undefined || entry === null) throw new Error(`The entry ${posting.entryId} is gone.`)
  const attached = { metadata: request.metadata, by: entry.by, ...counterpartiesOf(posting, entry) }
  if (request.kind === 'freeze') return showLine(posting, { memo: request.charge?.memo ?? null, ...attached })
  return showLine(posting, { memo: request.memo, ...attached }, request.step?.hold ?? null)
}

function eventsOf(tables: Tables, hold: HoldRecord): readonly HoldEvent[] {
  const events = [frozenEvent(hold)]
  for (let number = 1; number <= hold.changes; number++) {
    const change = tables.holdChanges.get(changeKey(hold.seq, number))
    if (change === undefined) throw new Error(`The change ${number} of the hold ${hold.id} is gone.`)
    events.push(eventOfChange(change.after, change.step))
  }
  return events
}

/** An expiry that the freeze of a hold set, or a step that left the hold open. */
interface Place extends ExpiryPlace {
  /** The hold at that time. */
  readonly hold: HoldRecord
}

/** In their order. */
function placesIn(tables: Tables, { after, until }: DueQuery): readonly Place[] {
  const places = [...tables.requests.values()]
    .filter((record) => record.kind === 'freeze')
    .filter((hold) => !isCharge(hold))
    .map((hold) => ({ hold: { ...hold, changes: 0 }, expiresAt: showHoldAsFrozen(hold).expiresAt, seq: hold.seq }))
  for (const { after: hold, step } of tables.holdChanges.values()) {
    if (step !== null && hold.state === 'open') places.push({ hold, expiresAt: hold.expiresAt, seq: step.seq })
  }
  const key = ({ expiresAt, seq }: ExpiryPlace): readonly number[] => [expiresAt, seq]
  return places
    .filter((place) => place.expiresAt <= until && (after === null || compareKeys(key(place), key(after)) > 0))
    .sort((left, right) => compareKeys(key(left), key(right)))
}

/** Whether nothing happened to the hold since: it is open, and expires there. */
function isOwn(tables: Tables, { hold }: Place): boolean {
  return !tables.holdChanges.has(changeKey(hold.seq, hold.changes + 1))
}

/** Where an open hold expires. */
function placeOf(tables: Tables, { expiresAt, seq, changes }: HoldRecord): ExpiryPlace {
  const step = tables.holdChanges.get(changeKey(seq, changes))?.step
  return { expiresAt, seq: step?.seq ?? seq }
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
