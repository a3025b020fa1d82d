/** Lists of balances: their orders and bounds, the same for every store. */
import type { Balance } from '../domain/balance.ts'
import { CursorError, type BalanceBounds, type BalanceOrder, type BalanceQuery } from '../engine/reader.ts'
import { decodeCursor, type CursorKeys } from './cursor.ts'

/** The amount of an order, and its direction; null for the order of names. */
export interface AmountOrder {
  readonly amount: 'available' | 'held'
  readonly descending: boolean
}

export function amountOrder(order: BalanceOrder): AmountOrder | null {
  if (order === 'name') return null
  return { amount: order.startsWith('held') ? 'held' : 'available', descending: order.endsWith('-desc') }
}

/** The place in a list by an amount after which a page begins. */
export interface AmountPlace {
  readonly amount: bigint
  readonly account: string
}

/** Where the page begins; null for the first page. @throws CursorError, also for a cursor of another order */
export function placeAfter({ cursor, order }: BalanceQuery): AmountPlace | null {
  if (cursor === null) return null
  const [of, amount, account] = decodeCursor('balancesByAmount', cursor)
  if (of !== order) throw new CursorError()
  return { amount: BigInt(amount), account }
}

export function keyByAmount(balance: Balance, order: BalanceOrder): CursorKeys['balancesByAmount'] {
  return [order, String(balance[amountOrder(order)!.amount]), balance.account]
}

/** Negative if the left one comes first. */
export function compareByAmount(
  left: AmountPlace,
  right: AmountPlace,
  { descending }: Pick<AmountOrder, 'descending'>,
): number {
  if (left.amount !== right.amount) return left.amount < right.amount === descending ? 1 : -1
  // By code unit, as a binary collation orders ASCII.
  return left.account < right.account ? -1 : left.account > right.account ? 1 : 0
}

export function placeOf(balance: Balance, { amount }: Pick<AmountOrder, 'amount'>): AmountPlace {
  return { amount: balance[amount], account: balance.account }
}

export function isWithinBounds({ available, held }: Balance, bounds: BalanceBounds): boolean {
  const { availableBelow, availableAbove, heldBelow, heldAbove } = bounds
  return (
    (availableBelow === null || available < availableBelow) &&
    (availableAbove === null || available > availableAbove) &&
    (heldBelow === null || held < heldBelow) &&
    (heldAbove === null || held > heldAbove)
  )
}

export function hasBounds({ availableBelow, availableAbove, heldBelow, heldAbove }: BalanceBounds): boolean {
  return [availableBelow, availableAbove, heldBelow, heldAbove].some((bound) => bound !== null)
}
