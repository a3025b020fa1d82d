/**
 * The standing of an account of a user: whether it is active, blocked or closed.
 *
 * It is on each balance of the account, so that a command on a balance rests on no other row. The record of the account is written only
 * when a balance is opened and when the standing changes, and both change its version. So a balance that is opened while its account
 * is blocked or closed is blocked or closed too, and a change of the standing forgets no balance.
 */
import type { AccountName, AssetCode } from './ids.ts'

/**
 * - `active`: everything is possible.
 * - `blocked`: no coins leave what is available. Coins are received, and what is held is settled and released.
 * - `closed`: nothing is frozen, paid or received. What returns to the account goes to its successor.
 */
export const STANDINGS = ['active', 'blocked', 'closed'] as const
export type Standing = (typeof STANDINGS)[number]

/** The standing as it is on each balance. */
export interface Standings {
  readonly standing: Standing
  /** The account that received what was left of a closed one, and receives what returns to it; null for the others. */
  readonly successor: AccountName | null
}

export const ACTIVE: Standings = { standing: 'active', successor: null }

/** House accounts have none. */
export interface StandingRecord extends Standings {
  readonly account: AccountName
  /** Those of which the account has balances, in the order in which they were opened. */
  readonly assets: readonly AssetCode[]
  /** 0 for an account without a row. */
  readonly version: number
}

export function newStanding(account: AccountName): StandingRecord {
  return { account, ...ACTIVE, assets: [], version: 0 }
}
