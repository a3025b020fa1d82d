/** The read port: committed rows, straight from the database. Every list is a keyset page with a limit. */
import type { Asset } from '../domain/asset.ts'
import type { Balance } from '../domain/balance.ts'
import type { Hold, HoldState } from '../domain/hold.ts'
import type { AccountName, AssetCode, Instant, RequestId } from '../domain/ids.ts'
import type { Entry, EntryKind, HoldEvent, StatementLine } from '../domain/journal.ts'
import type { Metadata } from '../domain/metadata.ts'
import { PAGE_LIMIT_MAX } from '../domain/page.ts'
import type { Rate, RatePair } from '../domain/rate.ts'

/** An account, as soon as a coin or an `open` reached it, with a page of its balances. The stripes of a house account are added up. */
export interface Account {
  readonly account: AccountName
  readonly metadata: Metadata | null
  /** By asset. */
  readonly balances: readonly Balance[]
  /** The cursor of the next balances; null when these are the last. */
  readonly next: string | null
}

export interface PageQuery {
  /** Rows per page, 1 to `PAGE_LIMIT_MAX`. */
  readonly limit: number
  /** `next` of the page before; null for the first page. */
  readonly cursor: string | null
}

/** The first page of a list that is short as a rule. */
export const FIRST_PAGE: PageQuery = { limit: PAGE_LIMIT_MAX, cursor: null }

/**
 * A page may be shorter than its limit, or empty, and still have a next one: where filters leave out most of a long list, a
 * page ends after the rows that it may walk over; where rows are large, after `PAGE_BYTES_MAX`.
 */
export interface Page<Row> {
  readonly items: readonly Row[]
  /** The cursor of the next page; null when this is the last one. */
  readonly next: string | null
}

/** From the first instant on, and before the second. Null, as everywhere in a query, stands for no such filter. */
export interface Period {
  readonly from?: Instant | null
  readonly until?: Instant | null
}

export interface HoldQuery extends PageQuery, Period {
  /** With an account: its holds of `asset`, newest first. Without: open holds by expiry, other states by id. */
  readonly account: AccountName | null
  readonly asset: AssetCode
  readonly state: HoldState | null
  /** What the freeze carried has these keys with these values, and perhaps others. The period is that of the freeze. */
  readonly metadata?: Metadata | null
}

export interface PostingQuery extends PageQuery, Period {
  /** Newest first; the stripes of a house account one after another. */
  readonly account: AccountName
  readonly asset: AssetCode
  readonly kind: EntryKind | null
  /** The id of the entry that they are lines of. */
  readonly entry?: string | null
  readonly hold?: RequestId | null
  /** A part of the memo, letter by letter. */
  readonly memo?: string | null
  /** The line's metadata has these keys with these values, and perhaps others. */
  readonly metadata?: Metadata | null
}

/**
 * How much the clocks of processes that write one balance may differ for reads by time to be exact.
 *
 * A posting carries the time of the process that decided it, which had read the posting before it. So within a balance's
 * journal time runs back by no more than those clocks differ. Machines that keep their clocks by NTP differ by milliseconds.
 */
export const CLOCK_DIFFERENCE_MS_MAX = 10_000

export interface RateHistoryQuery extends PageQuery, RatePair {}

export interface HoldHistoryQuery extends PageQuery {
  readonly hold: RequestId
}

/** Open holds whose expiry has come. */
export interface DueHolds {
  /** The earliest first. */
  readonly holds: readonly { readonly id: RequestId; readonly expiresAt: Instant }[]
}

/** How far overdue holds are counted: a count of so many means as many or more. */
export const OVERDUE_COUNT_MAX = 10_001

export interface OverdueHolds {
  /** 0 to `OVERDUE_COUNT_MAX`. */
  readonly count: number
  /** Of the one that is due for longest; null when none is. */
  readonly oldestExpiresAt: Instant | null
}

/** The cursor is not one that a page of this list gave out. */
export class CursorError extends Error {
  override readonly name = 'CursorError'

  constructor() {
    super('The cursor is not one that a page of this list gave out.')
  }
}

/** Every method throws Fault `store_unavailable`, `store_misconfigured`, `overloaded` (too many reads wait). Those that take a page also throw CursorError. */
export interface Reader {
  /** @param page of its balances, by default `FIRST_PAGE` */
  account(account: AccountName, page?: PageQuery): Promise<Account | null>
  /**
   * The account as it was at that instant: of every balance the last posting, in the order of versions, that is not later.
   * Balances that had none yet are left out. Metadata and floors are those of now; they have no history.
   */
  accountAt(account: AccountName, at: Instant, page?: PageQuery): Promise<Account | null>
  hold(id: RequestId): Promise<Hold | null>
  holds(query: HoldQuery): Promise<Page<Hold>>
  /** What happened to the hold, the freeze first; null when there is no such hold. */
  holdHistory(query: HoldHistoryQuery): Promise<Page<HoldEvent> | null>
  /** Open holds with `expiresAt` up to `now`, at most `limit` of them, 1 or more. */
  due(now: Instant, limit: number): Promise<DueHolds>
  /** How many holds there are that `due` could give, and since when. */
  overdue(now: Instant): Promise<OverdueHolds>
  postings(query: PostingQuery): Promise<Page<StatementLine>>
  entry(id: string): Promise<Entry | null>
  /** By code. @param query by default `FIRST_PAGE` */
  assets(query?: PageQuery): Promise<Page<Asset>>
  /** The newest rate of every pair, by `from`, then `to`. */
  rates(query: PageQuery): Promise<Page<Rate>>
  /** Every rate that the pair had, the newest first. */
  rateHistory(query: RateHistoryQuery): Promise<Page<Rate>>
}
