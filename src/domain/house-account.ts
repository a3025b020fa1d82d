/**
 * House accounts: accounts of the operator, which have no floor. Only those that are declared exist, because each one is a source of
 * coins. A declaration is never undone.
 *
 * The balance of a house account and a hold whose payee it is exist only if it is declared: a commit that makes either proves the
 * declaration (`Changes.housesUsed`). So whatever rests on such a row rests on the declaration too.
 */
import { EXCHANGE, isHouse, ISSUER, REVENUE, type AccountName, type Instant } from './ids.ts'

export interface HouseAccount {
  /** Begins with `@`. */
  readonly account: AccountName
  /** 0 for those that exist from the start. */
  readonly declaredAt: Instant
}

/** The house accounts of every ledger. */
export const HOUSES_FROM_START: readonly HouseAccount[] = [ISSUER, REVENUE, EXCHANGE].map((account) => ({
  account,
  declaredAt: 0,
}))

/** Whether an account exists only if it was declared. */
export function needsDeclaration(account: AccountName): boolean {
  return isHouse(account) && account !== REVENUE && account !== ISSUER && account !== EXCHANGE
}
