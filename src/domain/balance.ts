/**
 * A balance: one account's coins of one asset.
 *
 * Upholds laws 2 and 3: `held ≥ 0`, `available ≥ floor`, and `version` is the number of the balance's postings.
 */
import { BALANCE_MAX, BALANCE_MIN } from './amount.ts'
import { isHouse, type AccountName, type AssetCode } from './ids.ts'

export interface Balance {
  readonly account: AccountName
  readonly asset: AssetCode
  /** What can be spent. Of a house account, all stripes added up, which may be beyond int64, as its `total`. */
  readonly available: bigint
  /** What open holds have set aside. */
  readonly held: bigint
  /** available + held. */
  readonly total: bigint
  /** How low `available` may go: 0, or below it for a credit limit; null for house accounts, which have none. */
  readonly floor: bigint | null
  /** The number of postings that made it. */
  readonly version: number
}

/** A floor may be wherever a balance may be. */
export const FLOOR_MIN = BALANCE_MIN
export const FLOOR_MAX = BALANCE_MAX

/** A balance as the stores keep it. */
export interface BalanceRecord {
  /** Given by the store when the balance first appears; the journal's rows carry it in place of the three names. */
  readonly id: number
  readonly account: AccountName
  readonly asset: AssetCode
  /** 0, except for house accounts, of which every engine writes a stripe of its own. */
  readonly stripe: number
  readonly available: bigint
  readonly held: bigint
  readonly floor: bigint | null
  /** 0 for a balance that has not appeared yet: the next posting creates its row. */
  readonly version: number
}

export interface BalanceName {
  readonly account: AccountName
  readonly asset: AssetCode
  readonly stripe: number
}

/** The name as one string, for maps. The separator is in none of its parts. */
export function balanceKey(account: AccountName, asset: AssetCode, stripe: number): string {
  return stripe === 0 ? `${account} ${asset}` : `${account} ${asset} ${stripe}`
}

/** A balance without a row yet: no coins, version 0. House accounts have no floor. */
export function emptyBalance(id: number, name: BalanceName): BalanceRecord {
  const { account, asset, stripe } = name
  return { id, account, asset, stripe, available: 0n, held: 0n, floor: isHouse(account) ? null : 0n, version: 0 }
}

/** What callers see of a balance. */
export function showBalance(record: BalanceRecord): Balance {
  const { account, asset, available, held, floor, version } = record
  return { account, asset, available, held, total: available + held, floor, version }
}
