/** A house account has a balance per stripe and asset; readers see one per asset. */
import { showBalance, type Balance, type BalanceRecord } from '../domain/balance.ts'

/** One balance per asset, by its code. */
export function addUpStripes(records: readonly BalanceRecord[]): readonly Balance[] {
  const sums = new Map<string, Balance>()
  for (const record of records) {
    const balance = showBalance(record)
    const sum = sums.get(balance.asset)
    sums.set(balance.asset, sum === undefined ? balance : add(sum, balance))
  }
  // By code unit, as a binary collation orders ASCII.
  return [...sums.values()].sort((left, right) => (left.asset < right.asset ? -1 : 1))
}

function add(left: Balance, right: Balance): Balance {
  return {
    ...left,
    available: left.available + right.available,
    held: left.held + right.held,
    total: left.total + right.total,
    version: left.version + right.version,
  }
}
