/**
 * A balance: one account's coins of one asset.
 *
 * Upholds laws 2 and 3: `held ≥ 0`, `available ≥ floor − debt`, and `version` is the number of the balance's postings.
 */
import { BALANCE_MAX, BALANCE_MIN } from './amount.ts'
import { isHouse, type AccountName, type AssetCode } from './ids.ts'
import { ACTIVE, type Standings } from './standing.ts'

export interface Balance {
  readonly account: AccountName
  readonly asset: AssetCode
  /** The coins that can be spent. For a house account, the sum of all stripes; it and `total` can be outside int64. */
  readonly available: bigint
  /** The coins that open holds have set aside. */
  readonly held: bigint
  /** available + held. */
  readonly total: bigint
  /** The lowest value that `available` may reach: 0, or below 0 for a credit limit; null for house accounts, which have no floor. */
  readonly floor: bigint | null
  /** The number of postings of the balance. */
  readonly version: number
}

/** A floor has the range of a balance. */
export const FLOOR_MIN = BALANCE_MIN
export const FLOOR_MAX = BALANCE_MAX

/** A balance in a store. The standing is that of its account; a house account is always active. */
export interface BalanceRecord extends Standings {
  /** Assigned by the store when the balance is created. Journal rows contain it instead of the three names. */
  readonly id: number
  readonly account: AccountName
  readonly asset: AssetCode
  /** 0, except for house accounts: every engine writes a stripe of its own. */
  readonly stripe: number
  readonly available: bigint
  readonly held: bigint
  readonly floor: bigint | null
  /** How far `available` is below the floor, after overdraft charges; 0 when it is not. Only an overdraft charge increases it. */
  readonly debt: bigint
  /** 0 for a balance without a row. Its first posting creates the row. */
  readonly version: number
}

export interface BalanceName {
  readonly account: AccountName
  readonly asset: AssetCode
  readonly stripe: number
}

/** The name as one string, for maps. Read from its end it is unambiguous: only the account can contain the separator. */
export function balanceKey(account: AccountName, asset: AssetCode, stripe: number): string {
  return stripe === 0 ? `${account} ${asset}` : `${account} ${asset} ${stripe}`
}

/** A balance without a row: no coins, version 0. House accounts have no floor. @param standings those of the account */
export function emptyBalance(id: number, name: BalanceName, standings: Standings = ACTIVE): BalanceRecord {
  const { account, asset, stripe } = name
  return {
    id,
    account,
    asset,
    stripe,
    available: 0n,
    held: 0n,
    floor: isHouse(account) ? null : 0n,
    debt: 0n,
    standing: standings.standing,
    successor: standings.successor,
    version: 0,
  }
}

/** How far `available` is below the floor. */
export function debtOf({ available, floor }: Pick<BalanceRecord, 'available' | 'floor'>): bigint {
  return floor !== null && available < floor ? floor - available : 0n
}

/** The balance for callers. */
export function showBalance(record: BalanceRecord): Balance {
  const { account, asset, available, held, floor, version } = record
  return { account, asset, available, held, total: available + held, floor, version }
}
