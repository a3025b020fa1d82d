/** The read port: committed rows, read directly from the database. Every list is a keyset page with a limit. */
import type { Asset } from '../domain/asset.ts'
import type { Balance } from '../domain/balance.ts'
import type { Hold, HoldState } from '../domain/hold.ts'
import type { AccountName, AssetCode, Instant, RequestId } from '../domain/ids.ts'
import type { Entry, EntryKind, HoldEvent, StatementLine } from '../domain/journal.ts'
import type { Metadata } from '../domain/metadata.ts'
import { PAGE_LIMIT_MAX } from '../domain/page.ts'
import type { Rate, RatePair } from '../domain/rate.ts'
import type { Standings } from '../domain/standing.ts'

/** An account that has a balance or was opened, with a page of its balances. The stripes of a house account are added up. */
export interface Account extends Standings {
  readonly account: AccountName
  readonly metadata: Metadata | null
  /** By asset. */
  readonly balances: readonly Balance[]
  /** The cursor of the next page of balances; null when this is the last one. */
  readonly next: string | null
}

export interface PageQuery {
  /** Rows per page, 1 to `PAGE_LIMIT_MAX`. */
  readonly limit: number
  /** `next` of the page before; null for the first page. */
  readonly cursor: string | null
}

/** The first page of a list that is usually short. */
export const FIRST_PAGE: PageQuery = { limit: PAGE_LIMIT_MAX, cursor: null }

/**
 * A page may be shorter than its limit, or empty, and still have a next one. When filters exclude most of a long list, a page ends after
 * the rows that it may scan; when rows are large, it ends at `PAGE_BYTES_MAX`.
 */
export interface Page<Row> {
  readonly items: readonly Row[]
  /** The cursor of the next page; null when this is the last one. */
  readonly next: string | null
}

/** From `from` (included) to `until` (excluded). Null means no such filter, here and in every query. */
export interface Period {
  readonly from?: Instant | null
  readonly until?: Instant | null
}

export interface HoldQuery extends PageQuery, Period {
  /** With an account: its holds of `asset`, newest first. Without one: open holds by expiry, others nearly in the order of their freezes. */
  readonly account: AccountName | null
  readonly asset: AssetCode
  readonly state: HoldState | null
  /** The metadata of the freeze has these keys with these values, and possibly others. The period applies to the freeze. */
  readonly metadata?: Metadata | null
}

export interface PostingQuery extends PageQuery, Period {
  /** Newest first; for a house account, one stripe after another. */
  readonly account: AccountName
  readonly asset: AssetCode
  readonly kind: EntryKind | null
  /** The id of the entry that the postings belong to. */
  readonly entry?: string | null
  readonly hold?: RequestId | null
  /** An exact substring of the memo. */
  readonly memo?: string | null
  /** The line's metadata has these keys with these values, and possibly others. */
  readonly metadata?: Metadata | null
}

/**
 * How much the clocks of processes that write the same balance may differ without making reads by time inexact.
 *
 * A posting has the time of the process that decided it, and that process had read the previous posting. So within a balance's journal
 * time decreases by at most the difference of those clocks. The clocks of machines that use NTP differ by milliseconds.
 */
export const CLOCK_DIFFERENCE_MS_MAX = 10_000

export interface FeedQuery {
  /** Entries per page, 1 to `PAGE_LIMIT_MAX`. */
  readonly limit: number
  /** `next` of the page before; null: from `start` on. */
  readonly cursor: string | null
  readonly start: FeedStart
}

export const FEED_STARTS = ['beginning', 'end'] as const
export type FeedStart = (typeof FEED_STARTS)[number]

/** A part of the feed: all entries in an order that never changes before what was read. */
export interface FeedPage {
  readonly items: readonly Entry[]
  /** Continues after the items; also when there is nothing more yet. */
  readonly next: string
  /** Whether there is more now. */
  readonly more: boolean
}

/** Commits that one read of the feed moves to its end. */
export const FEED_COMMITS_MAX = 1_000

/** The feed no longer has what the cursor stands behind: the database is in an earlier state, or another one. */
export class FeedCursorError extends Error {
  override readonly name = 'FeedCursorError'

  constructor() {
    super('The feed does not have the entry that the cursor stands behind.')
  }
}

export interface RateHistoryQuery extends PageQuery, RatePair {}

export interface HoldHistoryQuery extends PageQuery {
  readonly hold: RequestId
}

/** By name, then asset; or by an amount, then name. `-desc`: the largest first. */
export const BALANCE_ORDERS = ['name', 'available', 'available-desc', 'held', 'held-desc'] as const
export type BalanceOrder = (typeof BALANCE_ORDERS)[number]

/** Bounds of the amounts of a balance, none of them included. Null: no bound. */
export interface BalanceBounds {
  readonly availableBelow: bigint | null
  readonly availableAbove: bigint | null
  readonly heldBelow: bigint | null
  readonly heldAbove: bigint | null
}

export interface BalanceQuery extends PageQuery, BalanceBounds {
  /** Only accounts whose name begins so; '' for all. */
  readonly prefix: string
  /** Null: every asset, only in the order of names. */
  readonly asset: AssetCode | null
  readonly order: BalanceOrder
}

/**
 * Balances that a list by an amount sorts at most. There is no index of amounts, because every command would have to change it; so each
 * page reads all balances of the prefix. On a busy machine 200,000 took 0.4 to 1.3 s (test/servers/list-plans.test.ts
 * prints it), a million 2 to 14 s.
 */
