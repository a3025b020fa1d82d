/** Rows as a store gives them. */
import type { Asset } from './asset.ts'
import type { BalanceRecord } from './balance.ts'
import type { HoldRecord } from './hold.ts'
import type { AssetCode, RequestId } from './ids.ts'
import type { EntryRecord } from './journal.ts'
import type { Rate } from './rate.ts'

/** One request id, one row: either an entry or a hold. */
export type RequestRecord = EntryRecord | HoldRecord

/**
 * Rows at one instant.
 *
 * - `requests`: null means that no such row exists. A key that is missing was not looked at.
 * - `balances` by `balanceKey`: a balance that has no row yet is there with version 0, zero amounts and the id that it
 *   will have.
 * - `assets`, and the newest rate of each pair in `rates` by `rateKey`: as `requests`.
 *
 * The balance of a hold is part of the snapshot even when the footprint could not name it.
 */
export interface Snapshot {
  readonly requests: ReadonlyMap<RequestId, RequestRecord | null>
  readonly balances: ReadonlyMap<string, BalanceRecord>
  readonly assets: ReadonlyMap<AssetCode, Asset | null>
  readonly rates: ReadonlyMap<string, Rate | null>
}
