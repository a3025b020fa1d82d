/**
 * The interface of a ledger: the same methods in process (`openLedger`) and over HTTP (`connect`).
 *
 * Amounts are whole minor units as `bigint`. The amount of a command is at most `AMOUNT_MAX` (10^16). Amounts in answers are within
 * int64; only the balance of a house account, the sum of its stripes, can be outside. Instants are milliseconds since
 * 1970-01-01T00:00:00Z.
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

/** The time limit of one call. */
export interface CallOptions {
  /** When it fires, the call throws `deadline_exceeded`. */
  readonly signal?: AbortSignal
  /** After this many milliseconds, the call throws `deadline_exceeded`. */
  readonly timeoutMs?: number
}

/**
 * `rejected`: the business rules refused the command. `faulted`: a failure or a timeout; the error says whether the command may have
 * had an effect.
 *
 * `replayed` is true if the command is a repeat: the answer is the first one. At most one caller gets false. No caller gets false if
 * the connection to the database was lost during the commit and the engine found the effect afterwards.
 */
export type BatchOutcome =
  | { readonly status: 'applied'; readonly replayed: boolean; readonly answer: Answer }
  | { readonly status: 'rejected' | 'faulted'; readonly error: LedgerError }

/** An account. It exists from its first coin or `open` on. */
export interface AccountView {
  readonly account: AccountName
  readonly metadata: Metadata | null
  /** One page, sorted by asset. */
  readonly balances: readonly Balance[]
  /** The cursor of the next page of balances; null on the last page. */
  readonly next: string | null
}

export interface PageInput {
  /** 1 to 1000, default 50. */
  readonly limit?: number
  /** `next` of the previous page. */
  readonly cursor?: string
}

/** Filters that several lists share. A row must match all of them. */
export interface FilterInput {
  /** Only rows at or after this instant. */
  readonly from?: Instant
  /** Only rows before this instant. */
  readonly until?: Instant
  /** Only rows whose metadata has these keys with these values. Other keys are ignored. */
  readonly metadata?: Metadata
}

export interface HoldsInput extends PageInput, FilterInput {
  /** With an account: its holds of `asset`, newest first. Without an account: open holds by expiry, other states by id. */
  readonly account?: AccountName
  readonly asset?: AssetCode
  readonly state?: HoldState
}

/** The filters of a statement. */
export interface StatementInput extends FilterInput {
  readonly asset?: AssetCode
  readonly kind?: EntryKind
  /** The id of an entry: a request id, or `HOLD~settle`, `HOLD~release`, `HOLD~late`. */
  readonly entry?: string
  readonly hold?: RequestId
  /** A substring of the memo, case-sensitive. */
  readonly memo?: string
}

export interface PostingsInput extends PageInput, StatementInput {}

export interface AccountInput extends PageInput {
  /** Read the balances as of this instant. Default: now. */
  readonly at?: Instant
  /** The number of balances per page: 1 to 1000, default 1000. */
  readonly limit?: number
}

/**
 * A page can be shorter than its limit or empty and still have a next page: if filters exclude most of a long list, or if the memos
 * and metadata of a page exceed about 1 MiB.
 */
export interface PageView<Row> {
  readonly items: readonly Row[]
  /** The cursor of the next page; null on the last page. */
  readonly next: string | null
}

/** The reads of a ledger. They throw the same errors as `Ledger`. */
export interface Reads {
  /**
   * An account with a page of its balances; `next` is the cursor of further balances.
   *
   * With `at`, a balance is as of that instant: after its last posting up to it. A balance without a posting by then is left out.
   * Metadata and floors have no history, so the current values are returned. The result is as exact as the clocks of the writing
   * processes agree. An instant in the last seconds can still get postings. Codes: `account_not_found`.
   */
  account(account: AccountName, input?: AccountInput): Promise<AccountView>
  /** Codes: `hold_not_found`. */
  hold(id: RequestId): Promise<Hold>
  holds(input?: HoldsInput): Promise<PageView<Hold>>
  /** The events of a hold in order, each with the hold as it was after the event. Codes: `hold_not_found`. */
  holdHistory(id: RequestId, input?: PageInput): Promise<PageView<HoldEvent>>
  /**
   * The statement of a balance, newest line first. A line has the amounts after it. The lines of a house account have the amounts of
   * their stripe, and come one stripe after another.
   */
  postings(account: AccountName, input?: PostingsInput): Promise<PageView<StatementLine>>
  /** Codes: `entry_not_found`. */
  entry(id: string): Promise<Entry>
  /** A page of the assets, sorted by code. Default limit: 1000. */
  assetPage(input?: PageInput): Promise<PageView<Asset>>
  /** The newest rate of every pair, sorted by `from`, then `to`. */
  rates(input?: PageInput): Promise<PageView<Rate>>
  /** Every version of the rate of a pair, newest first. Empty if the pair has no rate. */
  rateHistory(from: AssetCode, to: AssetCode, input?: PageInput): Promise<PageView<Rate>>
}

