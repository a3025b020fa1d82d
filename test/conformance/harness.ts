/** What a store brings to the suite besides itself. */
import type { BalanceRecord } from '../../src/domain/balance.ts'
import type { HoldRecord } from '../../src/domain/hold.ts'
import type { EntryLeg, PostingRecord } from '../../src/domain/journal.ts'
import type { RatePair } from '../../src/domain/rate.ts'
import type { Store } from '../../src/engine/store.ts'
import { legsText } from '../../src/stores/sql/entry-row.ts'
import type { WRITE_ORDERS } from '../../src/stores/memory/write-orders.ts'
import type { SqlValue } from '../../src/stores/sql/values.ts'
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
        Pick<HoldRecord, 'payee' | 'held' | 'settled' | 'released' | 'refunded' | 'expiresAt' | 'steps'>
      > & {
        /** It has not ended. */
        readonly endedAt?: null
        /** Its end has paid nobody. */
        readonly payeeBalanceId?: null
        readonly payeeVersion?: null
      }
    }
  | { readonly alter: 'entry'; readonly id: string; readonly set: { readonly legs: readonly EntryLeg[] } }
  | { readonly alter: 'rate'; readonly pair: RatePair; readonly version: number; readonly set: { denominator: bigint } }
  | { readonly remove: 'posting'; readonly balanceId: number; readonly version: number }
  | { readonly remove: 'balance'; readonly id: number }
  | { readonly remove: 'request'; readonly id: string }
  | { readonly remove: 'hold_step'; readonly hold: string; readonly step: number }

/** Where a connection is lost: before the database made the commit durable, or after. */
export type LostAt = 'before' | 'after'

/** One database of its own, empty at first; disposing of it closes what is open and leaves nothing behind. */
export interface Harness extends AsyncDisposable {
  /** In which of the model's orders the store meets keys, guards and constraints. */
  readonly order: keyof typeof WRITE_ORDERS
  /** Opens the database. Every opening shows the same rows; several at once are several writers. */
  open(): Promise<Storage>
  /** Does damage that no store would, whatever the constraints say. */
  plant(damage: Damage): Promise<void>
  /** The storage's store, but its next commit loses the connection and cannot say whether it was made. */
  doubtful(storage: Storage, lostAt: LostAt): Store
}

export type OpenHarness = () => Promise<Harness>

/** The row of a table that a damage means, and what becomes of it; `set` is null where it is gone. */
export interface DamagedRow {
  readonly table: string
  readonly key: Readonly<Record<string, string | number>>
  readonly set: Readonly<Record<string, SqlValue>> | null
}

export function rowOf(damage: Damage): DamagedRow {
  if ('remove' in damage) return { table: `${damage.remove}s`, key: keyOf(damage), set: null }
  const table = damage.alter === 'hold' || damage.alter === 'entry' ? 'requests' : `${damage.alter}s`
  if (damage.alter === 'entry') return { table, key: keyOf(damage), set: { legs: legsText(damage.set.legs) } }
  const set = Object.entries(damage.set).map(([field, value]) => [snakeCase(field), value])
  return { table, key: keyOf(damage), set: Object.fromEntries(set) as Record<string, SqlValue> }
}

function keyOf(damage: Damage): Readonly<Record<string, string | number>> {
  if ('step' in damage) return { hold: damage.hold, step: damage.step }
  if ('pair' in damage) return { from_asset: damage.pair.from, to_asset: damage.pair.to, version: damage.version }
  return 'balanceId' in damage ? { balance_id: damage.balanceId, version: damage.version } : { id: damage.id }
}

function snakeCase(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
