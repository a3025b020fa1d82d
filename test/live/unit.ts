/** What became durable at one instant, and what certainly came before and after it. */
import type { HouseAccount } from '../../src/domain/house-account.ts'
import type { PostingRecord } from '../../src/domain/journal.ts'
import type { AssetBook } from '../reference/books.ts'
import type { RateBook } from '../reference/exchange.ts'

export type Member =
  | { readonly kind: 'entry'; readonly id: string; readonly at: number; readonly postings: readonly PostingRecord[] }
  | { readonly kind: 'rate'; readonly at: number; readonly rate: RateBook }
  | { readonly kind: 'house'; readonly at: number; readonly house: HouseAccount }
  | { readonly kind: 'asset'; readonly at: number; readonly asset: AssetBook }

export interface Unit {
  readonly members: Member[]
  /** Units that certainly came before this one. */
  readonly before: Set<Unit>
  readonly after: Set<Unit>
}

export type UnitsByEntry = ReadonlyMap<string, Unit>

export function link(first: Unit, second: Unit): void {
  if (first === second) return
  first.after.add(second)
  second.before.add(first)
}

/** What an entry passed on to a successor belongs to it. */
export function withoutForward(entryId: string): string {
  return entryId.replace(/~merge$/, '')
}

export function unitOf({ entryId }: Pick<PostingRecord, 'entryId'>, byEntry: UnitsByEntry): Unit {
  return byEntry.get(withoutForward(entryId))!
}
