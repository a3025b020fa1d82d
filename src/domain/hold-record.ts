/** A hold in a store, and what callers see of it: as it is, as it was frozen, and as it ended. */
import type { Author } from './by.ts'
import type { Hold } from './hold.ts'
import type { Instant } from './ids.ts'
import type { EntryRecord } from './journal.ts'

/** A hold in a store. It is also the idempotency record of its freeze, or of its charge, and of the command that ended it. */
export interface HoldRecord extends Omit<Hold, 'endedAt' | 'steps'> {
  readonly kind: 'freeze'
  /** The running number of the request: rows are stored in this order, which is nearly that of time. */
  readonly seq: number
  /** The fingerprint of the freeze (fingerprint.ts). */
  readonly fingerprint: number
  /** The entry of a charge, which is its answer. Null for a hold that was frozen, and in reads that do not show the entry. */
  readonly charge: EntryRecord | null
  /** The holder's balance, and the version of its posting that opened the hold. */
  readonly balanceId: number
  readonly openedVersion: number
  /** Who gave the freeze, or the charge. */
  readonly by: Author | null
  /** Null while the hold is open. */
  readonly end: HoldEnd | null
  /** The number of changes. */
  readonly changes: number
  /** The first answers, which the hold no longer shows: saved by the first step, and by the first step after the end. */
  readonly firstAnswers: FirstAnswers | null
}

/** The end of a hold, whether it was a step or not. */
export interface HoldEnd {
  /** The number of the change that ended the hold; 0 for a charge. */
  readonly number: number
  readonly at: Instant
  /** The fingerprint of the command that ended the hold. */
  readonly fingerprint: number
  /** What the end settled: after an expiry, a late settle counts it towards its amount. */
  readonly settled: bigint
  /** The version of the holder's posting. */
  readonly version: number
  /** The payee's posting; null if the end settled nothing. */
  readonly payee: { readonly balanceId: number; readonly version: number } | null
  /** Who ended the hold. Null if the end was a step, or the hold is a charge: the entry has it. */
  readonly by: Author | null
}

/** The data for the answer of the freeze, and of the end if a step followed it. */
export interface FirstAnswers {
  readonly freeze: Hold
  readonly end: Hold | null
}

/** The hold for callers. */
export function showHold(record: HoldRecord): Hold {
  const { id, account, asset, payee, state, amount, held, settled, released, drawn, shortfall } = record
  const { refunded, settledLate, onExpiry, expiresAt, createdAt, end, changes, metadata } = record
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
    steps: changes,
    metadata,
  }
}

/** Whether the hold is a charge, which ended as it was made. */
export function isCharge({ end }: Pick<HoldRecord, 'end'>): boolean {
  return end !== null && end.number === 0
}

/** The first answer of the freeze, or a charge as it was made. Later changes of the hold do not affect it. */
export function showHoldAsFrozen(record: HoldRecord): Hold {
  if (record.firstAnswers !== null) return record.firstAnswers.freeze
  if (isCharge(record)) return showHold(record)
  return {
    ...showHold(record),
    state: 'open',
    held: record.amount,
    settled: 0n,
    released: 0n,
    drawn: 0n,
    shortfall: 0n,
    endedAt: null,
    steps: 0,
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
