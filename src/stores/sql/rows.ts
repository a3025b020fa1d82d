/**
 * How records become rows and rows become records, the same for every SQL database.
 *
 * Drivers give integers as `bigint`, `number` or text; `whole` and `big` take any of them. Metadata and an entry's list of
 * postings are JSON text.
 */
import type { Asset } from '../../domain/asset.ts'
import type { BalanceRecord } from '../../domain/balance.ts'
import type { HoldEnd, HoldRecord, HoldState, OnExpiry } from '../../domain/hold.ts'
import type { EntryKind, EntryRecord, Posting, PostingRecord } from '../../domain/journal.ts'
import type { Metadata } from '../../domain/metadata.ts'
import type { BalanceChange } from '../../domain/changes.ts'
import { legsOf, legsText } from './legs.ts'
import { firstAnswersOf, stepOf } from './hold-texts.ts'

export type SqlValue = string | number | bigint | null
export type Row = Readonly<Record<string, unknown>>

export const HOLD_COLUMNS = [
  'id',
  'kind',
  'at',
  'fingerprint',
  'metadata',
  'balance_id',
  'payee',
  'state',
  'amount',
  'held',
  'settled',
  'released',
  'drawn',
  'shortfall',
  'expires_at',
  'ended_at',
  'end_fingerprint',
  'opened_version',
  'ended_version',
  'payee_balance_id',
  'payee_version',
  'on_expiry',
] as const

/** In the order of `HOLD_COLUMNS`. */
export function holdValues(hold: HoldRecord): SqlValue[] {
  const { end } = hold
  return [
    hold.id,
    hold.kind,
    hold.createdAt,
    hold.fingerprint,
    metadataText(hold.metadata),
    hold.balanceId,
    hold.payee,
    hold.state,
    hold.amount,
    hold.held,
    hold.settled,
    hold.released,
    hold.drawn,
    hold.shortfall,
    hold.expiresAt,
    end?.at ?? null,
    end?.fingerprint ?? null,
    hold.openedVersion,
    end?.version ?? null,
    end?.payee?.balanceId ?? null,
    end?.payee?.version ?? null,
    hold.onExpiry?.settle ?? null,
  ]
}

export const ENTRY_COLUMNS = [
  'id',
  'kind',
  'at',
  'fingerprint',
  'metadata',
  'memo',
  'floor',
  'postings',
  'legs',
] as const

/** In the order of `ENTRY_COLUMNS`. */
export function entryValues(entry: EntryRecord): SqlValue[] {
  const keys = entry.postings.map(({ balanceId, posting }) => [balanceId, posting.version])
  return [
    entry.id,
    entry.kind,
    entry.at,
    entry.fingerprint,
    metadataText(entry.metadata),
    entry.memo,
    entry.floor,
    JSON.stringify(keys),
    legsText(entry.legs),
  ]
}

export const POSTING_COLUMNS = [
  'balance_id',
  'version',
  'entry_id',
  'kind',
  'available_delta',
  'held_delta',
  'available',
  'held',
  'at',
] as const

/** In the order of `POSTING_COLUMNS`. */
export function postingValues(posting: PostingRecord): SqlValue[] {
  return [
    posting.balanceId,
    posting.version,
    posting.entryId,
    posting.kind,
    posting.availableDelta,
    posting.heldDelta,
    posting.available,
    posting.held,
    posting.at,
  ]
}

export const BALANCE_COLUMNS = ['id', 'account', 'asset', 'stripe', 'available', 'held', 'floor', 'version'] as const

/** In the order of `BALANCE_COLUMNS`. */
export function balanceValues(balance: BalanceRecord): SqlValue[] {
  return [
    balance.id,
    balance.account,
    balance.asset,
    balance.stripe,
    balance.available,
    balance.held,
    balance.floor,
    balance.version,
  ]
}

/** What a hold's end writes; the last value is the key. */
export const HOLD_CHANGE_COLUMNS = [
  'state',
  'held',
  'settled',
  'released',
  'drawn',
  'shortfall',
  'ended_at',
  'end_fingerprint',
  'ended_version',
  'payee_balance_id',
  'payee_version',
  'id',
] as const

/** In the order of `HOLD_CHANGE_COLUMNS`. */
export function holdChangeValues(hold: HoldRecord): SqlValue[] {
  const { end } = hold
  return [
    hold.state,
    hold.held,
    hold.settled,
    hold.released,
    hold.drawn,
    hold.shortfall,
    end?.at ?? null,
    end?.fingerprint ?? null,
    end?.version ?? null,
    end?.payee?.balanceId ?? null,
    end?.payee?.version ?? null,
    hold.id,
  ]
}

/** A balance as it becomes, its id, and as it must still be. */
export const BALANCE_CHANGE_COLUMNS = [
  'available',
  'held',
  'floor',
  'version',
  'id',
  'before_version',
  'before_available',
  'before_held',
  'before_floor',
] as const

