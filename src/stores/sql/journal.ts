/**
 * The journal of balances, read by version and by time.
 *
 * A balance's postings are numbered without gaps (law 3), so the number of rows of a range of versions is known before it is read. That
 * bounds every statement. No index covers the time of a posting; a binary search over the versions finds it, with about 25 look-ups by
 * key in a journal of 10 million.
 */
import type { Compilable } from 'kysely'
import type { BalanceRecord } from '../../domain/balance.ts'
import type { PostingKey } from '../../domain/hold-history.ts'
import type { AccountName, AssetCode, Instant, RequestId } from '../../domain/ids.ts'
import { requestOfEntry, showLine, type Posting, type StatementLine } from '../../domain/journal.ts'
import { CLOCK_DIFFERENCE_MS_MAX, type Page, type Period, type PostingQuery } from '../../engine/reader.ts'
import { filtersAttached, matchesAttached, type Attached } from '../attached.ts'
import type { CursorKeys } from '../cursor.ts'
import { rowBytes } from '../page-bytes.ts'
import type { QueryBuilder } from './dialect.ts'
import { lastKey, oneMoreThan, PageInProgress, pageOf } from './pages.ts'
import { postingOf } from './posting-row.ts'
import { big, metadataOf, whole, type Row } from './values.ts'
import { stepOf } from './entry-row.ts'

/** One balance of an account: a house account has one for each of its stripes. */
export interface Stripe {
  readonly id: number
  readonly stripe: number
  readonly held: bigint
  readonly version: number
}

/** Versions from `low` on, and below `high`. */
export interface VersionRange {
  readonly low: number
  readonly high: number
}

/** How many rows one page may read that its filters leave out. */
export interface WalkLimits {
  /** Postings that the database reads for one page. */
  readonly postingsMax: number
  /** Requests that are read for one page with a filter by memo or metadata. */
  readonly requestsMax: number
}

/** Each limit took about 30 ms on SQLite, whose reading thread is blocked for that time. */
export const WALK_LIMITS: WalkLimits = { postingsMax: 50_000, requestsMax: 5_000 }

/** Requests in one statement, and rows of one statement where each has to be read to apply a filter. */
const REQUESTS_PER_STATEMENT = 500
export const ROWS_READ_THROUGH = REQUESTS_PER_STATEMENT - 1

/**
 * Postings fetched by key in one statement. It has two parameters and one term of an OR for each; SQLite nests at most
 * 1,000 terms (https://www.sqlite.org/limits.html), and a transfer of 1,000 legs has up to 2,000 postings.
 */
const POSTING_KEYS_MAX = 200

export class SqlJournal {
  readonly #builder: QueryBuilder
  readonly #rows: (statement: Compilable) => Promise<readonly Row[]>
  readonly #limits: WalkLimits

  constructor(
    builder: QueryBuilder,
    rows: (statement: Compilable) => Promise<readonly Row[]>,
    limits: WalkLimits = WALK_LIMITS,
  ) {
    this.#builder = builder
    this.#rows = rows
    this.#limits = limits
  }

