/** Balances as rows of `balances`. */
import type { BalanceRecord } from '../../domain/balance.ts'
import type { BalanceChange } from '../../domain/changes.ts'
import { rowKind, rowUpdate } from './row-kind.ts'
import { standingNumber, standingOfNumber } from './standing-row.ts'
import { big, bigOrNull, whole, type Row } from './values.ts'

export function balanceRow(balance: BalanceRecord) {
  return {
    id: balance.id,
    account: balance.account,
    asset: balance.asset,
    stripe: balance.stripe,
    available: balance.available,
    held: balance.held,
    floor: balance.floor,
    debt: balance.debt,
    standing: standingNumber(balance.standing),
    successor: balance.successor,
    version: balance.version,
  }
}

/** What postings, an `open` and a change of the standing write to a balance, and what it must still be. */
export function balanceChangeRow({ before, after }: BalanceChange) {
  return {
    available: after.available,
    held: after.held,
    floor: after.floor,
    debt: after.debt,
    standing: standingNumber(after.standing),
    successor: after.successor,
    version: after.version,
    id: after.id,
    before_version: before.version,
    before_available: before.available,
    before_held: before.held,
    before_floor: before.floor,
    before_standing: standingNumber(before.standing),
  }
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
    debt: big(row['debt']),
    standing: standingOfNumber(row['standing']),
    successor: row['successor'] as string | null,
    version: whole(row['version']),
  }
}

const SAMPLE: BalanceRecord = {
  id: 1,
  account: 'user:8',
  asset: 'credit',
  stripe: 6,
  available: 2n,
  held: 3n,
  floor: 4n,
  debt: 7n,
  standing: 'closed',
  successor: 'user:9',
  version: 5,
}

export const BALANCE_OPENED = rowKind('balances', balanceRow, SAMPLE)
export const BALANCE_CHANGED = rowUpdate(rowKind('balances', balanceChangeRow, { before: SAMPLE, after: SAMPLE }), 'id')
