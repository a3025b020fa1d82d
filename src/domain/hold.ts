/**
 * A hold: coins set aside for one request. Its id is the request id that froze it.
 *
 * Upholds law 5: it is open once and ends once, and `amount + drawn = settled + released + held` at every moment.
 * A hold changes only in the same commit as its holder's balance, so the balance's version guards both.
 *
 * What happens to it under a request id of its own is a step: a partial settle, an amend, a refund; also a late settle, and an end
 * that comes after steps or names another payee. Any other end is none: it is told by the hold's row alone.
 */
import type { Amount } from './amount.ts'
import type { AccountName, AssetCode, Instant, RequestId } from './ids.ts'
import type { Metadata } from './metadata.ts'

export const HOLD_STATES = ['open', 'settled', 'released', 'expired'] as const
export type HoldState = (typeof HOLD_STATES)[number]

/** What happens when it expires: so much is settled (or what is held, where that is less), the rest is released. */
export interface OnExpiry {
  readonly settle: Amount
}

export interface Hold {
  readonly id: RequestId
  readonly account: AccountName
  readonly asset: AssetCode
  /** Where settled coins go. */
  readonly payee: AccountName
  readonly state: HoldState
  /** What was frozen in all, as the last amend left it. */
  readonly amount: bigint
  /** What is still set aside: of an open hold, what its parts have not settled; 0 afterwards. */
  readonly held: bigint
  /** What the payee got, in all; refunds do not lessen it. */
  readonly settled: bigint
  /** What went back to the holder. */
  readonly released: bigint
  /** Of `settled`: what was taken from `available` beyond the hold, by a settle with `overage: 'draw'` or a late one. */
  readonly drawn: bigint
  /** What settles asked for and did not get. */
  readonly shortfall: bigint
  /** Of `settled`: what went back from the payee to the holder. */
  readonly refunded: bigint
  /** Of `settled`: what was settled after the expiry. */
  readonly settledLate: bigint
  /** null: everything is released. */
  readonly onExpiry: OnExpiry | null
  readonly expiresAt: Instant
  readonly createdAt: Instant
  readonly endedAt: Instant | null
  readonly metadata: Metadata | null
}

/** A hold as the stores keep it: it is also the idempotency record of its freeze and of what ended it. */
export interface HoldRecord extends Omit<Hold, 'endedAt'> {
  readonly kind: 'freeze'
  /** Of the freeze, see fingerprint.ts. */
  readonly fingerprint: number
  /** The holder's balance, and the version of its posting that opened the hold. */
  readonly balanceId: number
  readonly openedVersion: number
  /** Null while it is open. */
  readonly end: HoldEnd | null
  /** How many steps it has had. */
  readonly steps: number
  /** What its row no longer shows: kept from the first step on, and from the first step after the end. */
  readonly firstAnswers: FirstAnswers | null
}

/** What ended a hold, whether the end was a step or not. */
export interface HoldEnd {
  readonly at: Instant
  /** Of the command that ended it. */
  readonly fingerprint: number
  /** The version of the holder's posting. */
  readonly version: number
  /** The payee's posting; null when the end settled nothing. */
  readonly payee: { readonly balanceId: number; readonly version: number } | null
}

/** What the freeze was answered, and the end where a step came after it. */
export interface FirstAnswers {
  readonly freeze: Hold
  readonly end: Hold | null
}

/** What callers see of a hold. */
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

/** The answer that the freeze got, whatever became of the hold since. */
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

/** The answer that the end got, of a hold that has ended. */
export function showHoldAsEnded(record: HoldRecord): Hold {
  return record.firstAnswers?.end ?? showHold(record)
}

/** What the entry of a hold's end is: a hold that expired may have settled something; then its end has a posting of the payee. */
export function kindOfEnd({ state, end }: Pick<HoldRecord, 'state' | 'end'>): 'settle' | 'release' {
  const hasPaid = end !== null && end.payee !== null
  return state === 'settled' || (state === 'expired' && hasPaid) ? 'settle' : 'release'
}
