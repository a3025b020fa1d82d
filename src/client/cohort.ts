/** Cohorts: stable parts of the accounts of users. */
import { LedgerError } from '../api/error.ts'
import { isHouse, type AccountName } from '../domain/ids.ts'
import { hashOf } from './hash.ts'

/** Says for an account of a user to which of two ledgers it belongs. The same account must get the same answer from every process. */
export type RoutingRule = (account: AccountName) => boolean

export interface CohortOptions {
  /** The percentage of accounts, 0 to 100, in steps of 0.01. Default 0. A larger one has all accounts of a smaller one. */
  readonly percent?: number
  /** Accounts whose names begin with one of these texts are in the cohort, whatever the percentage. */
  readonly prefixes?: readonly string[]
}

const SLOTS = 10_000

/**
 * The rule of a cohort: a percentage of the accounts, chosen by a hash of the name, and the accounts with certain prefixes. House accounts
 * are in no cohort.
 *
 * @throws LedgerError `invalid_request` for a percentage out of range
 */
export function cohort({ percent = 0, prefixes = [] }: CohortOptions): RoutingRule {
  if (!(percent >= 0 && percent <= 100)) {
    throw LedgerError.invalidParameter('percent', `The percentage of a cohort must be from 0 to 100, not ${percent}.`)
  }
  const slots = Math.round((percent * SLOTS) / 100)
  return (account) =>
    !isHouse(account) && (prefixes.some((prefix) => account.startsWith(prefix)) || hashOf(account) % SLOTS < slots)
}
