/** What a store provides to the suite in addition to itself. */
import type { BalanceRecord } from '../../src/domain/balance.ts'
import type { HoldRecord } from '../../src/domain/hold-record.ts'
import type { EntryLeg, PostingRecord } from '../../src/domain/journal.ts'
import type { RatePair } from '../../src/domain/rate.ts'
import type { Store } from '../../src/engine/store.ts'
import type { WRITE_ORDERS } from '../../src/stores/memory/write-orders.ts'
import type { Storage } from '../../src/stores/storage.ts'

/** A row altered or deleted without the store. A posting that is altered must be the only line of its run. */
export type Damage =
  | {
      readonly alter: 'balance'
      readonly id: number
      readonly set: Partial<Pick<BalanceRecord, 'available' | 'held' | 'floor' | 'debt' | 'version'>>
    }
  | {
      readonly alter: 'posting'
      readonly balanceId: number
      readonly version: number
      /** With `entryId`: the posting belongs to the request `NOBODY`. */
      readonly set: Partial<Pick<PostingRecord, PostingColumn>> & { readonly entryId?: 'nobody' }
    }
  /** Lines that are no JSON are none. */
  | {
      readonly alter: 'run'
      readonly balanceId: number
      readonly version: number
      readonly set: { readonly packed: '[[' }
    }
  | { readonly alter: 'change'; readonly hold: string; readonly number: number; readonly set: ChangedHold }
  | {
      readonly alter: 'freeze'
      readonly id: string
      readonly set: Partial<Pick<HoldRecord, 'amount' | 'openedVersion'>>
    }
  | { readonly alter: 'request'; readonly id: string; readonly set: { readonly idText: string } }
  | { readonly alter: 'entry'; readonly id: string; readonly set: { readonly legs: readonly EntryLeg[] } }
  | { readonly alter: 'rate'; readonly pair: RatePair; readonly version: number; readonly set: { denominator: bigint } }
  | { readonly remove: 'posting'; readonly balanceId: number; readonly version: number }
  | { readonly remove: 'balance'; readonly id: number }
  | { readonly remove: 'actor'; readonly actor: number }
  | { readonly remove: 'house' | 'standing'; readonly account: string }
  | { readonly remove: 'request'; readonly id: string }
  | { readonly remove: 'change'; readonly hold: string; readonly number: number }

type PostingColumn = 'version' | 'availableDelta' | 'heldDelta' | 'available' | 'held'

/** The number of no request. */
export const NOBODY = 1

/** What a change may record otherwise. */
export interface ChangedHold extends Partial<
  Pick<HoldRecord, 'payee' | 'held' | 'settled' | 'released' | 'refunded' | 'expiresAt'>
> {
  /** The number of the change. */
  readonly number?: number
  /** Set: the change paid nobody. */
  readonly payeeBalanceId?: null
  readonly payeeVersion?: null
}

/** Whether the connection is lost before or after the database makes the commit durable. */
export type LostAt = 'before' | 'after'

/** A separate database, initially empty. Disposing of it closes every connection and removes it. */
export interface Harness extends AsyncDisposable {
  /** The model's order in which the store checks keys, guards and constraints. */
  readonly order: keyof typeof WRITE_ORDERS
  /** Opens the database. Every opening shows the same rows; several openings are several writers. */
  open(): Promise<Storage>
  /** Damages rows as no store would, regardless of constraints. */
  plant(damage: Damage): Promise<void>
  /** The storage's store; its next commit loses the connection and cannot know whether it took effect. */
  doubtful(storage: Storage, lostAt: LostAt): Store
}

export type OpenHarness = () => Promise<Harness>
