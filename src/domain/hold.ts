/**
 * A hold: coins set aside for one request. Its id is the request id of its freeze.
 *
 * Upholds law 5: a hold is open once and ends once, and `amount + drawn = settled + released + held` at every instant.
 * A hold changes only in the same commit as its holder's balance, so the version of the balance guards both.
 *
 * A step is a change that is recorded in `hold_steps`: a part, an amend, a refund, a late settle, or an end that follows other steps or
 * names another payee. Any other end is not a step; only the hold's row records it.
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
  readonly expiresAt: Instant
  readonly createdAt: Instant
  readonly endedAt: Instant | null
  readonly metadata: Metadata | null
}

/** A hold in a store. It is also the idempotency record of its freeze and of the command that ended it. */
export interface HoldRecord extends Omit<Hold, 'endedAt'> {
  readonly kind: 'freeze'
  /** The fingerprint of the freeze (fingerprint.ts). */
  readonly fingerprint: number
  /** The holder's balance, and the version of its posting that opened the hold. */
  readonly balanceId: number
  readonly openedVersion: number
  /** Null while the hold is open. */
  readonly end: HoldEnd | null
  /** The number of steps. */
  readonly steps: number
  /** The answers that the row no longer shows: saved by the first step, and by the first step after the end. */
  readonly firstAnswers: FirstAnswers | null
}

/** The end of a hold, whether it was a step or not. */
export interface HoldEnd {
  readonly at: Instant
  /** The fingerprint of the command that ended the hold. */
  readonly fingerprint: number
  /** The version of the holder's posting. */
  readonly version: number
  /** The payee's posting; null if the end settled nothing. */
  readonly payee: { readonly balanceId: number; readonly version: number } | null
}

/** The data for the answer of the freeze, and of the end if a step followed it. */
export interface FirstAnswers {
  readonly freeze: Hold
  readonly end: Hold | null
}

/** The hold for callers. */
export function showHold(record: HoldRecord): Hold {
  const { id, account, asset, payee, state, amount, held, settled, released, drawn, shortfall } = record
  const { refunded, settledLate, onExpiry, expiresAt, createdAt, end, metadata } = record
  return {
    id,
    account,
    asset,
    payee,
    state,
    amount,
    held,
    settled,
    released,
    drawn,
    shortfall,
    refunded,
    settledLate,
    onExpiry,
    expiresAt,
    createdAt,
    endedAt: end === null ? null : end.at,
    metadata,
  }
}

/** The first answer of the freeze. Later changes of the hold do not affect it. */
export function showHoldAsFrozen(record: HoldRecord): Hold {
  if (record.firstAnswers !== null) return record.firstAnswers.freeze
  return {
    ...showHold(record),
    state: 'open',
    held: record.amount,
    settled: 0n,
    released: 0n,
    drawn: 0n,
    shortfall: 0n,
    endedAt: null,
  }
}

/** The first answer of the command that ended the hold. */
export function showHoldAsEnded(record: HoldRecord): Hold {
  return record.firstAnswers?.end ?? showHold(record)
}

/** The kind of the entry that ended a hold. If an expiry settled coins, the end has a posting of the payee and its kind is `settle`. */
export function kindOfEnd({ state, end }: Pick<HoldRecord, 'state' | 'end'>): 'settle' | 'release' {
  const hasPaid = end !== null && end.payee !== null
  return state === 'settled' || (state === 'expired' && hasPaid) ? 'settle' : 'release'
}
