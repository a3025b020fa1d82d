/** What a caller may touch at most: some accounts, some assets, and an amount per command. */
import type { Amount } from './amount.ts'
import { isHouse, type AccountName, type AssetCode } from './ids.ts'

export interface Confinement {
  /** Beginnings of names: an account must begin with one of them; null: any account. */
  readonly accounts: readonly string[] | null
  /** Null: any asset. */
  readonly assets: readonly AssetCode[] | null
  /** The largest amount that one command may move; null: any amount. */
  readonly amountMax: Amount | null
}

export function mayTouchAccount({ accounts }: Confinement, account: AccountName): boolean {
  return accounts === null || accounts.some((prefix) => account.startsWith(prefix))
}

/**
 * Whether a prefix may end in the middle of a name: `user:8` is also the beginning of `user:80`. House accounts are the operator's own, so
 * theirs do not count.
 */
export function isOpenEnded(prefix: string): boolean {
  return /[A-Za-z0-9]$/.test(prefix) && !isHouse(prefix)
}

export function mayTouchAsset({ assets }: Confinement, asset: AssetCode): boolean {
  return assets === null || assets.includes(asset)
}

export function mayMove({ amountMax }: Confinement, amount: Amount): boolean {
  return amountMax === null || amount <= amountMax
}
