/**
 * The interface of a ledger: the same methods in process (`openLedger`) and over HTTP (`connect`).
 *
 * Amounts are whole minor units as `bigint`. The amount of a command is at most `AMOUNT_MAX` (10^16). Amounts in answers are within
 * int64; only the balance of a house account, the sum of its stripes, can be outside. Instants are milliseconds since
 * 1970-01-01T00:00:00Z.
 */
import type { Asset } from '../domain/asset.ts'
import type { Balance } from '../domain/balance.ts'
import type { Answer, OpenedAccount } from '../domain/command.ts'
import type { HouseAccount } from '../domain/house-account.ts'
import type { Hold, HoldState } from '../domain/hold.ts'
import type { AccountName, AssetCode, Instant, RequestId } from '../domain/ids.ts'
import type { Entry, EntryKind, HoldEvent, StatementLine } from '../domain/journal.ts'
import type { Metadata } from '../domain/metadata.ts'
import type { Rate } from '../domain/rate.ts'
import type { Standing } from '../domain/standing.ts'
import type { AssetStats, BalanceOrder, FeedPage, FeedStart } from '../engine/reader.ts'
import type { Answered, FrozenHold } from './answered.ts'
import type { AmendInput } from './commands/amend.ts'
import type { ChargeInput } from './commands/charge.ts'
import type { BlockInput, UnblockInput } from './commands/block.ts'
import type { HouseInput } from './commands/house.ts'
import type { MergeInput } from './commands/merge.ts'
import type { DeclareInput } from './commands/declare.ts'
import type { DepositInput } from './commands/deposit.ts'
import type { FreezeInput } from './commands/freeze.ts'
import type { OpenInput } from './commands/open.ts'
import type { RateInput } from './commands/rate.ts'
import type { RefundInput } from './commands/refund.ts'
import type { ReleaseInput } from './commands/release.ts'
import type { SettleInput } from './commands/settle.ts'
import type { TransferInput } from './commands/transfer.ts'
import type { CommandInput } from './contracts.ts'
import type { LedgerError } from './error.ts'
import type { Keys } from './keys.ts'

export type { AccountTotals, AssetStats, BalanceOrder, DayStats, FeedPage, FeedStart } from '../engine/reader.ts'
export type { Replaying } from '../domain/if-replayed.ts'
export type { Answered, FrozenHold } from './answered.ts'
export type { AmendInput } from './commands/amend.ts'
export type { ChargeInput } from './commands/charge.ts'
export type { BlockInput, UnblockInput } from './commands/block.ts'
export type { HouseInput } from './commands/house.ts'
export type { MergeInput } from './commands/merge.ts'
export type { DeclareInput } from './commands/declare.ts'
export type { DepositInput } from './commands/deposit.ts'
export type { FreezeInput } from './commands/freeze.ts'
export type { OpenInput } from './commands/open.ts'
export type { RateInput } from './commands/rate.ts'
export type { RefundInput } from './commands/refund.ts'
export type { ReleaseInput } from './commands/release.ts'
export type { FinalSettleInput, PartSettleInput, SettleInput } from './commands/settle.ts'
export type { LegInput, TransferInput } from './commands/transfer.ts'
export type { CommandInput, InputKind } from './contracts.ts'
export type { TokenInput } from './token.ts'
export type { Key, KeyInput, Keys, KeysInput, RotateInput, SecretKey } from './keys.ts'
export type { Scope } from '../access/scope.ts'

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
  | {
      readonly status: 'applied'
      readonly replayed: boolean
      readonly answer: Answer
      /** For the repeat of a freeze: the hold as it is now. */
      readonly current?: Hold
    }
  | { readonly status: 'rejected' | 'faulted'; readonly error: LedgerError }

