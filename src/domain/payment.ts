/** What a settle pays. */
import type { Amount } from './amount.ts'
import type { BalanceRecord } from './balance.ts'
import type { Overage } from './command.ts'
import type { State } from './decision.ts'
import type { HoldRecord } from './hold.ts'
import type { AccountName } from './ids.ts'

/** What a settle asks for. */
export interface Demand {
  readonly amount: Amount
  readonly overage: Overage
}

export interface Payment {
  readonly settled: bigint
  /** The part of `settled` that comes from `available`. The rest comes from what is held. */
  readonly drawn: bigint
  readonly shortfall: bigint
}

export const NOTHING: Payment = { settled: 0n, drawn: 0n, shortfall: 0n }

/** What an open hold pays; null when the demand is above the hold and may not be. */
export function pay({ amount, overage }: Demand, hold: HoldRecord, state: State): Payment | null {
  const above = amount > hold.held ? amount - hold.held : 0n
  if (above > 0n && overage === 'reject') return null
  const drawn =
    above > 0n && overage === 'draw' ? smaller(above, spendable(state.balance(hold.account, hold.asset))) : 0n
  return { settled: amount - above + drawn, drawn, shortfall: above - drawn }
}

/** What a hold that has expired pays: up to what the expiry released, or more where it may draw, if the holder still has it. */
export function payLate({ amount, overage }: Demand, hold: HoldRecord, state: State): Payment | null {
  const isAbove = amount > hold.released
  if (isAbove && overage === 'reject') return null
  const wanted = isAbove && overage === 'cap' ? hold.released : amount
  const drawn = smaller(wanted, spendable(state.balance(hold.account, hold.asset)))
  return { settled: drawn, drawn, shortfall: amount - drawn }
}

/** All that a hold settles goes to one payee: whether naming another one comes too late. */
export function isFixed(hold: HoldRecord, payee: AccountName): boolean {
  return payee !== hold.payee && hold.settled > 0n
}

function spendable(balance: BalanceRecord): bigint {
  if (balance.floor === null || balance.available <= balance.floor) return 0n
  return balance.available - balance.floor
}

function smaller(left: bigint, right: bigint): bigint {
  return left < right ? left : right
}
