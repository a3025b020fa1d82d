/**
 * The one order in which every process locks balances, in commits and in `exclusive`.
 *
 * By name, and house accounts last: each of their stripes belongs to one engine, so nobody waits for them, and a batch that learns of a
 * payee only after it has locked the payers can still lock it in order.
 */
import type { BalanceName } from '../../domain/balance.ts'
import { isHouse } from '../../domain/ids.ts'
import type { Run } from '../sql/run-row.ts'
import type { Writes } from '../sql/writes.ts'

/** By code unit within the two groups, as the index of names is sorted. */
export function compareLocks(left: BalanceName, right: BalanceName): number {
  const house = Number(isHouse(left.account)) - Number(isHouse(right.account))
  if (house !== 0) return house
  if (left.account !== right.account) return left.account < right.account ? -1 : 1
  if (left.asset !== right.asset) return left.asset < right.asset ? -1 : 1
  return left.stripe - right.stripe
}

/** The same writes, with balances and their runs in the order of locks. */
export function inLockOrder(writes: Writes): Writes {
  const { balancesChanged, balancesOpened, runs } = writes
  const balances = [...balancesChanged.map(({ after }) => after), ...balancesOpened]
  if (balances.length < 2) return writes
  const places = new Map(balances.toSorted(compareLocks).map(({ id }, place) => [id, place]))
  const placeOf = ({ balanceId }: Run): number => places.get(balanceId) ?? balances.length
  return {
    ...writes,
    balancesChanged: balancesChanged.toSorted((left, right) => compareLocks(left.after, right.after)),
    balancesOpened: balancesOpened.toSorted(compareLocks),
    runs: runs.toSorted((left, right) => placeOf(left) - placeOf(right)),
  }
}
