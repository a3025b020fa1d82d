/** The read port: committed rows, straight from the database. Every list is a keyset page with a limit. */
import type { Asset } from '../domain/asset.ts'
import type { Balance } from '../domain/balance.ts'
import type { Hold, HoldState } from '../domain/hold.ts'
import type { AccountName, AssetCode, RequestId } from '../domain/ids.ts'
import type { Entry, EntryKind, Posting } from '../domain/journal.ts'
import type { Metadata } from '../domain/metadata.ts'
import type { Rate, RatePair } from '../domain/rate.ts'

/** An account, as soon as a coin or an `open` reached it. The stripes of a house account are added up. */
export interface Account {
  readonly account: AccountName
  readonly metadata: Metadata | null
  readonly balances: readonly Balance[]
}

export const PAGE_LIMIT_DEFAULT = 50
export const PAGE_LIMIT_MAX = 1000

export interface PageQuery {
  /** Rows per page, 1 to `PAGE_LIMIT_MAX`. */
  readonly limit: number
  /** `next` of the page before; null for the first page. */
  readonly cursor: string | null
}

export interface Page<Row> {
  readonly items: readonly Row[]
  /** The cursor of the next page; null when this is the last one. */
  readonly next: string | null
}

export interface HoldQuery extends PageQuery {
  /** With an account: its holds of `asset`, newest first. Without: open holds by expiry, other states by id. */
  readonly account: AccountName | null
  readonly asset: AssetCode
  readonly state: HoldState | null
}

export interface PostingQuery extends PageQuery {
  /** Newest first; the stripes of a house account one after another. */
  readonly account: AccountName
  readonly asset: AssetCode
  readonly kind: EntryKind | null
}

export interface RateHistoryQuery extends PageQuery, RatePair {}

/** Every method throws Fault `store_unavailable`, and RangeError for a cursor that no page gave out. */
export interface Reader {
  account(account: AccountName): Promise<Account | null>
  hold(id: RequestId): Promise<Hold | null>
  holds(query: HoldQuery): Promise<Page<Hold>>
  postings(query: PostingQuery): Promise<Page<Posting>>
  entry(id: string): Promise<Entry | null>
  assets(): Promise<readonly Asset[]>
  /** The newest rate of every pair, by `from`, then `to`. */
  rates(query: PageQuery): Promise<Page<Rate>>
  /** Every rate that the pair had, the newest first. */
  rateHistory(query: RateHistoryQuery): Promise<Page<Rate>>
}
