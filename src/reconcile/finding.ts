/** A difference between the external system and the ledger, and the command that removes it. */
import type { Overage } from '../domain/command.ts'
import type { AccountName, AssetCode, RequestId } from '../domain/ids.ts'

/**
 * - `missing`: the list has the request, the ledger does not.
 * - `extra`: the ledger has a hold or an entry, the list does not have the request.
 * - `unfinished`: the work has ended, the hold is open.
 * - `different`: both have it, in different ways, at different amounts or for different accounts.
 * - `half_done`: the external system has moved some coins of an order and not all, and the ledger has no entry that ends it.
 * - `duplicate`: the list has the request more than once.
 */
export type FindingCode = 'missing' | 'extra' | 'unfinished' | 'different' | 'half_done' | 'duplicate'

export interface TransferLeg {
  readonly from: AccountName
  readonly to: AccountName
  readonly asset: AssetCode
  readonly amount: bigint
  readonly toAsset?: AssetCode
  readonly toAmount?: bigint
}

interface Movement {
  readonly requestId: RequestId
  readonly asset: AssetCode
  readonly amount: bigint
}

interface OfHold {
  readonly hold: RequestId
  /** The steps of the hold when it was compared. */
  readonly ifSteps: number
}

/** The command that makes the ledger agree with the external system. That of a hold applies only if the hold has not changed since. */
export type Fix =
  | ({ readonly kind: 'settle'; readonly amount: bigint; readonly overage: Overage } & OfHold)
  | ({ readonly kind: 'release' } & OfHold)
  | ({ readonly kind: 'deposit'; readonly account: AccountName } & Movement)
  | ({ readonly kind: 'charge'; readonly account: AccountName; readonly payee?: AccountName } & Movement)
  | {
      readonly kind: 'transfer'
      readonly requestId: RequestId
      readonly legs: readonly TransferLeg[]
      readonly memo?: string
    }

/** The numbers of an order's legs, from 1. */
export interface LegNumbers {
  /** Those that the external system has paid itself, and the others. */
  readonly paid: readonly number[]
  readonly unpaid: readonly number[]
  /** Those whose receiver has another amount from the ledger. */
  readonly different: readonly number[]
}

export interface Finding {
  readonly code: FindingCode
  readonly requestId: RequestId
  /** The line in the list; null if the request is not in the list. */
  readonly line: number | null
  /** Null if the ledger has neither hold nor entry. */
  readonly asset: string | null
  /** The amount in the external system, and in the ledger. */
  readonly theirs: bigint | null
  readonly ours: bigint | null
  readonly message: string
  /** Only for orders. */
  readonly legs?: LegNumbers
  /** Null if there is no rule for this case. */
  readonly fix: Fix | null
}
