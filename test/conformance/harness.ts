/** What a store brings to the suite besides itself. */
import type { BalanceRecord } from '../../src/domain/balance.ts'
import type { HoldRecord } from '../../src/domain/hold.ts'
import type { PostingRecord } from '../../src/domain/journal.ts'
import type { Store } from '../../src/engine/store.ts'
import type { Storage } from '../../src/stores/storage.ts'

/** A row altered or gone behind the store's back. */
export type Damage =
  | {
      readonly alter: 'balance'
      readonly id: number
      readonly set: Partial<Pick<BalanceRecord, 'available' | 'held' | 'floor' | 'version'>>
    }
  | {
      readonly alter: 'posting'
      readonly balanceId: number
      readonly version: number
      readonly set: Partial<Omit<PostingRecord, 'balanceId'>>
    }
  | {
      readonly alter: 'hold'
      readonly id: string
      readonly set: Partial<
        Pick<HoldRecord, 'held' | 'settled' | 'released' | 'endedAt' | 'payeeBalanceId' | 'payeeVersion'>
      >
    }
  | { readonly remove: 'posting'; readonly balanceId: number; readonly version: number }
  | { readonly remove: 'balance'; readonly id: number }
  | { readonly remove: 'request'; readonly id: string }

/** Where a connection is lost: before the database made the commit durable, or after. */
export type LostAt = 'before' | 'after'

/** One database of its own, empty at first; disposing of it closes what is open and leaves nothing behind. */
export interface Harness extends AsyncDisposable {
  /** Opens the database. Every opening shows the same rows; several at once are several writers. */
  open(): Promise<Storage>
  /** Does damage that no store would, whatever the constraints say. */
  plant(damage: Damage): Promise<void>
  /** The storage's store, but its next commit loses the connection and cannot say whether it was made. */
  doubtful(storage: Storage, lostAt: LostAt): Store
}

export type OpenHarness = () => Promise<Harness>
