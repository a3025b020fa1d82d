/** The rows that one transaction writes. */
import type { Asset } from './asset.ts'
import type { BalanceRecord } from './balance.ts'
import type { HoldRecord } from './hold-record.ts'
import type { HouseAccount } from './house-account.ts'
import type { AccountName } from './ids.ts'
import type { EntryRecord, PostingRecord } from './journal.ts'
import type { Metadata } from './metadata.ts'
import type { Rate } from './rate.ts'
import type { StandingRecord } from './standing.ts'

/**
 * A balance before and after the commit. The row must still equal `before`; with version 0, the row is created.
 *
 * The version alone does not prove that the row is the one that was decided on. A batch can be decided on a version of a previous batch
 * that then failed, while another process wrote a version with the same number. Therefore amounts, floor and standing are compared too.
 */
export interface BalanceChange {
  readonly before: BalanceRecord
  readonly after: BalanceRecord
}

/** A standing before and after the commit. The row must still equal `before`; with version 0, the row is created. */
export interface StandingChange {
  readonly before: StandingRecord
  readonly after: StandingRecord
}

export interface AccountChange {
  readonly account: AccountName
  readonly metadata: Metadata
}

/**
 * A change of a hold after its freeze. Its key is (hold, number), and a hold's number of changes is that of its last one. So two writers
 * that start from the same state of a hold cannot both change it. The change before it must be there; before the first, the hold.
 */
export interface HoldChange {
  /** The hold after the change. Its `changes` is the number of the change. */
  readonly after: HoldRecord
  /** The entry of a step; null for an end that is no step. */
  readonly step: EntryRecord | null
}

/** Where an entry is found: at the request with this number. */
export interface EntryPlace {
  readonly seq: number
  /** Whether it is the end of the hold that the request opened, which has no request of its own. */
  readonly isEnd: boolean
}

/** The rows to write in one transaction. An insert with an existing key makes the commit stale. */
export interface Changes {
  readonly entries: readonly EntryRecord[]
  /** Holds that this batch opens, after all commands of the batch. */
  readonly holdsOpened: readonly HoldRecord[]
  /** Charges that this batch makes, each with its entry, after all commands of the batch. */
  readonly charges: readonly HoldRecord[]
  /** What happens to holds and charges, also to those of this batch, in order. An existing number or a missing one before it makes the commit stale. */
  readonly holdChanges: readonly HoldChange[]
  readonly postings: readonly PostingRecord[]
  /** Every entry of the batch, in the order in which its commands were decided. */
  readonly entryOrder: readonly EntryPlace[]
  readonly balances: readonly BalanceChange[]
  readonly standings: readonly StandingChange[]
  readonly accounts: readonly AccountChange[]
  /** Inserted or renamed. Stale if stored with other decimal places or another creation time. */
  readonly assets: readonly Asset[]
  /** Inserted. An existing one makes the commit stale. */
  readonly houses: readonly HouseAccount[]
  /**
   * House accounts that must be declared before this commit: those whose balances it opens, and the payees of the holds that it opens or
   * changes. A balance that exists proves the declaration by itself.
   */
  readonly housesUsed: readonly AccountName[]
  /** Inserted. An existing version makes the commit stale. */
  readonly rates: readonly Rate[]
  /** Rates that must be the newest of their pairs before this commit. */
  readonly ratesUsed: readonly Rate[]
}

/** Whether there is nothing to write. Accounts and standings are only written with an entry, balances and changes of holds only with postings, used rates never. */
export function isEmpty(changes: Changes): boolean {
  const { entries, holdsOpened, charges, postings, assets, houses, rates } = changes
  const rows = entries.length + holdsOpened.length + charges.length + postings.length
  return rows + assets.length + houses.length + rates.length === 0
}
