/** What can be asked of the ledger. Every field is checked at the edges; the rules trust types and ranges. */
import type { Amount } from './amount.ts'
import type { AccountName, AssetCode, Instant, RequestId } from './ids.ts'
import type { Metadata } from './metadata.ts'
import type { Rounding } from './rate.ts'

/** What a settle does when it asks for more than the hold has: refuse, take what is held, or draw on `available`. */
export type Overage = 'reject' | 'cap' | 'draw'

export interface Leg {
  readonly from: AccountName
  readonly to: AccountName
  /** What it leaves `from` in, and how much of it. */
  readonly asset: AssetCode
  readonly amount: Amount
  /** What it arrives in, where that is another asset. */
  readonly toAsset?: AssetCode
  /** What arrives, where the caller says so: within the tolerance of the rate. Only beside `toAsset`. */
  readonly toAmount?: Amount
}

/** Sets an account's floor for one asset (a credit limit when negative) and the account's metadata. */
export interface OpenCommand {
  readonly kind: 'open'
  readonly requestId: RequestId
  readonly account: AccountName
  readonly asset: AssetCode
  readonly floor: bigint
  /** null leaves the account's metadata as it is. */
  readonly metadata: Metadata | null
}

export interface DepositCommand {
  readonly kind: 'deposit'
  readonly requestId: RequestId
  readonly account: AccountName
  readonly asset: AssetCode
  readonly amount: Amount
  readonly memo: string | null
  readonly metadata: Metadata | null
}

export interface ChargeCommand {
  readonly kind: 'charge'
  readonly requestId: RequestId
  readonly account: AccountName
  readonly payee: AccountName
  readonly asset: AssetCode
  readonly amount: Amount
  readonly memo: string | null
  readonly metadata: Metadata | null
}

/** All legs or none, at one moment: only the net effect on each balance has to be allowed. */
export interface TransferCommand {
  readonly kind: 'transfer'
  readonly requestId: RequestId
  readonly legs: readonly Leg[]
  readonly memo: string | null
  readonly metadata: Metadata | null
}

/** Opens a hold whose id is the request id. At most one of the two expiries is given; neither means the default. */
export interface FreezeCommand {
  readonly kind: 'freeze'
  readonly requestId: RequestId
  readonly account: AccountName
  readonly payee: AccountName
  readonly asset: AssetCode
  readonly amount: Amount
  readonly expiresInMs: number | null
  readonly expiresAt: Instant | null
  readonly metadata: Metadata | null
}

/** Ends a hold: `amount` (0 or more) to its payee, the rest back to its holder. The hold's id makes it idempotent. */
export interface SettleCommand {
  readonly kind: 'settle'
  readonly hold: RequestId
  readonly amount: Amount
  readonly overage: Overage
}

/** Ends a hold: everything back to its holder. The hold's id makes it idempotent. */
export interface ReleaseCommand {
  readonly kind: 'release'
  readonly hold: RequestId
  readonly cause: 'caller' | 'expiry'
}

/** Declares an asset, or gives it another name. Idempotent by its code. */
export interface DeclareCommand {
  readonly kind: 'declare'
  readonly asset: AssetCode
  readonly decimals: number
  readonly name: string
}

/** Declares what coins of one asset come to in another. Idempotent by its contents: those of the newest rate are that rate. */
export interface RateCommand {
  readonly kind: 'rate'
  readonly from: AssetCode
  /** Another asset than `from`. */
  readonly to: AssetCode
  /** At least 1, as the denominator. */
  readonly numerator: Amount
  readonly denominator: Amount
  readonly rounding: Rounding
  readonly tolerancePpm: number
}

export type Command =
  | OpenCommand
  | DepositCommand
  | ChargeCommand
  | TransferCommand
  | FreezeCommand
  | SettleCommand
  | ReleaseCommand
  | DeclareCommand
  | RateCommand

export type CommandKind = Command['kind']

/**
 * Commands that take effect together or not at all. The first rejection ends the group; the other commands are
 * answered `batch_aborted`.
 */
export interface Group {
  readonly kind: 'group'
  readonly commands: readonly Command[]
}

/** What the engine takes from its queue and `decideBatch` decides. */
export type Work = Command | Group

/** The row that a command is idempotent by, or null where the command is idempotent by its nature. */
export function requestOf(command: Command): RequestId | null {
  switch (command.kind) {
    case 'settle':
    case 'release':
      return command.hold
    case 'declare':
    case 'rate':
      return null
    case 'open':
    case 'deposit':
    case 'charge':
    case 'transfer':
    case 'freeze':
      return command.requestId
  }
}
