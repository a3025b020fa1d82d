/** The outcome of a command: an answer or a rejection. A rejection is a refusal by the business rules: a value, without any effect. */
import type { Answers, CommandKind } from './command.ts'
import type { Hold, HoldState } from './hold.ts'
import type { AccountName, AssetCode, Instant, RequestId } from './ids.ts'

/** The limits of a key, see `Confinement`. */
export const CONFINEMENT_LIMITS = ['accounts', 'assets', 'amount'] as const
export type ConfinementLimit = (typeof CONFINEMENT_LIMITS)[number]

export type Rejection =
  | {
      readonly code: 'request_id_reused'
      readonly requestId: RequestId
      /** The fields that certainly differ from the first request, by name; `kind` alone if that was another kind of command. */
      readonly differs: readonly string[]
      /** The fields of which the first values are not stored as they were sent. One of them differs if `differs` is empty. */
      readonly mayDiffer: readonly string[]
    }
  | {
      readonly code: 'request_replayed'
      /** When the first request had its effect. */
      readonly at: Instant
      /** The hold of the command, as it is now; null for a command without a hold. */
      readonly hold: RequestId | null
      readonly state: HoldState | null
      readonly held: bigint | null
      readonly settled: bigint | null
      /** `unknown` if an earlier attempt of the same call may have had the effect, because its answer was lost. */
      readonly applied: Applied
    }
  /** The key of the command may not touch this. It says no more, so that nobody learns of accounts that are not his. */
  | {
      readonly code: 'forbidden'
      /** `scopes` only where the key is looked at, before the command is submitted; so are the fields after it. */
      readonly limit: ConfinementLimit | 'scopes'
      readonly key?: string
      readonly scope?: string
      readonly account?: AccountName
      readonly asset?: AssetCode
    }
  | { readonly code: 'unknown_asset'; readonly asset: AssetCode }
  | { readonly code: 'asset_conflict'; readonly asset: AssetCode; readonly decimals: number }
  | { readonly code: 'house_account'; readonly account: AccountName }
  | { readonly code: 'not_a_house_account'; readonly account: AccountName }
  /** A house account that was not declared. */
  | { readonly code: 'unknown_account'; readonly account: AccountName }
  | { readonly code: 'same_account'; readonly account: AccountName }
  | { readonly code: 'unknown_rate'; readonly asset: AssetCode; readonly toAsset: AssetCode }
  | {
      readonly code: 'rounds_to_nothing'
      readonly asset: AssetCode
      readonly toAsset: AssetCode
      readonly amount: bigint
    }
  | {
      readonly code: 'outside_tolerance'
      readonly asset: AssetCode
      readonly toAsset: AssetCode
      /** The `toAmount` of the leg. */
      readonly toAmount: bigint
      /** The converted amount. */
      readonly expected: bigint
      readonly tolerancePpm: number
    }
  | {
      readonly code: 'exchange_out_of_range'
      readonly asset: AssetCode
      readonly toAsset: AssetCode
      /** The amount that the receiver would get. */
      readonly toAmount: bigint
      readonly toAmountMax: bigint
    }
  | { readonly code: 'expiry_out_of_range'; readonly ttlMsMax: number }
  | { readonly code: 'hold_not_found'; readonly hold: RequestId }
  | {
      readonly code: 'changed_meanwhile'
      readonly account: AccountName
      readonly asset: AssetCode
      /** The balance as it is now. */
      readonly version: number
      readonly available: bigint
      readonly held: bigint
      readonly floor: bigint
    }
  | {
      readonly code: 'changed_meanwhile'
      readonly hold: RequestId
      /** The hold as it is now. */
      readonly steps: number
      readonly state: HoldState
      readonly held: bigint
      readonly settled: bigint
    }
  | { readonly code: 'hold_not_open'; readonly hold: RequestId; readonly state: HoldState; readonly settled: bigint }
  | { readonly code: 'hold_not_due'; readonly hold: RequestId; readonly expiresAt: Instant }
  | {
      readonly code: 'payee_fixed'
      readonly hold: RequestId
      /** The payee of the hold, which received the settled parts. */
      readonly payee: AccountName
    }
  | {
      readonly code: 'settle_above_hold'
      readonly hold: RequestId
      /** The largest amount that could be settled: what is held, or what was held at the expiry. */
      readonly held: bigint
    }
  | {
      readonly code: 'amend_out_of_range'
      readonly hold: RequestId
      /** The smallest and the largest possible total. */
      readonly minimum: bigint
      readonly maximum: bigint
    }
  | {
      readonly code: 'refund_above_settled'
      readonly hold: RequestId
      readonly settled: bigint
      readonly refunded: bigint
    }
  | {
      readonly code: 'account_closed'
      readonly account: AccountName
      /** The account that received what was left of it. */
      readonly successor: AccountName
    }
  | { readonly code: 'account_blocked'; readonly account: AccountName }
  | {
      readonly code: 'insufficient_funds'
      readonly account: AccountName
      readonly asset: AssetCode
      readonly available: bigint
      readonly held: bigint
      readonly floor: bigint
      /** The amount that the command needs from `available`. */
      readonly required: bigint
    }
  | {
      readonly code: 'floor_above_available'
      readonly account: AccountName
      readonly asset: AssetCode
      readonly available: bigint
    }
  | { readonly code: 'balance_overflow'; readonly account: AccountName; readonly asset: AssetCode }
  | { readonly code: 'batch_aborted'; readonly because: RejectionCode }

