/** A house account has a balance per stripe and asset; readers see one per asset. */
import { showBalance, type Balance, type BalanceRecord } from '../domain/balance.ts'

/** One balance per account and asset, by account, then asset. */
export function addUpStripes(records: readonly BalanceRecord[]): readonly Balance[] {
  const sums = new Map<string, Balance>()
  for (const record of records) {
    const balance = showBalance(record)
    const key = `${balance.asset} ${balance.account}`
    const sum = sums.get(key)
    sums.set(key, sum === undefined ? balance : add(sum, balance))
  }
  return [...sums.values()].sort(
    (left, right) => compare(left.account, right.account) || compare(left.asset, right.asset),
  )
}

/** By code unit, as a binary collation orders ASCII. */
function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
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
