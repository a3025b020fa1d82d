/** What becomes of a command: an answer, or a rejection. A rejection is a value: a business "no" that had no effect. */
import type { Answers, CommandKind } from './command.ts'
import type { HoldState } from './hold.ts'
import type { AccountName, AssetCode, Instant, RequestId } from './ids.ts'

export type Rejection =
  | { readonly code: 'request_id_reused'; readonly requestId: RequestId }
  | { readonly code: 'unknown_asset'; readonly asset: AssetCode }
  | { readonly code: 'asset_conflict'; readonly asset: AssetCode; readonly decimals: number }
  | { readonly code: 'house_account'; readonly account: AccountName }
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
      /** What the caller named. */
      readonly toAmount: bigint
      /** What the rate gives. */
      readonly expected: bigint
      readonly tolerancePpm: number
    }
  | {
      readonly code: 'exchange_out_of_range'
      readonly asset: AssetCode
      readonly toAsset: AssetCode
      /** What would arrive. */
      readonly toAmount: bigint
      readonly toAmountMax: bigint
    }
  | { readonly code: 'expiry_out_of_range'; readonly ttlMsMax: number }
  | { readonly code: 'hold_not_found'; readonly hold: RequestId }
  | { readonly code: 'hold_not_open'; readonly hold: RequestId; readonly state: HoldState; readonly settled: bigint }
  | { readonly code: 'hold_not_due'; readonly hold: RequestId; readonly expiresAt: Instant }
  | {
      readonly code: 'payee_fixed'
      readonly hold: RequestId
      /** Who got what was settled before. */
      readonly payee: AccountName
    }
  | {
      readonly code: 'settle_above_hold'
      readonly hold: RequestId
      /** What it could have settled: what is held, or, after the expiry, what that released. */
      readonly held: bigint
    }
  | {
      readonly code: 'amend_below_settled'
      readonly hold: RequestId
      /** The least total: then nothing is held any more. */
      readonly minimum: bigint
    }
  | {
      readonly code: 'refund_above_settled'
      readonly hold: RequestId
      readonly settled: bigint
      readonly refunded: bigint
    }
  | {
      readonly code: 'insufficient_funds'
      readonly account: AccountName
      readonly asset: AssetCode
      readonly available: bigint
      readonly held: bigint
      readonly floor: bigint
      /** What the command would have taken from `available`. */
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
 * Order of precedence: a command that deserves several rejections gets the one that stands first here. Within one code, the
 * balance that a command names first decides.
 */
const PRECEDENCE = {
  batch_aborted: true,
  request_id_reused: true,
  unknown_asset: true,
  asset_conflict: true,
  house_account: true,
  same_account: true,
  unknown_rate: true,
  rounds_to_nothing: true,
  outside_tolerance: true,
  exchange_out_of_range: true,
  expiry_out_of_range: true,
  hold_not_found: true,
  hold_not_open: true,
  hold_not_due: true,
  payee_fixed: true,
  settle_above_hold: true,
  amend_below_settled: true,
  refund_above_settled: true,
  insufficient_funds: true,
  floor_above_available: true,
  balance_overflow: true,
} as const satisfies Readonly<Record<RejectionCode, true>>

export const REJECTION_PRECEDENCE = Object.keys(PRECEDENCE) as readonly RejectionCode[]

export type Outcome<Kind extends CommandKind = CommandKind> =
  | {
      readonly status: 'applied'
      /**
       * True when the request id had been used before: this is the first answer again. At most one caller is ever told false. None is
       * where the connection was lost while committing and the effect was found afterwards: rows do not tell whose commit wrote them.
       * Two engines that declare one asset within the same millisecond, with the same contents, may both be told false.
       */
      readonly replayed: boolean
      readonly answer: Answers[Kind]
    }
  | { readonly status: 'rejected'; readonly rejection: Rejection }

/**
 * Something is broken or too slow. Unlike a rejection it is thrown, and says nothing about the command itself.
 *
 * - `overloaded`: the queue is full.
 * - `deadline_exceeded`: the caller's time limit or `AbortSignal` came first.
 * - `contention`: other writers won every attempt.
 * - `store_unavailable`: the database does not answer, or the circuit breaker is open.
 * - `store_misconfigured`: the database refuses this process until an operator changes something: its password, a privilege, the URL.
 * - `clock_wrong`: the clock of this process is too far from that of the database to decide anything by it.
 * - `commit_in_doubt`: the connection was lost around COMMIT and the outcome could not be found out in time.
 * - `store_refused`: the database refused this one command's rows.
 * - `shutting_down`: the engine takes no more work.
 * - `internal`: a defect of Holdfast.
 */
export type FaultCode =
  | 'overloaded'
  | 'deadline_exceeded'
  | 'contention'
  | 'store_unavailable'
  | 'store_misconfigured'
  | 'clock_wrong'
  | 'commit_in_doubt'
  | 'store_refused'
  | 'shutting_down'
  | 'internal'

/** Whether a faulted command had an effect. Repeating it under the same request id is safe either way. */
export type Applied = 'no' | 'unknown'