export type RejectionCode = Rejection['code']

/**
 * The order of precedence: if several rejections apply to a command, it gets the first of them in this order. Within one code, the
 * balance that the command names first decides. `forbidden` comes first for what the command names, and last for what only its effect
 * shows.
 */
const PRECEDENCE = {
  batch_aborted: true,
  forbidden: true,
  request_id_reused: true,
  request_replayed: true,
  unknown_asset: true,
  asset_conflict: true,
  house_account: true,
  not_a_house_account: true,
  unknown_account: true,
  same_account: true,
  unknown_rate: true,
  rounds_to_nothing: true,
  outside_tolerance: true,
  exchange_out_of_range: true,
  expiry_out_of_range: true,
  hold_not_found: true,
  changed_meanwhile: true,
  hold_not_open: true,
  hold_not_due: true,
  payee_fixed: true,
  settle_above_hold: true,
  amend_out_of_range: true,
  refund_above_settled: true,
  account_closed: true,
  account_blocked: true,
  insufficient_funds: true,
  floor_above_available: true,
  balance_overflow: true,
} as const satisfies Readonly<Record<RejectionCode, true>>

export const REJECTION_PRECEDENCE = Object.keys(PRECEDENCE) as readonly RejectionCode[]

export type Outcome<Kind extends CommandKind = CommandKind> =
  | {
      readonly status: 'applied'
      /**
       * True if the command is a repeat: the answer is the first one. At most one caller gets false. No caller gets false if the
       * connection was lost during the commit and the effect was found afterwards, because rows do not show which commit wrote them. If
       * two engines declare the same asset with the same contents in the same millisecond, both callers can get false.
       */
      readonly replayed: boolean
      readonly answer: Answers[Kind]
      /** For the repeat of a freeze: the hold as it is now, read together with the first answer. */
      readonly current?: Hold
    }
  | { readonly status: 'rejected'; readonly rejection: Rejection }

/**
 * A failure or a timeout. Unlike a rejection, a fault is thrown, and it does not depend on the contents of the command.
 *
 * - `overloaded`: the queue is full.
 * - `rate_limited`: an account or a caller has reached a limit of its own.
 * - `deadline_exceeded`: the time limit or the `AbortSignal` of the caller ended the call.
 * - `contention`: every attempt lost against other writers of the same rows.
 * - `store_unavailable`: the database does not respond, or the circuit breaker is open.
 * - `store_misconfigured`: the database refuses this process until an operator changes something: a password, a privilege, the URL.
 * - `clock_wrong`: the clock of this process differs too much from that of the database.
 * - `commit_in_doubt`: the connection was lost around COMMIT, and the outcome could not be determined in time.
 * - `store_refused`: the database refused the rows of this command.
 * - `shutting_down`: the engine accepts no more commands.
 * - `internal`: a defect in Holdfast.
 */
export type FaultCode =
  | 'overloaded'
  | 'rate_limited'
  | 'deadline_exceeded'
  | 'contention'
  | 'store_unavailable'
  | 'store_misconfigured'
  | 'clock_wrong'
  | 'commit_in_doubt'
  | 'store_refused'
  | 'shutting_down'
  | 'internal'

/** Whether a faulted command may have had an effect. In both cases it is safe to repeat it with the same request id. */
export type Applied = 'no' | 'unknown'