  /** The balances of an account and asset: one, or the stripes of a house account. */
  async stripes(account: AccountName, asset: AssetCode): Promise<readonly Stripe[]> {
    const rows = await this.#rows(
      this.#builder
        .selectFrom('balances')
        .select(['id', 'stripe', 'held', 'version'])
        .where('account', '=', account)
        .where('asset', '=', asset)
        .orderBy('stripe'),
    )
    return rows.map((row) => ({
      id: whole(row['id']),
      stripe: whole(row['stripe']),
      held: big(row['held']),
      version: whole(row['version']),
    }))
  }

  /** Stripe after stripe, each a range of the primary key: one statement over all stripes would sort the whole journal. */
  async page(query: PostingQuery): Promise<Page<StatementLine>> {
    const last = lastKey('postings', query)
    const { account, asset, limit, hold = null } = query
    const stripes = await this.stripes(account, asset)
    const page = new PageInProgress<StatementLine>(limit, rowBytes)
    const isReadThrough = hold !== null || filtersAttached(query)
    const walk = this.walk(isReadThrough)
    for (const balance of stripes.filter((each) => last === null || each.stripe >= last[0])) {
      if (page.isFull) break
      const { stripe } = balance
      const below = last !== null && stripe === last[0] ? last[1] : null
      const stoppedAt = await walk.down(await this.range(balance, query, below), async (range) => {
        if (page.isFull) return null
        const rowsMax = page.portion(isReadThrough ? ROWS_READ_THROUGH : undefined)
        const rows = await this.#postingsIn(range, balance, query, rowsMax)
        const found = await this.lines(rows.map((row) => postingOf({ ...row, account, asset, stripe })))
        page.add(found, (line) => (hold === null || line.hold === hold) && matchesAttached(line, query))
        return rows.length > rowsMax ? whole(rows.at(-1)!['version']) : range.low
      })
      if (stoppedAt !== null) return pageOfLines(page.rows, limit, [stripe, stoppedAt])
    }
    return pageOfLines(page.rows, limit)
  }

  /** The walk of one page; shorter where every row has to be read to apply a filter. */
  walk(isReadThrough: boolean): Walk {
    return new Walk(isReadThrough ? this.#limits.requestsMax : this.#limits.postingsMax)
  }

  /** Postings of the range that pass the filters by column, newest first, `rowsMax` and one more. */
  async #postingsIn(
    { low, high }: VersionRange,
    { id }: Stripe,
    query: PostingQuery,
    rowsMax: number,
  ): Promise<readonly Row[]> {
    const { kind, from = null, until = null } = query
    let select = this.#builder
      .selectFrom('postings')
      .selectAll()
      .where('balance_id', '=', id)
      .where('version', '>=', low)
      .where('version', '<', high)
    if (kind !== null) select = select.where('kind', '=', kind)
    if (from !== null) select = select.where('at', '>=', from)
    if (until !== null) select = select.where('at', '<', until)
    return await this.#rows(select.orderBy('version', 'desc').limit(oneMoreThan(rowsMax)))
  }

  /** Postings with the memo and metadata of their requests, in their order. */
  async lines(postings: readonly Posting[]): Promise<readonly StatementLine[]> {
    const ids = [...new Set(postings.map(({ entryId }) => requestOfEntry(entryId)))]
    const attached = new Map<string, Attached & { readonly step: RequestId | null }>()
    for (let start = 0; start < ids.length; start += REQUESTS_PER_STATEMENT) {
      const rows = await this.#rows(
        this.#builder
          .selectFrom('requests')
          .select(['id', 'memo', 'metadata', 'hold_after'])
          .where('id', 'in', ids.slice(start, start + REQUESTS_PER_STATEMENT)),
      )
      for (const row of rows) {
        const memo = row['memo'] as string | null
        const step = stepOf(row['hold_after'])?.hold ?? null
        attached.set(row['id'] as string, { memo, metadata: metadataOf(row['metadata']), step })
      }
    }
    return postings.map((posting) => {
      const found = attached.get(requestOfEntry(posting.entryId))
      if (found === undefined) throw new Error(`The request of the entry ${posting.entryId} is gone.`)
      return showLine(posting, found, found.step)
    })
  }

  /** Each balance after its last posting up to the instant; balances without one are left out. */
  async balancesAt(balances: readonly BalanceRecord[], at: Instant): Promise<readonly BalanceRecord[]> {
    const ends = await this.#firstAfter(balances, at + CLOCK_DIFFERENCE_MS_MAX)
    const begun = balances.filter(({ id }) => ends.get(id)! > 1)
    const newest = await this.postingsAt(begun.map(({ id }) => [id, ends.get(id)! - 1]))
    const found: BalanceRecord[] = []
    for (const [index, balance] of begun.entries()) {
      // The search ends within some seconds of the instant. A posting after the instant needs a search by the time itself.
      const top = newest[index]!
      const last = top.at <= at ? top : await this.#lastUpTo(balance.id, top.version, at)
      if (last === null) continue
      const { available, held, version } = last
      found.push({ ...balance, available, held, version })
    }
    return found
  }

  async #lastUpTo(
    balanceId: number,
    below: number,
    at: Instant,
  ): Promise<Pick<BalanceRecord, 'available' | 'held' | 'version'> | null> {
    const [row] = await this.#rows(
      this.#builder
        .selectFrom('postings')
        .select(['version', 'available', 'held'])
        .where('balance_id', '=', balanceId)
        .where('version', '<', below)
        .where('at', '<=', at)
        .orderBy('version', 'desc')
        .limit(oneMoreThan(0)),
    )
    if (row === undefined) return null
    return { available: big(row['available']), held: big(row['held']), version: whole(row['version']) }
  }

  /**
   * The versions that include every posting of the period; a few around its ends may be outside of it.
   *
   * @param below the version at which the previous page ended
   */
  async range({ id, version }: Stripe, { from, until }: Period, below: number | null): Promise<VersionRange> {
    const last = below === null ? version : Math.min(below - 1, version)
    const bound = async (instant: Instant): Promise<number> =>
      (await this.#firstAfter([{ id, version: last }], instant)).get(id)!
    // The previous page was already below the end of the period.
    const isOpen = below !== null || until === null || until === undefined
    const high = isOpen ? last + 1 : await bound(until - 1 + CLOCK_DIFFERENCE_MS_MAX)
    const low = from === null || from === undefined ? 1 : await bound(from - 1 - CLOCK_DIFFERENCE_MS_MAX)
    return { low, high }
  }

  /**
   * For each balance a version whose posting is later than the instant while the previous one is not; the version after the last when
   * none is. Where time runs back there can be several; all of them are within the difference of the clocks.
   */
  async #firstAfter(
    balances: readonly { readonly id: number; readonly version: number }[],
    instant: Instant,
  ): Promise<ReadonlyMap<number, number>> {
    const searches = balances.map(({ id, version }) => ({ id, low: 0, high: version + 1, probe: version }))
    for (;;) {
      const open = searches.filter(({ low, high }) => high - low > 1)
      if (open.length === 0) return new Map(searches.map(({ id, high }) => [id, high]))
      const rows = await this.postingsAt(open.map(({ id, probe }) => [id, probe]))
      for (const [index, search] of open.entries()) {
        if (rows[index]!.at > instant) search.high = search.probe
        else search.low = search.probe
        search.probe = Math.floor((search.low + search.high) / 2)
      }
    }
  }

  /** In the order of the keys. */
  async postingsAt(keys: readonly PostingKey[]): Promise<readonly Posting[]> {
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
}

/** The rows that a page may still read. */
export class Walk {
  #left: number

  constructor(rowsMax: number) {
    this.#left = rowsMax
  }

  /**
   * Reads a range of versions downwards in steps. A step returns the version that it reached, or null when it has enough.
   *
   * @returns the version below which nothing was read, when the limit ended the walk before the range did
   */
  async down(
    { low, high }: VersionRange,
    step: (range: VersionRange) => Promise<number | null>,
  ): Promise<number | null> {
    let top = high
    while (top > low) {
      if (this.#left <= 0) return top
      const reached = await step({ low: Math.max(low, top - this.#left), high: top })
      if (reached === null) return null
      this.#left -= top - reached
      top = reached
    }
    return null
  }
}

export function pageOfLines(
  lines: readonly StatementLine[],
  limit: number,
  walkedTo: CursorKeys['postings'] | null = null,
): Page<StatementLine> {
  const keyOf = ({ stripe, version }: StatementLine) => [stripe, version] as const
  return pageOf(lines, { list: 'postings', limit, keyOf, bytesOf: rowBytes, walkedTo })
}