/** In the order of `BALANCE_CHANGE_COLUMNS`. */
export function balanceChangeValues({ before, after }: BalanceChange): SqlValue[] {
  return [
    after.available,
    after.held,
    after.floor,
    after.version,
    after.id,
    before.version,
    before.available,
    before.held,
    before.floor,
  ]
}

export function metadataText(metadata: Metadata | null): string | null {
  return metadata === null ? null : JSON.stringify(metadata)
}

export function metadataOf(text: unknown): Metadata | null {
  return text === null || text === undefined ? null : (JSON.parse(text as string) as Metadata)
}

export function whole(value: unknown): number {
  return Number(value)
}

export function big(value: unknown): bigint {
  return BigInt(value as bigint | number | string)
}

function wholeOrNull(value: unknown): number | null {
  return value === null ? null : Number(value)
}

function bigOrNull(value: unknown): bigint | null {
  return value === null ? null : big(value)
}

/** What the end of a hold fills in: NULL or 0 before. */
function filledIn(value: unknown): number | null {
  return value === null || Number(value) === 0 ? null : Number(value)
}

/** Of a column that the hot path leaves out. */
function bigOrZero(value: unknown): bigint {
  return value === null ? 0n : big(value)
}

function onExpiryOf(value: unknown): OnExpiry | null {
  return value === null ? null : { settle: big(value) }
}

export function balanceOf(row: Row): BalanceRecord {
  return {
    id: whole(row['id']),
    account: row['account'] as string,
    asset: row['asset'] as string,
    stripe: whole(row['stripe']),
    available: big(row['available']),
    held: big(row['held']),
    floor: bigOrNull(row['floor']),
    version: whole(row['version']),
  }
}

/** A row of `requests` of kind `freeze`, joined with its balance's `account` and `asset`. */
export function holdOf(row: Row): HoldRecord {
  return {
    id: row['id'] as string,
    kind: 'freeze',
    account: row['account'] as string,
    asset: row['asset'] as string,
    payee: row['payee'] as string,
    state: row['state'] as HoldState,
    amount: big(row['amount']),
    held: big(row['held']),
    settled: big(row['settled']),
    released: big(row['released']),
    drawn: big(row['drawn']),
    shortfall: big(row['shortfall']),
    expiresAt: whole(row['expires_at']),
    createdAt: whole(row['at']),
    metadata: metadataOf(row['metadata']),
    fingerprint: whole(row['fingerprint']),
    balanceId: whole(row['balance_id']),
    openedVersion: whole(row['opened_version']),
    end: endOf(row),
    onExpiry: onExpiryOf(row['on_expiry']),
    refunded: bigOrZero(row['refunded']),
    settledLate: bigOrZero(row['settled_late']),
    steps: wholeOrNull(row['steps']) ?? 0,
    firstAnswers: firstAnswersOf(row['first_answers']),
  }
}

function endOf(row: Row): HoldEnd | null {
  const at = filledIn(row['ended_at'])
  if (at === null) return null
  const balanceId = filledIn(row['payee_balance_id'])
  return {
    at,
    fingerprint: whole(row['end_fingerprint']),
    version: whole(row['ended_version']),
    payee: balanceId === null ? null : { balanceId, version: whole(row['payee_version']) },
  }
}

/** The (balance id, version) pairs of an entry's row. */
export function postingKeysOf(row: Row): readonly (readonly [number, number])[] {
  return JSON.parse(row['postings'] as string) as [number, number][]
}

/** A row of `requests` of another kind than `freeze`, with its postings in the order of `postingKeysOf`. */
export function entryOf(row: Row, postings: readonly Posting[]): EntryRecord {
  return {
    id: row['id'] as string,
    kind: row['kind'] as EntryRecord['kind'],
    at: whole(row['at']),
    fingerprint: whole(row['fingerprint']),
    memo: row['memo'] as string | null,
    metadata: metadataOf(row['metadata']),
    floor: bigOrNull(row['floor']),
    legs: legsOf(row['legs']),
    step: stepOf(row['hold_after']),
    postings: postingKeysOf(row).map(([balanceId], index) => ({ balanceId, posting: postings[index]! })),
  }
}

/** A row of `postings`, joined with its balance's `account`, `asset` and `stripe`. */
export function postingOf(row: Row): Posting {
  return {
    entryId: row['entry_id'] as string,
    kind: row['kind'] as EntryKind,
    account: row['account'] as string,
    asset: row['asset'] as string,
    stripe: whole(row['stripe']),
    version: whole(row['version']),
    availableDelta: big(row['available_delta']),
    heldDelta: big(row['held_delta']),
    available: big(row['available']),
    held: big(row['held']),
    at: whole(row['at']),
  }
}

export function assetOf(row: Row): Asset {
  return {
    code: row['code'] as string,
    decimals: whole(row['decimals']),
    name: row['name'] as string,
    createdAt: whole(row['created_at']),
  }
}
