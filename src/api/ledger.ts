/**
 * The ledger as callers see it: the same methods in process (`openLedger`) and over HTTP (`connect`).
 *
 * Amounts are whole minor units as `bigint`: what is asked for is at most `AMOUNT_MAX` (10^16); what is answered is within int64, but
 * for the balances of house accounts, whose stripes are added up. Instants are milliseconds since 1970-01-01T00:00:00Z.
 */
import type { Asset } from '../domain/asset.ts'
import type { Balance } from '../domain/balance.ts'
import type { Answer } from '../domain/command.ts'
import type { Hold, HoldState } from '../domain/hold.ts'
import type { AccountName, AssetCode, Instant, RequestId } from '../domain/ids.ts'
import type { Entry, EntryKind, HoldEvent, StatementLine } from '../domain/journal.ts'
import type { Metadata } from '../domain/metadata.ts'
import type { Rate } from '../domain/rate.ts'
import type { AmendInput } from './commands/amend.ts'
import type { ChargeInput } from './commands/charge.ts'
import type { DeclareInput } from './commands/declare.ts'
import type { DepositInput } from './commands/deposit.ts'
import type { FreezeInput } from './commands/freeze.ts'
import type { OpenInput } from './commands/open.ts'
import type { RateInput } from './commands/rate.ts'
import type { RefundInput } from './commands/refund.ts'
import type { SettleInput } from './commands/settle.ts'
import type { TransferInput } from './commands/transfer.ts'
import type { CommandInput } from './contracts.ts'
import type { LedgerError } from './error.ts'

export type { AmendInput } from './commands/amend.ts'
export type { ChargeInput } from './commands/charge.ts'
export type { DeclareInput } from './commands/declare.ts'
export type { DepositInput } from './commands/deposit.ts'
export type { FreezeInput } from './commands/freeze.ts'
export type { OpenInput } from './commands/open.ts'
export type { RateInput } from './commands/rate.ts'
export type { RefundInput } from './commands/refund.ts'
export type { FinalSettleInput, PartSettleInput, SettleInput } from './commands/settle.ts'
export type { LegInput, TransferInput } from './commands/transfer.ts'
export type { CommandInput, InputKind } from './contracts.ts'

/** The caller's patience with one call. */
export interface CallOptions {
  /** Gives up when it fires: `deadline_exceeded`. */
  readonly signal?: AbortSignal
  /** Gives up after this many milliseconds: `deadline_exceeded`. */
  readonly timeoutMs?: number
}

/**
 * `rejected`: a rule said no. `faulted`: something is broken or too slow; the error says whether it may have applied.
 *
 * `replayed` is true when the request id had been used before: the first answer again. At most one caller is ever told false; none is
 * when the connection to the database was lost while committing and the effect was found afterwards.
 */
export type BatchOutcome =
  | { readonly status: 'applied'; readonly replayed: boolean; readonly answer: Answer }
  | { readonly status: 'rejected' | 'faulted'; readonly error: LedgerError }

/** An account, as soon as a coin or an `open` reached it. */
export interface AccountView {
  readonly account: AccountName
  readonly metadata: Metadata | null
  /** By asset; as many as the page has. */
  readonly balances: readonly Balance[]
  /** The cursor of the next balances; null when these are the last. */
  readonly next: string | null
}

export interface PageInput {
  /** 1 to 1000, default 50. */
  readonly limit?: number
  /** `next` of the page before. */
  readonly cursor?: string
}

/** Filters that lists have in common; all that are given must hold. */
export interface FilterInput {
  /** From this instant on. */
  readonly from?: Instant
  /** Before this instant. */
  readonly until?: Instant
  /** Metadata that has these keys with these values, and perhaps others. */
  readonly metadata?: Metadata
}

export interface HoldsInput extends PageInput, FilterInput {
  /** With an account: its holds of `asset`, newest first. Without: open holds by expiry, other states by id. */
  readonly account?: AccountName
  readonly asset?: AssetCode
  readonly state?: HoldState
}

/** Which lines of a statement. */
export interface StatementInput extends FilterInput {
  readonly asset?: AssetCode
  readonly kind?: EntryKind
  /** The id of the entry that they are lines of: a request id, or `HOLD~settle`, `HOLD~release`, `HOLD~late`. */
  readonly entry?: string
  readonly hold?: RequestId
  /** A part of the memo, letter by letter. */
  readonly memo?: string
}

export interface PostingsInput extends PageInput, StatementInput {}

export interface AccountInput extends PageInput {
  /** The moment to look at; now, when it is left out. */
  readonly at?: Instant
  /** Balances, one per asset: 1 to 1000, default 1000. */
  readonly limit?: number
}

/**
 * A page may be shorter than its limit, or empty, and still have a next one, where filters leave out most of a long list, or where memos and
 * metadata come to more than about a mebibyte.
 */
export interface PageView<Row> {
  readonly items: readonly Row[]
  /** The cursor of the next page; null when this is the last one. */
  readonly next: string | null
}

