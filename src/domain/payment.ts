/** The payment of a settle. */
import type { Amount } from './amount.ts'
import type { BalanceRecord } from './balance.ts'
import type { Overage } from './command.ts'
import type { State } from './decision.ts'
import type { HoldRecord } from './hold-record.ts'
import type { AccountName } from './ids.ts'

/** The amount that a settle asks for, and its overage rule. */
export interface Demand {
  readonly amount: Amount
  readonly overage: Overage
}

export interface Payment {
  readonly settled: bigint
  /** The part of `settled` that comes from `available`. The rest comes from the held coins. */
  readonly drawn: bigint
  readonly shortfall: bigint
}

export const NOTHING: Payment = { settled: 0n, drawn: 0n, shortfall: 0n }

/** The payment of an open hold; null if the demand exceeds the hold and the overage rule is `reject`. */
export function pay({ amount, overage }: Demand, hold: HoldRecord, state: State): Payment | null {
  const above = amount > hold.held ? amount - hold.held : 0n
  if (above > 0n && overage === 'reject') return null
  const drawn =
    above > 0n && overage === 'draw' ? smaller(above, spendable(state.balance(hold.account, hold.asset))) : 0n
  return { settled: amount - above + drawn, drawn, shortfall: above - drawn }
}

/**
 * The payment of an expired hold, which costs as much as the same settle in time: what the expiry settled counts towards `amount`. At most
 * what was held at the expiry, or more with `draw`, and never more than the holder has available. If the expiry settled more than `amount`,
 * nothing is taken and nothing returns: the payee may have spent the coins, and a refund can return them.
 */
export function payLate({ amount, overage }: Demand, hold: HoldRecord, state: State): Payment | null {
  const limit = heldAtExpiry(hold)
  const isAbove = amount > limit
  if (isAbove && overage === 'reject') return null
  const { settled: paid } = hold.end!
  const due = (whole: bigint): bigint => (whole > paid ? whole - paid : 0n)
  const wanted = due(isAbove && overage === 'cap' ? limit : amount)
  const drawn = smaller(wanted, spendable(state.balance(hold.account, hold.asset)))
  return { settled: drawn, drawn, shortfall: due(amount) - drawn }
}

/** What an expired hold held until its end: the limit of a settle in time, and of a late one. */
export function heldAtExpiry({ released, end }: HoldRecord): bigint {
  return released + end!.settled
}

/** Whether another payee is no longer possible. Everything that is settled from a hold goes to one payee. */
export function isFixed(hold: HoldRecord, payee: AccountName): boolean {
  return payee !== hold.payee && hold.settled > 0n
}

/** Nothing can be taken from a blocked or closed account. */
function spendable(balance: BalanceRecord): bigint {
  if (balance.standing !== 'active') return 0n
  if (balance.floor === null || balance.available <= balance.floor) return 0n
  return balance.available - balance.floor
}

function smaller(left: bigint, right: bigint): bigint {
  return left < right ? left : right
}
