/** The read port: committed rows, read directly from the database. Every list is a keyset page with a limit. */
import type { Asset } from '../domain/asset.ts'
import type { Balance } from '../domain/balance.ts'
import type { Hold, HoldState } from '../domain/hold.ts'
import type { AccountName, AssetCode, Instant, RequestId } from '../domain/ids.ts'
import type { Entry, EntryKind, HoldEvent, StatementLine } from '../domain/journal.ts'
import type { Metadata } from '../domain/metadata.ts'
import { PAGE_LIMIT_MAX } from '../domain/page.ts'
import type { Rate, RatePair } from '../domain/rate.ts'

/** An account that has a balance or was opened, with a page of its balances. The stripes of a house account are added up. */
export interface Account {
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
  /** With an account: its holds of `asset`, newest first. Without one: open holds by expiry, other states by id. */
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

export interface RateHistoryQuery extends PageQuery, RatePair {}

export interface HoldHistoryQuery extends PageQuery {
  readonly hold: RequestId
}

/** Open holds whose expiry has come. */
export interface DueHolds {
  /** Earliest expiry first. */
  readonly holds: readonly { readonly id: RequestId; readonly expiresAt: Instant }[]
}

/** Overdue holds are counted up to this many; this value means "at least". */
export const OVERDUE_COUNT_MAX = 10_001

export interface OverdueHolds {
  /** 0 to `OVERDUE_COUNT_MAX`. */
  readonly count: number
  /** The earliest expiry among them; null when there are none. */
  readonly oldestExpiresAt: Instant | null
}

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
  hold(id: RequestId): Promise<Hold | null>
  holds(query: HoldQuery): Promise<Page<Hold>>
  /** The events of a hold, the freeze first; null when there is no such hold. */
  holdHistory(query: HoldHistoryQuery): Promise<Page<HoldEvent> | null>
  /** Open holds with `expiresAt` up to `now`, at most `limit` of them. @param limit 1 or more */
  due(now: Instant, limit: number): Promise<DueHolds>
  /** The number of holds that are due, and the earliest expiry among them. */
  overdue(now: Instant): Promise<OverdueHolds>
  postings(query: PostingQuery): Promise<Page<StatementLine>>
  entry(id: string): Promise<Entry | null>
  /** By code. @param query by default `FIRST_PAGE` */
  assets(query?: PageQuery): Promise<Page<Asset>>
  /** The newest rate of every pair, by `from`, then `to`. */
  rates(query: PageQuery): Promise<Page<Rate>>
  /** Every rate of the pair, newest first. */
  rateHistory(query: RateHistoryQuery): Promise<Page<Rate>>
}