/** The reads of a ledger. They throw as `Ledger` does. */
export interface Reads {
  /**
   * An account of more assets than the page has a `next`. With `at`: every balance as its last posting up to that instant left it; one that had none yet is left out. Metadata and
   * floors have no history, so they are those of now. Exact as far as the clocks of the processes that write agree; a moment
   * of the last seconds may still gain postings. Codes: `account_not_found`.
   */
  account(account: AccountName, input?: AccountInput): Promise<AccountView>
  /** Codes: `hold_not_found`. */
  hold(id: RequestId): Promise<Hold>
  holds(input?: HoldsInput): Promise<PageView<Hold>>
  /** What happened to a hold, the freeze first, each with the hold as it was after it. Codes: `hold_not_found`. */
  holdHistory(id: RequestId, input?: PageInput): Promise<PageView<HoldEvent>>
  /** Newest first. A line's amounts are those after it; of a house account, those of its stripe, one stripe after another. */
  postings(account: AccountName, input?: PostingsInput): Promise<PageView<StatementLine>>
  /** Codes: `entry_not_found`. */
  entry(id: string): Promise<Entry>
  /** A page of the assets, by code. Default: as many as a page may have. */
  assetPage(input?: PageInput): Promise<PageView<Asset>>
  /** The newest rate of every pair, by `from`, then `to`. */
  rates(input?: PageInput): Promise<PageView<Rate>>
  /** Every rate that the pair had, the newest first; none when it was never declared. */
  rateHistory(from: AssetCode, to: AssetCode, input?: PageInput): Promise<PageView<Rate>>
}

/**
 * Every method throws `LedgerError` and nothing else. Its `code` says what happened, `retryable` whether the same call can
 * succeed later, and `applied` whether it may have had an effect; repeating a call under the same request id is always
 * safe. Input that breaks a rule of form is refused with the code `invalid_request` before anything happens.
 *
 * @see docs/reference/problems.md for every code.
 */
export interface Ledger extends Omit<Reads, 'assetPage'>, AsyncDisposable {
  /** Sets a floor and metadata. Codes: `unknown_asset`, `house_account`, `floor_above_available`. */
  open(input: OpenInput, options?: CallOptions): Promise<Balance>
  /** Declares an asset or renames it. Codes: `asset_conflict`. */
  declare(input: DeclareInput, options?: CallOptions): Promise<Asset>
  /**
   * Declares what coins of one asset come to in another, from here on. Repeating the newest rate changes nothing. Codes:
   * `unknown_asset`.
   */
  rate(input: RateInput, options?: CallOptions): Promise<Rate>
  /** Coins enter from `@issuer`. Codes: `request_id_reused`, `unknown_asset`, `house_account`, `balance_overflow`. */
  deposit(input: DepositInput, options?: CallOptions): Promise<Entry>
  /** Coins leave without a hold. Codes: as `deposit`, `same_account`, `insufficient_funds`. */
  charge(input: ChargeInput, options?: CallOptions): Promise<Entry>
  /** All legs or none. Codes: as `charge`, and across assets `unknown_rate`, `rounds_to_nothing`, `outside_tolerance`,
   * `exchange_out_of_range`. */
  transfer(input: TransferInput, options?: CallOptions): Promise<Entry>
  /** Sets coins aside. Codes: as `charge`, `expiry_out_of_range`. */
  freeze(input: FreezeInput, options?: CallOptions): Promise<Hold>
  /**
   * Takes the actual cost and gives the rest back; with `final: false` takes a part, and the hold stays open. Codes:
   * `hold_not_found`, `hold_not_open`, `settle_above_hold`, `payee_fixed`, `same_account`, `balance_overflow`; of a part
   * `request_id_reused`.
   */
  settle(hold: RequestId, input: SettleInput, options?: CallOptions): Promise<Hold>
  /**
   * Raises or lowers what is frozen, moves the expiry, changes what happens then. Codes: `request_id_reused`, `hold_not_found`,
   * `hold_not_open`, `expiry_out_of_range`, `amend_below_settled`, `insufficient_funds`.
   */
  amend(hold: RequestId, input: AmendInput, options?: CallOptions): Promise<Hold>
  /**
   * Takes back from the payee's `available` what was settled, whatever state the hold is in. Codes: `request_id_reused`,
   * `hold_not_found`, `refund_above_settled`, `insufficient_funds` (of the payee), `balance_overflow`.
   */
  refund(hold: RequestId, input: RefundInput, options?: CallOptions): Promise<Hold>
  /** Gives everything back. Codes: `hold_not_found`, `hold_not_open`. */
  release(hold: RequestId, options?: CallOptions): Promise<Hold>
  /**
   * Up to `BATCH_COMMANDS_MAX` commands, one outcome each, in order. With `atomic` all of them take effect or none:
   * the one that was refused says why, the others are `batch_aborted`.
   */
  batch(
    commands: readonly CommandInput[],
    options?: CallOptions & { readonly atomic?: boolean },
  ): Promise<BatchOutcome[]>

  /**
   * Every line of `postings`, read page by page as the caller takes them, so that no more than a page is in memory; whoever
   * stops taking stops the reading. Lines that are written meanwhile are not among them, except in stripes of a house account
   * that come later; with an `until` that is past, the same lines come every time.
   */
  exportPostings(account: AccountName, input?: StatementInput): AsyncIterable<StatementLine>
  /** All of them, by code, read page by page. */
  assets(): Promise<readonly Asset[]>
  /** Answers everything that was taken, then closes. */
  close(): Promise<void>
}