/**
 * Every method throws only `LedgerError`. Its `code` identifies the problem, `retryable` says whether the same call can succeed
 * later, and `applied` says whether it may have had an effect. It is always safe to repeat a call with the same request id. Invalid
 * input is refused with the code `invalid_request` before the call has any effect.
 *
 * @see docs/reference/problems.md for all codes.
 */
export interface Ledger extends Omit<Reads, 'assetPage'>, AsyncDisposable {
  /** Sets the floor and metadata of an account. Codes: `unknown_asset`, `house_account`, `floor_above_available`. */
  open(input: OpenInput, options?: CallOptions): Promise<Balance>
  /** Declares or renames an asset. Codes: `asset_conflict`. */
  declare(input: DeclareInput, options?: CallOptions): Promise<Asset>
  /**
   * Declares the rate of a pair of assets. It is in force at once. Repeating the newest rate changes nothing. Codes:
   * `unknown_asset`.
   */
  rate(input: RateInput, options?: CallOptions): Promise<Rate>
  /** Coins enter from `@issuer`. Codes: `request_id_reused`, `unknown_asset`, `house_account`, `balance_overflow`. */
  deposit(input: DepositInput, options?: CallOptions): Promise<Entry>
  /** Coins leave to a payee without a hold. Codes: as `deposit`, and `same_account`, `insufficient_funds`. */
  charge(input: ChargeInput, options?: CallOptions): Promise<Entry>
  /**
   * Coins move between accounts: all legs or none. Codes: as `charge`; across assets also `unknown_rate`, `rounds_to_nothing`,
   * `outside_tolerance`, `exchange_out_of_range`.
   */
  transfer(input: TransferInput, options?: CallOptions): Promise<Entry>
  /** Sets coins aside in a hold. Codes: as `charge`, and `expiry_out_of_range`. */
  freeze(input: FreezeInput, options?: CallOptions): Promise<Hold>
  /**
   * Ends a hold: the actual cost goes to the payee, the rest returns to the holder. With `final: false`, it settles a part, and the
   * hold stays open. Codes: `hold_not_found`, `hold_not_open`, `settle_above_hold`, `payee_fixed`, `same_account`,
   * `balance_overflow`; for a part also `request_id_reused`.
   */
  settle(hold: RequestId, input: SettleInput, options?: CallOptions): Promise<Hold>
  /**
   * Changes an open hold: its total, its expiry, or the amount to settle at the expiry. Codes: `request_id_reused`,
   * `hold_not_found`, `hold_not_open`, `expiry_out_of_range`, `amend_below_settled`, `insufficient_funds`.
   */
  amend(hold: RequestId, input: AmendInput, options?: CallOptions): Promise<Hold>
  /**
   * Returns settled coins from the payee's `available` to the holder, in every state of the hold. Codes: `request_id_reused`,
   * `hold_not_found`, `refund_above_settled`, `insufficient_funds` (the payee's), `balance_overflow`.
   */
  refund(hold: RequestId, input: RefundInput, options?: CallOptions): Promise<Hold>
  /** Ends a hold: everything returns to the holder. Codes: `hold_not_found`, `hold_not_open`. */
  release(hold: RequestId, options?: CallOptions): Promise<Hold>
  /**
   * Up to `BATCH_COMMANDS_MAX` commands, with one outcome each, in order. With `atomic`, all of them take effect or none: the
   * rejected command has its own code, the others have `batch_aborted`.
   */
  batch(
    commands: readonly CommandInput[],
    options?: CallOptions & { readonly atomic?: boolean },
  ): Promise<BatchOutcome[]>

  /**
   * Every line of `postings`. Pages are read on demand, so only one page is in memory, and reading ends when the caller stops.
   * Lines that are written during the export are left out, except in later stripes of a house account. With an `until` in the past,
   * every export has the same lines.
   */
  exportPostings(account: AccountName, input?: StatementInput): AsyncIterable<StatementLine>
  /** All assets, sorted by code. They are read page by page. */
  assets(): Promise<readonly Asset[]>
  /** Answers all accepted commands, then closes. */
  close(): Promise<void>
}
