/** The port of a bridge: what can be done with it on any kind of database. */
import type { AccountName, AssetCode } from '../domain/ids.ts'

/** Something that an operator has to change first: nothing was done, unless the message says so. */
export class BridgeError extends Error {
  override readonly name = 'BridgeError'
}

export interface InstallOptions {
  /** Users that are taken over, and locked, in one transaction; 1 to 1,000. */
  readonly batchUsers: number
  /** Whether accounts that have coins in the ledger already are brought to what the old rows say. */
  readonly adopt: boolean
}

/** Which rows an installation is going through. */
export type InstallStep = 'users found' | 'old requests' | 'users taken over'

/** @param total null while it is not known */
export type InstallProgress = (step: InstallStep, done: number, total: number | null) => void

/** `open`: both sides write. `paused`: the old side is refused. `closing`: a removal was interrupted, and both sides are refused. */
export type BridgeState = 'open' | 'paused' | 'closing'

/** Accounts by what became of them. `pending`: not yet taken over. `refused`: cannot be. `broken`: an old write was recorded. */
export interface LinkCounts {
  readonly pending: number
  readonly attached: number
  readonly refused: number
  readonly broken: number
}

/** An account that is not attached, and why. */
export interface LooseAccount {
  readonly account: AccountName
  readonly asset: AssetCode
  readonly state: 'refused' | 'broken'
  readonly reason: string
}

export interface BridgeStatus {
  readonly state: BridgeState
  readonly accounts: LinkCounts
  /** The first ones. */
  readonly loose: readonly LooseAccount[]
  /** Recorded writes, also those that were repaired. */
  readonly failuresCount: number
  /** Freezes of the old system that are open, and their coins by asset, in minor units. */
  readonly openFreezes: readonly { readonly asset: AssetCode; readonly count: number; readonly coins: bigint }[]
  /** Triggers and routines that should be there and are not: the books can differ. */
  readonly missing: readonly string[]
  /** What makes both sides meet in deadlocks, with the remedy, as sentences. */
  readonly hindrances: readonly string[]
}

export interface InstallReport {
  readonly status: BridgeStatus
  /** Old requests that are known to the ledger now, and those that it had as requests of its own. */
  readonly requestsKnown: number
  readonly requestsTaken: readonly string[]
}

/**
 * - `available_differs`: the account has other available coins than the old row says.
 * - `frozen_differs`: the frozen coins of the old row are not those of its open freezes and of the account's holds.
 * - `not_attached`: the user is not bridged.
 * - `no_old_row`: an account whose row is gone.
 * - `no_link`: an old row that the bridge does not know.
 */
export type DifferenceCode = 'available_differs' | 'frozen_differs' | 'not_attached' | 'no_old_row' | 'no_link'

export interface Difference {
  readonly code: DifferenceCode
  readonly account: AccountName
  readonly asset: AssetCode
  readonly message: string
  /** Null: no repair was tried, or it is not for an entry to repair. Otherwise `repaired`, or why not. */
  readonly repair: string | null
}

export interface VerifyReport {
  readonly accountsCount: number
  readonly differences: readonly Difference[]
}

/** What a removal does with holds that are open: it refuses, writes them to the log of freezes, or leaves them. */
export type OpenHolds = 'refuse' | 'hand-over' | 'leave'

export interface RemoveReport {
  /** Open holds of bridged accounts. */
  readonly holdsCount: number
}

/** @throws BridgeError, MappingError, Fault `store_unavailable`, `store_misconfigured` */
export interface Bridge extends AsyncDisposable {
  /** Makes the bridge, or goes on with one that was begun. */
  install(options: InstallOptions, progress: InstallProgress): Promise<InstallReport>
  status(): Promise<BridgeStatus>
  verify(options: { readonly repair: boolean }, progress: (done: number, total: number) => void): Promise<VerifyReport>
  /** Returns when no old write is under way any more. */
  pause(): Promise<void>
  resume(): Promise<void>
  remove(options: { readonly openHolds: OpenHolds }): Promise<RemoveReport>
}