/** An account. It exists from its first coin or `open` on. */
export interface AccountView {
  readonly account: AccountName
  readonly metadata: Metadata | null
  /** As it is now. `active`, `blocked` (nothing leaves) or `closed` (merged into `successor`). */
  readonly standing: Standing
  /** The account that a closed one was merged into; null for others. */
  readonly successor: AccountName | null
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
  /** With an account: its holds of `asset`, newest first. Without an account: open holds by expiry, others nearly in the order of their freezes. */
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

/** Filters of the balances of all accounts. A balance must match all of them. */
export interface BalancesInput extends PageInput {
  /** Only accounts whose name begins with this text. */
  readonly prefix?: string
  /** Default: every asset; with a bound, or in an order by an amount, `credit`. */
  readonly asset?: AssetCode
  /** Only balances with less available than this. The bounds are not included. */
  readonly availableBelow?: bigint
  readonly availableAbove?: bigint
  readonly heldBelow?: bigint
  readonly heldAbove?: bigint
  /** By name (default), or by an amount: then each page reads all balances of the prefix, 200,000 at most. */
  readonly order?: BalanceOrder
}

export interface StatsInput {
  /** How many days are listed, in UTC, the last one is today: 0 to 31, default 7. */
  readonly days?: number
  /** `next` of the previous page. */
  readonly cursor?: string
}

export interface FeedInput {
  /** 1 to 1000, default 50. */
  readonly limit?: number
  /** `next` of the previous page. It does not expire. */
  readonly cursor?: string
  /** Where to begin without a cursor: with the first entry (default), or behind the last one. */
  readonly start?: FeedStart
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
  /** The balances of all accounts, one per account and asset. The stripes of a house account are added up. */
  accounts(input?: BalancesInput): Promise<PageView<Balance>>
  /**
   * Every asset in figures, 20 assets a page, sorted by code. They are read one after the other, so while commands are applied they are
   * not of one instant. Days are in UTC, and as exact as the clocks of the writing processes agree.
   */
  stats(input?: StatsInput): Promise<PageView<AssetStats>>
  /** One balance of an account, by default of `credit`. Codes: `account_not_found` if it has no posting. */
  balance(account: AccountName, asset?: AssetCode): Promise<Balance>
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
  /**
   * The feed: every entry of the ledger, in an order in which nothing is ever inserted before what was read. Whoever goes on from `next`
   * sees each entry once, and an entry that rests on another after it. An entry is there as soon as it is committed.
   *
   * Codes: `invalid_request` if the cursor stands behind an entry that is gone: the database has gone back to an earlier state.
   */
  entries(input?: FeedInput): Promise<FeedPage>
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
 * Every answer says whether it is a repeat (`replayed`). A command with `ifReplayed: 'refuse'` that is a repeat throws `request_replayed`;
 * its `applied` is `unknown` if an earlier attempt of the same call may have had the effect.
 *
 * Commands on a balance take `ifVersion`, commands on a hold `ifSteps`: they are applied only if the balance or the hold is still as the
 * caller saw it, and otherwise refused as `changed_meanwhile`.
 *
 * @see docs/reference/problems.md for all codes.
 */
export interface Ledger extends Omit<Reads, 'assetPage'>, AsyncDisposable {
  /** The keys of callers. In process they are not needed: whoever opens the database may do everything. */
  readonly keys: Keys
  /**
   * Sets the floor and metadata of an account. What is not named stays as it is. Codes: `unknown_asset`, `house_account`,
   * `floor_above_available`.
   */
  open(input: OpenInput, options?: CallOptions): Promise<Answered<OpenedAccount>>
  /** Declares or renames an asset. Codes: `asset_conflict`. */
  declare(input: DeclareInput, options?: CallOptions): Promise<Answered<Asset>>
  /**
   * Declares a house account, whose name begins with `@`. It has no floor: whoever can name it in a transfer has a source of coins.
   * Idempotent by the name; it cannot be undone. `@issuer`, `@revenue` and `@exchange` exist from the start. Codes:
   * `not_a_house_account`.
   */
  house(input: HouseInput, options?: CallOptions): Promise<Answered<HouseAccount>>
  /**
   * Blocks an account: nothing can be frozen, charged or transferred from it. Coins are still received, holds are settled and released,
   * and refunds and overdraft charges still take from it. Codes: `request_id_reused`, `house_account`, `account_closed`.
   */
  block(input: BlockInput, options?: CallOptions): Promise<Answered<Entry>>
  /** Makes a blocked account active again. Codes: as `block`. */
  unblock(input: UnblockInput, options?: CallOptions): Promise<Answered<Entry>>
  /**
   * Closes an account, for good: what is available of every asset goes to the account `into`, and so does what holds and refunds return
   * later. Codes: as `block`, and `unknown_account`, `same_account`, `insufficient_funds` (of `into`, which pays what the account owes),
   * `balance_overflow`.
   */
  merge(input: MergeInput, options?: CallOptions): Promise<Answered<Entry>>
  /**
   * Declares the rate of a pair of assets. It is in force at once. Repeating the newest rate changes nothing. Codes:
   * `unknown_asset`.
   */
  rate(input: RateInput, options?: CallOptions): Promise<Answered<Rate>>
  /** Coins enter from `@issuer`. Codes: `request_id_reused`, `unknown_asset`, `house_account`, `balance_overflow`. */
  deposit(input: DepositInput, options?: CallOptions): Promise<Answered<Entry>>
  /** Coins leave to a payee without a hold. Codes: as `deposit`, and `same_account`, `insufficient_funds`. */
  charge(input: ChargeInput, options?: CallOptions): Promise<Answered<Entry>>
  /**
   * Coins move between accounts: all legs or none. Codes: as `charge`; across assets also `unknown_rate`, `rounds_to_nothing`,
   * `outside_tolerance`, `exchange_out_of_range`.
   */
  transfer(input: TransferInput, options?: CallOptions): Promise<Answered<Entry>>
  /**
   * Sets coins aside in a hold. The answer of a repeat shows the hold as it was opened, and as it is now in `current`. Codes: as `charge`,
   * and `expiry_out_of_range`.
   */
  freeze(input: FreezeInput, options?: CallOptions): Promise<FrozenHold>
  /**
   * Ends a hold: the actual cost goes to the payee, the rest returns to the holder. With `final: false`, it settles a part, and the
   * hold stays open. Codes: `hold_not_found`, `hold_not_open`, `settle_above_hold`, `payee_fixed`, `same_account`,
   * `balance_overflow`; for a part also `request_id_reused`.
   */
  settle(hold: RequestId, input: SettleInput, options?: CallOptions): Promise<Answered<Hold>>
  /**
   * Changes an open hold: its total, its expiry, or the amount to settle at the expiry. Codes: `request_id_reused`,
   * `hold_not_found`, `hold_not_open`, `expiry_out_of_range`, `amend_out_of_range`, `insufficient_funds`.
   */
  amend(hold: RequestId, input: AmendInput, options?: CallOptions): Promise<Answered<Hold>>
  /**
   * Returns settled coins, of a hold or of a charge, from the payee's `available` to the holder, in every state of the hold. Codes:
   * `request_id_reused`, `hold_not_found`, `refund_above_settled`, `insufficient_funds` (the payee's), `balance_overflow`.
   */
  refund(hold: RequestId, input: RefundInput, options?: CallOptions): Promise<Answered<Hold>>
  /** Ends a hold: everything returns to the holder. Codes: `hold_not_found`, `hold_not_open`. */
  release(hold: RequestId, input?: ReleaseInput, options?: CallOptions): Promise<Answered<Hold>>
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
