/** An order of the external system: coins from one account to one or more others, in one or more legs. */
import type { AccountName, AssetCode, RequestId } from '../domain/ids.ts'
import type { OtherState } from './list.ts'

export interface OrderLeg {
  readonly to: AccountName
  readonly asset: AssetCode
  /** In minor units; at least 1. */
  readonly amount: bigint
  readonly toAsset: AssetCode
  /** Null if the list does not say what arrived of another asset. */
  readonly toAmount: bigint | null
  /** Whether the external system has paid this leg itself, outside the ledger. */
  readonly isPaid: boolean
}

export interface Order {
  /** The line where it begins. */
  readonly line: number
  readonly requestId: RequestId
  readonly state: OtherState
  readonly from: AccountName
  /** Whether the external system has taken the amounts of all legs from the sender, whichever legs it paid. */
  readonly isTaken: boolean
  /** At least 1. Messages number them from 1. */
  readonly legs: readonly OrderLeg[]
}
