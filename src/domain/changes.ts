/** The rows that one transaction writes. */
import type { Asset } from './asset.ts'
import type { BalanceRecord } from './balance.ts'
import type { HoldRecord } from './hold.ts'
import type { AccountName, RequestId } from './ids.ts'
import type { EntryRecord, PostingRecord } from './journal.ts'
import type { Metadata } from './metadata.ts'
import type { Rate } from './rate.ts'

/**
 * A balance as it must still be, and as it becomes. A `before` of version 0 creates the row.
 *
 * The version alone does not tell that the row is the one that was decided on: a batch may be decided on a version that never came
 * to be, because the batch that would have made it failed, while another process made a version of the same number. Amounts and
 * floor belong to it.
 */
export interface BalanceChange {
  readonly before: BalanceRecord
  readonly after: BalanceRecord
}

export interface AccountChange {
  readonly account: AccountName
  readonly metadata: Metadata
}

/**
 * A hold as its row must still be when it is written, and as it becomes. Of one that the same batch opens, the row is the one
 * just inserted: in the state of `after`, without steps.
 */
export interface HoldChange {
  readonly before: Pick<HoldRecord, 'state' | 'steps'>
  readonly after: HoldRecord
}

/** Which entry a step of a hold is: a number that is taken is stale. */
export interface HoldStepRecord {
  readonly hold: RequestId
  readonly number: number
  readonly entry: string
}

/** Rows to write in one transaction. Inserts fail as stale when their key is taken. */
export interface Changes {
  readonly entries: readonly EntryRecord[]
  /** Holds opened in this batch, already with what later commands of the batch made of them. */
  readonly holdsOpened: readonly HoldRecord[]
  /** Holds that were open before this batch and had no steps, now ended without one: another state or a step is stale. */
  readonly holdsChanged: readonly HoldRecord[]
  /** Holds with steps in this batch, also those of `holdsOpened`; written after them, with everything that can change. */
  readonly holdsStepped: readonly HoldChange[]
  /** One for each step of this batch; its entry is in `entries`. */
  readonly holdSteps: readonly HoldStepRecord[]
  readonly postings: readonly PostingRecord[]
  readonly balances: readonly BalanceChange[]
  readonly accounts: readonly AccountChange[]
  /** Inserted, or named anew; one that is there with other decimals or of another moment is stale. */
  readonly assets: readonly Asset[]
  /** Inserted; a version that is there already is stale. */
  readonly rates: readonly Rate[]
  /** Rates that must have been the newest of their pairs before this commit. */
  readonly ratesUsed: readonly Rate[]
}

/** Nothing to write. Accounts are written beside an entry, balances and steps beside postings, and used rates are not written. */
export function isEmpty(changes: Changes): boolean {
  const { entries, holdsOpened, holdsChanged, postings, assets, rates } = changes
  const rows = entries.length + holdsOpened.length + holdsChanged.length + postings.length
  return rows + assets.length + rates.length === 0
}