export const BALANCES_SORTED_MAX = 200_000

/** More balances than a list by an amount sorts. */
export class TooManyBalances extends Error {
  override readonly name = 'TooManyBalances'

  constructor() {
    super(`More than ${BALANCES_SORTED_MAX} balances would have to be sorted.`)
  }
}

export interface StatsQuery extends PageQuery {
  readonly now: Instant
  /** How many days are listed, 0 to `STATS_DAYS_MAX`: the last one is that of `now`, and not over. */
  readonly days: number
}

/** An asset in figures. The parts are read one after the other, so while commands are applied they are not of one instant. */
export interface AssetStats {
  readonly asset: AssetCode
  /** The supply: by how much `@issuer` is below zero. */
  readonly issued: bigint
  /** What accounts have that are no house accounts; null when there are more than `STATS_BALANCES_MAX` balances. */
  readonly accounts: AccountTotals | null
  /** Holds that are open, without those that expired more than an hour ago; null when they were too many to count. */
  readonly holdsOpen: number | null
  /** The oldest first. */
  readonly days: readonly DayStats[]
}

export interface AccountTotals {
  /** Accounts with a balance of the asset. */
  readonly count: number
  readonly available: bigint
  readonly held: bigint
}

/** A day in UTC. */
export interface DayStats {
  readonly from: Instant
  /** By how much the supply grew. */
  readonly issued: bigint
  /** By how much `@revenue` grew: what was charged and settled to it, without refunds and what was paid from it. */
  readonly earned: bigint
}

export const STATS_DAYS_MAX = 31
/** Assets per page. */
export const STATS_ASSETS_MAX = 20
/** Balances that are added up at most, in statements of 50,000: on a busy machine a million took 2 to 11 s. */
export const STATS_BALANCES_MAX = 1_000_000
/** Places in the order of expiries that are looked at to count open holds, those of ended holds included. */
export const STATS_PLACES_MAX = 100_000
/** Holds that expired earlier are not counted. Sweepers have ended them. */
export const STATS_OVERDUE_MS = 3_600_000

/** A place in the order of expiries: of a hold as it was opened, or as a step left it. */
export interface ExpiryPlace {
  readonly expiresAt: Instant
  /** The number of the request that set the expiry. */
  readonly seq: number
}

export interface DueQuery {
  /** Null: from the first place. */
  readonly after: ExpiryPlace | null
  /** The last expiry that is looked for. */
  readonly until: Instant
  /** How many holds are returned at most, 1 or more. */
  readonly limit: number
  /** How many places are looked at, those of holds that have ended included; 1 or more. */
  readonly placesMax: number
}

/** Open holds by expiry. */
export interface DueHolds {
  /** Earliest expiry first. */
  readonly holds: readonly { readonly id: RequestId; readonly expiresAt: Instant }[]
  /** The place up to which was looked; null: up to `until`. */
  readonly reached: ExpiryPlace | null
}

/** Holds that are due are counted up to this many; this value means "at least". */
export const OVERDUE_COUNT_MAX = 10_001

/** How the cursor of a page begins that was read from a replica (split-reader.ts). Stores ignore it. */
export const REPLICA_MARK = /^~[A-Za-z0-9]{1,16}~/

/** The cursor is not one that a page of this list gave out. */
export class CursorError extends Error {
  override readonly name = 'CursorError'

  constructor() {
    super('The cursor is not one that a page of this list gave out.')
  }
}

/** Every method throws Fault `store_unavailable`, `store_misconfigured`, `overloaded` (too many reads are waiting). Methods that take a page also throw CursorError. */
export interface Reader {
  /** @param page which of its balances, by default `FIRST_PAGE` */
  account(account: AccountName, page?: PageQuery): Promise<Account | null>
  /**
   * The account at an instant: each balance as its last posting, in the order of versions, that is not later than `at`. Balances without
   * such a posting are omitted. Metadata and floors are the current ones; they have no history.
   */
  accountAt(account: AccountName, at: Instant, page?: PageQuery): Promise<Account | null>
  /** A balance per account and asset. @throws TooManyBalances */
  balances(query: BalanceQuery): Promise<Page<Balance>>
  /** By code. */
  stats(query: StatsQuery): Promise<Page<AssetStats>>
  /** One balance; null when it has no posting. */
  balance(account: AccountName, asset: AssetCode): Promise<Balance | null>
  hold(id: RequestId): Promise<Hold | null>
  holds(query: HoldQuery): Promise<Page<Hold>>
  /** The events of a hold, the freeze first; null when there is no such hold. */
  holdHistory(query: HoldHistoryQuery): Promise<Page<HoldEvent> | null>
  /** Open holds whose expiry is after the one place and up to the instant. */
  due(query: DueQuery): Promise<DueHolds>
  postings(query: PostingQuery): Promise<Page<StatementLine>>
  entry(id: string): Promise<Entry | null>
  /** @throws FeedCursorError */
  feed(query: FeedQuery): Promise<FeedPage>
  /** By code. @param query by default `FIRST_PAGE` */
  assets(query?: PageQuery): Promise<Page<Asset>>
  /** The newest rate of every pair, by `from`, then `to`. */
  rates(query: PageQuery): Promise<Page<Rate>>
  /** Every rate of the pair, newest first. */
  rateHistory(query: RateHistoryQuery): Promise<Page<Rate>>
}
