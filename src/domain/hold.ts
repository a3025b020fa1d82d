/**
 * A hold: coins set aside for one request. Its id is the request id that froze it.
 *
 * Upholds law 5: it is open once and ends once, and `amount + drawn = settled + released + held` at every moment.
 * A hold changes only in the same commit as its holder's balance, so the balance's version guards both.
 */
import type { AccountName, AssetCode, Instant, RequestId } from './ids.ts'
import type { Metadata } from './metadata.ts'

export type HoldState = 'open' | 'settled' | 'released' | 'expired'

export interface Hold {
  readonly id: RequestId
  readonly account: AccountName
  readonly asset: AssetCode
  /** Where settled coins go. */
  readonly payee: AccountName
  readonly state: HoldState
  /** What was frozen. */
  readonly amount: bigint
  /** What is still set aside: `amount` while open, 0 afterwards. */
  readonly held: bigint
  /** What the payee got. */
  readonly settled: bigint
  /** What went back to the holder. */
  readonly released: bigint
  /** What a settle with `overage: 'draw'` took from `available` beyond the hold. */
  readonly drawn: bigint
  /** What a settle asked for and did not get. */
  readonly shortfall: bigint
  readonly expiresAt: Instant
  readonly createdAt: Instant
  readonly endedAt: Instant | null
  readonly metadata: Metadata | null
}

/** A hold as the stores keep it: also its own idempotency record, for the freeze and for what ended it. */
export interface HoldRecord extends Hold {
  readonly kind: 'freeze'
  /** Of the freeze, see fingerprint.ts. */
  readonly fingerprint: number
  /** Of the command that ended it. */
  readonly endFingerprint: number | null
  /** The holder's balance, and its postings that opened and ended the hold. */
  readonly balanceId: number
  readonly openedVersion: number
  readonly endedVersion: number | null
  /** The payee's posting, when something was settled. */
  readonly payeeBalanceId: number | null
  readonly payeeVersion: number | null
}

/** What callers see of a hold. */
export function showHold(record: HoldRecord): Hold {
  const { id, account, asset, payee, state, amount, held, settled, released, drawn, shortfall } = record
  const { expiresAt, createdAt, endedAt, metadata } = record
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
    expiresAt,
    createdAt,
    endedAt,
    metadata,
  }
}

/** The answer that the freeze got, whatever became of the hold since. */
export function showHoldAsFrozen(record: HoldRecord): Hold {
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
