import { DEFAULT_ASSET, type AssetCode, type Instant } from './ids.ts'

/** A kind of coin. `decimals` says how many digits of an amount stand behind the point; it never changes. */
export interface Asset {
  readonly code: AssetCode
  /** 0 to 18. */
  readonly decimals: number
  readonly name: string
  readonly createdAt: Instant
}

export const ASSET_DECIMALS_MAX = 18
export const ASSET_NAME_LENGTH_MAX = 64

/** Every ledger starts with it. */
export const CREDIT: Asset = { code: DEFAULT_ASSET, decimals: 0, name: 'Credit', createdAt: 0 }
