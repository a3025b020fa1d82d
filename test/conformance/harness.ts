/** What a store provides to the suite in addition to itself. */
import type { BalanceRecord } from '../../src/domain/balance.ts'
import type { HoldRecord } from '../../src/domain/hold.ts'
import type { EntryLeg, PostingRecord } from '../../src/domain/journal.ts'
import type { RatePair } from '../../src/domain/rate.ts'
import type { Store } from '../../src/engine/store.ts'
import { legsText } from '../../src/stores/sql/entry-row.ts'
import type { WRITE_ORDERS } from '../../src/stores/memory/write-orders.ts'
import type { SqlValue } from '../../src/stores/sql/values.ts'
import type { Storage } from '../../src/stores/storage.ts'

/** A row altered or deleted without the store. */
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
        /** Set: the hold has not ended. */
        readonly endedAt?: null
        /** Set: the end of the hold paid nobody. */
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

/** The row of a table that a damage applies to, with its new values; `set` is null if the row is deleted. */
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
