/** The rows of the reference ledger, named as in the glossary, and its verdict on a command. */
import type { HoldState } from '../../src/domain/hold.ts'
import type { ShownAuthor } from '../../src/domain/by.ts'
import type { Rejection } from '../../src/domain/outcome.ts'
import type { LegBook } from './exchange.ts'

export interface Book {
  readonly account: string
  readonly asset: string
  readonly stripe: number
  readonly available: bigint
  readonly held: bigint
  readonly floor: bigint | null
  readonly standing: 'active' | 'blocked' | 'closed'
  readonly successor: string | null
  readonly version: number
}

export interface Line {
  readonly entryId: string
  readonly kind: string
  readonly account: string
  readonly asset: string
  readonly stripe: number
  readonly version: number
  readonly availableDelta: bigint
  readonly heldDelta: bigint
  readonly available: bigint
  readonly held: bigint
  readonly at: number
}

export interface HoldBook {
  readonly id: string
  readonly account: string
  readonly asset: string
  readonly payee: string
  readonly state: HoldState
  readonly amount: bigint
  readonly held: bigint
  readonly settled: bigint
  readonly released: bigint
  readonly drawn: bigint
  readonly shortfall: bigint
  readonly refunded: bigint
  readonly settledLate: bigint
  readonly onExpiry: { readonly settle: bigint } | null
  readonly expiresAt: number
  readonly createdAt: number
  readonly endedAt: number | null
  readonly steps: number
  readonly metadata: unknown
}

/** One event in the history of a hold. */
export interface HoldEventBook {
  readonly number: number
  readonly kind: string
  readonly entry: string
  readonly at: number
  readonly by: ShownAuthor | null
  readonly hold: HoldBook
}

/** The row of an entry, without the columns that callers never see. */
export interface EntryBook {
  readonly id: string
  readonly kind: string
  readonly at: number
  readonly by: ShownAuthor | null
  readonly memo: string | null
  readonly metadata: unknown
  readonly floor: bigint | null
  readonly overdraft: boolean
  readonly legs: readonly LegBook[] | null
  readonly step: { readonly hold: string; readonly number: number; readonly after: HoldBook } | null
  readonly postings: readonly Line[]
}

export interface AssetBook {
  readonly code: string
  readonly decimals: number
  readonly name: string
  readonly createdAt: number
}

/** The stripe of a house account that the engine writes. */
export type StripeOf = (account: string, asset: string) => number

/** A stripe that no engine writes: what does not fit into it fits into no stripe. */
export const EMPTY_STRIPE: StripeOf = () => -1

/** The circumstances under which a command is decided. */
export interface Circumstances {
  readonly stripeOf: StripeOf
  readonly now: number
  readonly ttlMsDefault: number
  readonly ttlMsMax: number
  /** Who gives the command; nobody if absent. */
  readonly by?: ShownAuthor | null
  /** Whether holds and earlier requests are kept from who gives the command. */
  readonly knowsNoHold?: true
}

/** When something happened, and who did it. */
export function stamp({ now, by = null }: Circumstances): Pick<EntryBook, 'at' | 'by'> {
  return { at: now, by }
}

export type Verdict =
  | {
      readonly kind: 'applied'
      readonly answer: unknown
      readonly lines: readonly Line[]
      /** Null if no row but the hold's own records it, or the command leaves no entry. */
      readonly entry: EntryBook | null
      /** What passed on to the successors of closed accounts; its lines are the last of `lines`. */
      readonly forward?: EntryBook | null
      readonly write: () => void
    }
  /** `at`: when the first request had its effect. */
  | { readonly kind: 'repeated'; readonly answer: unknown; readonly at: number }
  | { readonly kind: 'refused'; readonly rejection: Rejection }
