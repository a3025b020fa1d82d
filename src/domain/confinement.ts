/** What an API key may touch. */
import type { Amount } from './amount.ts'
import type { AccountName, AssetCode } from './ids.ts'

/** The limits of a key. Null: no such limit. */
export interface Confinement {
  /** Prefixes of the names of accounts. */
  readonly accounts: readonly string[] | null
  readonly assets: readonly AssetCode[] | null
  /** The largest amount of an asset that one command may move. */
  readonly amountMax: Amount | null
}

export function mayTouchAccount({ accounts }: Confinement, account: AccountName): boolean {
  return accounts === null || accounts.some((prefix) => account.startsWith(prefix))
}

export function mayTouchAsset({ assets }: Confinement, asset: AssetCode): boolean {
  return assets === null || assets.includes(asset)
}
