/**
 * A hold: coins set aside for one request. Its id is the request id of its freeze.
 *
 * Upholds law 5: a hold is open once and ends once, and `amount + drawn = settled + released + held` at every instant.
 * A hold changes only in the same commit as its holder's balance, so the version of the balance guards both.
 *
 * What happens to a hold after its freeze are its changes, numbered from 1. A step is a change that has an entry of its own: a part, an
 * amend, a refund, a late settle, or an end that follows other steps or names another payee. Any other end is not a step.
 *
 * A charge is a hold that was settled when it was made: nothing was ever held, and only refunds change it.
 */
import type { Amount } from './amount.ts'
import type { AccountName, AssetCode, Instant, RequestId } from './ids.ts'
import type { Metadata } from './metadata.ts'

export const HOLD_STATES = ['open', 'settled', 'released', 'expired'] as const
export type HoldState = (typeof HOLD_STATES)[number]

/** At the expiry, this amount is settled (or what is held, if that is less), and the rest is released. */
export interface OnExpiry {
  readonly settle: Amount
}

export interface Hold {
  readonly id: RequestId
  readonly account: AccountName
  readonly asset: AssetCode
  /** The account that receives the settled coins. */
  readonly payee: AccountName
  readonly state: HoldState
  /** The total: the frozen amount, as changed by the last amend. */
  readonly amount: bigint
  /** The coins that are still set aside; 0 after the end. */
  readonly held: bigint
  /** The total that the payee received. Refunds do not reduce it. */
  readonly settled: bigint
  /** The coins that returned to the holder without a refund. */
  readonly released: bigint
  /** The part of `settled` that was taken from `available`, by a settle with `overage: 'draw'` or a late settle. */
  readonly drawn: bigint
  /** The amount that settles asked for and did not get. */
  readonly shortfall: bigint
  /** The part of `settled` that the payee returned to the holder. */
  readonly refunded: bigint
  /** The part of `settled` that was settled late. */
  readonly settledLate: bigint
  /** Null: everything is released. */
  readonly onExpiry: OnExpiry | null
  /** A charge has the time when it was made. */
  readonly expiresAt: Instant
  readonly createdAt: Instant
  readonly endedAt: Instant | null
  /** The number of changes since the freeze: the number of the last event of the history. */
  readonly steps: number
  readonly metadata: Metadata | null
}
