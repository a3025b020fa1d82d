/** The rows that one transaction writes. */
import type { Asset } from './asset.ts'
import type { BalanceRecord } from './balance.ts'
import type { HoldRecord } from './hold.ts'
import type { AccountName, RequestId } from './ids.ts'
import type { EntryRecord, PostingRecord } from './journal.ts'
import type { Metadata } from './metadata.ts'
import type { Rate } from './rate.ts'

/**
 * A balance before and after the commit. The row must still equal `before`; with version 0, the row is created.
 *
 * The version alone does not prove that the row is the one that was decided on. A batch can be decided on a version of a previous batch
 * that then failed, while another process wrote a version with the same number. Therefore amounts and floor are compared too.
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
 * A hold before and after the commit. The row must still equal `before`. For a hold that the same batch opens, `before` is the inserted
 * row: in the state of `after`, without steps.
 */
export interface HoldChange {
  readonly before: Pick<HoldRecord, 'state' | 'steps'>
  readonly after: HoldRecord
}

/** The entry of a step of a hold. An existing number makes the commit stale. */
export interface HoldStepRecord {
  readonly hold: RequestId
  readonly number: number
  readonly entry: string
}

/** The rows to write in one transaction. An insert with an existing key makes the commit stale. */
export interface Changes {
  readonly entries: readonly EntryRecord[]
  /** Holds that this batch opens, after all commands of the batch. */
  readonly holdsOpened: readonly HoldRecord[]
  /** Holds that were open without steps, and that this batch ends without a step. Another state or a step makes the commit stale. */
  readonly holdsChanged: readonly HoldRecord[]
  /** Holds with steps in this batch, including those in `holdsOpened`; written after `holdsOpened`, with all fields that can change. */
  readonly holdsStepped: readonly HoldChange[]
  /** The steps of this batch. Their entries are in `entries`. */
  readonly holdSteps: readonly HoldStepRecord[]
  readonly postings: readonly PostingRecord[]
  readonly balances: readonly BalanceChange[]
  readonly accounts: readonly AccountChange[]
  /** Inserted or renamed. Stale if stored with other decimal places or another creation time. */
  readonly assets: readonly Asset[]
  /** Inserted. An existing version makes the commit stale. */
  readonly rates: readonly Rate[]
  /** Rates that must be the newest of their pairs before this commit. */
  readonly ratesUsed: readonly Rate[]
}

/** Whether there is nothing to write. Accounts are only written with an entry, balances and steps only with postings, used rates never. */
export function isEmpty(changes: Changes): boolean {
  const { entries, holdsOpened, holdsChanged, postings, assets, rates } = changes
  const rows = entries.length + holdsOpened.length + holdsChanged.length + postings.length
  return rows + assets.length + rates.length === 0
}
