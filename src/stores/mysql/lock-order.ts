/**
 * The one order in which every process locks balances, in commits and in `exclusive`.
 *
 * By name, and house accounts last: each of their stripes belongs to one engine, so nobody waits for them, and a batch that learns of a
 * payee only after it has locked the payers can still lock it in order.
 */
import type { BalanceName } from '../../domain/balance.ts'
import { isHouse } from '../../domain/ids.ts'
import type { PostingRecord } from '../../domain/journal.ts'
import type { Changes } from '../../domain/changes.ts'

/** By code unit within the two groups, as the index of names is sorted. */
export function compareLocks(left: BalanceName, right: BalanceName): number {
  const house = Number(isHouse(left.account)) - Number(isHouse(right.account))
  if (house !== 0) return house
  if (left.account !== right.account) return left.account < right.account ? -1 : 1
  if (left.asset !== right.asset) return left.asset < right.asset ? -1 : 1
  return left.stripe - right.stripe
}

/** The same changes, with balances and their postings in the order of locks. */
export function inLockOrder(changes: Changes): Changes {
  if (changes.balances.length < 2) return changes
  const balances = changes.balances.toSorted((left, right) => compareLocks(left.after, right.after))
  const byBalance = new Map<number, PostingRecord[]>(balances.map(({ after }) => [after.id, []]))
  for (const posting of changes.postings) {
    const group = byBalance.get(posting.balanceId)
    if (group === undefined) byBalance.set(posting.balanceId, [posting])
    else group.push(posting)
  }
  return { ...changes, balances, postings: [...byBalance.values()].flat() }
}
