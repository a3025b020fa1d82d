import { AMOUNT_MAX, BALANCE_MAX } from './amount.ts'
import { SUPPLY_MAX } from './house-stripes.ts'
import { DEFAULT_ASSET, type AssetCode, type Instant } from './ids.ts'

/** A kind of coin. `decimals` is the number of decimal places; it never changes. */
export interface Asset {
  readonly code: AssetCode
  /** 0 to `ASSET_DECIMALS_MAX`. */
  readonly decimals: number
  readonly name: string
  readonly createdAt: Instant
}

/** With 9, one command moves up to ten million coins and a balance has up to 9.2 billion. With more, the supply would be too small. */
export const ASSET_DECIMALS_MAX = 9
export const ASSET_NAME_LENGTH_MAX = 64

/** The asset that exists in every ledger from the start. */
export const CREDIT: Asset = { code: DEFAULT_ASSET, decimals: 0, name: 'Credit', createdAt: 0 }

/** The largest numbers of whole coins of an asset. */
export interface Supply {
  /** That one command can move. */
  readonly perCommand: bigint
  /** That one balance can have. */
  readonly perBalance: bigint
  /** That one process can issue. */
  readonly perIssuer: bigint
}

export function supplyOf({ decimals }: Pick<Asset, 'decimals'>): Supply {
  const coin = 10n ** BigInt(decimals)
  return { perCommand: AMOUNT_MAX / coin, perBalance: BALANCE_MAX / coin, perIssuer: SUPPLY_MAX / coin }
}
