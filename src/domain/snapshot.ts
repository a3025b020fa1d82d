/** The rows that a store returns. */
import type { Asset } from './asset.ts'
import type { BalanceRecord } from './balance.ts'
import type { HoldRecord } from './hold-record.ts'
import type { HouseAccount } from './house-account.ts'
import type { AccountName, AssetCode, RequestId } from './ids.ts'
import type { EntryRecord } from './journal.ts'
import type { Rate } from './rate.ts'
import type { StandingRecord } from './standing.ts'

/** The row of a request id: an entry or a hold. */
export type RequestRecord = EntryRecord | HoldRecord

/** The entry in the row: that of a charge, or of any other command that moves coins. Null for a freeze, whose entry is the hold itself. */
export function entryIn(record: RequestRecord): EntryRecord | null {
  return record.kind === 'freeze' ? record.charge : record
}

/**
 * Rows at one instant.
 *
 * - `requests`: null means that the row does not exist. A missing key was not read.
 * - `balances`, by `balanceKey`: a balance without a row has version 0, zero amounts and the id that it will get.
 * - `assets`, `houses`, and `rates` with the newest rate of each pair, by `rateKey`: like `requests`.
 * - `standings`: one without a row has version 0.
 *
 * The snapshot contains balances that the footprint could not name: those of a hold, of a whole account, and of the successors of both.
 * For each balance of a user without a row, it contains the standing of the account.
 */
export interface Snapshot {
  readonly requests: ReadonlyMap<RequestId, RequestRecord | null>
  readonly balances: ReadonlyMap<string, BalanceRecord>
  readonly standings: ReadonlyMap<AccountName, StandingRecord>
  readonly assets: ReadonlyMap<AssetCode, Asset | null>
  readonly houses: ReadonlyMap<AccountName, HouseAccount | null>
  readonly rates: ReadonlyMap<string, Rate | null>
}
