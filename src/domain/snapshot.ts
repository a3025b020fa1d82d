/** The rows that a store returns. */
import type { Asset } from './asset.ts'
import type { BalanceRecord } from './balance.ts'
import type { HoldRecord } from './hold.ts'
import type { AssetCode, RequestId } from './ids.ts'
import type { EntryRecord } from './journal.ts'
import type { Rate } from './rate.ts'

/** The row of a request id: an entry or a hold. */
export type RequestRecord = EntryRecord | HoldRecord

/**
 * Rows at one instant.
 *
 * - `requests`: null means that the row does not exist. A missing key was not read.
 * - `balances`, by `balanceKey`: a balance without a row has version 0, zero amounts and the id that it will get.
 * - `assets`, and `rates` with the newest rate of each pair, by `rateKey`: like `requests`.
 *
 * The snapshot contains the balances of a hold even if the footprint could not name them.
 */
export interface Snapshot {
  readonly requests: ReadonlyMap<RequestId, RequestRecord | null>
  readonly balances: ReadonlyMap<string, BalanceRecord>
  readonly assets: ReadonlyMap<AssetCode, Asset | null>
  readonly rates: ReadonlyMap<string, Rate | null>
}
