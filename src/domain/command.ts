/** The commands and their answers. Every field is checked at the edges; the rules trust types and ranges. */
import type { Amount } from './amount.ts'
import type { Asset } from './asset.ts'
import type { Balance } from './balance.ts'
import type { Signed } from './by.ts'
import type { HouseAccount } from './house-account.ts'
import type { Hold, OnExpiry } from './hold.ts'
import type { AccountName, AssetCode, Instant, RequestId } from './ids.ts'
import type { Replaying } from './if-replayed.ts'
import type { Entry } from './journal.ts'
import type { Metadata } from './metadata.ts'
import type { Rate, Rounding } from './rate.ts'

/** The rule for a settle that asks for more than is held: reject, take only what is held, or draw the rest from `available`. */
export const OVERAGES = ['reject', 'cap', 'draw'] as const
export type Overage = (typeof OVERAGES)[number]

/**
 * What a command requires of a balance or a hold (precondition.ts):
 *
 * - A number: the version of the balance, or the `steps` of the hold.
 * - Tags: one of them is the tag of the balance or hold. Without any, the command is never applied.
 * - `*`: the balance has a posting, the hold exists.
 */
export type Precondition = number | readonly string[] | '*'

export interface Leg {
  readonly from: AccountName
  readonly to: AccountName
  /** The asset and the amount that `from` pays. */
  readonly asset: AssetCode
  readonly amount: Amount
  /** The asset that `to` receives, if it is another one. */
  readonly toAsset?: AssetCode
  /** The amount that `to` receives, within the tolerance of the rate. Only with `toAsset`. Default: the converted amount. */
  readonly toAmount?: Amount
  /** What the balance of `from` must be before the transfer. */
  readonly ifVersion?: Precondition
}

/** Sets an account's floor for one asset (a credit limit when negative) and the account's metadata. What is null stays unchanged. */
export interface OpenCommand {
  readonly kind: 'open'
  readonly requestId: RequestId
  readonly account: AccountName
  /** The balance, which is opened if it is not there; null: no balance is touched. */
  readonly asset: AssetCode | null
  /** Null if `asset` is. The floor of a new balance is 0 unless it is named. */
  readonly floor: bigint | null
  readonly metadata: Metadata | null
  /** What the balance of `account` must be. Default: anything. */
  readonly ifVersion?: Precondition
}

/** The answer of an open. */
export interface OpenedAccount {
  readonly account: AccountName
  /** The metadata that the open set; null: it left the metadata as it was. */
  readonly metadata: Metadata | null
  /** The balance that the open named; null: it named none. */
  readonly balance: Balance | null
}

export interface DepositCommand {
  readonly kind: 'deposit'
  readonly requestId: RequestId
  readonly account: AccountName
  readonly asset: AssetCode
  readonly amount: Amount
  readonly memo: string | null
  readonly metadata: Metadata | null
  /** What the balance of `account` must be. Default: anything. */
  readonly ifVersion?: Precondition
}

export interface ChargeCommand {
  readonly kind: 'charge'
  readonly requestId: RequestId
  readonly account: AccountName
  readonly payee: AccountName
  readonly asset: AssetCode
  readonly amount: Amount
  /** Allows the charge to take `available` below the floor: a correction by an operator. What is paid in then pays the debt first. */
  readonly overdraft: boolean
  readonly memo: string | null
  readonly metadata: Metadata | null
  /** What the balance of `account` must be. Default: anything. */
  readonly ifVersion?: Precondition
}

/** All legs or none, at one instant: only the net effect on each balance is checked. */
export interface TransferCommand {
  readonly kind: 'transfer'
  readonly requestId: RequestId
  readonly legs: readonly Leg[]
  readonly memo: string | null
  readonly metadata: Metadata | null
}

/** Opens a hold whose id is the request id. At most one of the two expiries is given; without either, the default applies. */
export interface FreezeCommand {
  readonly kind: 'freeze'
  readonly requestId: RequestId
  readonly account: AccountName
  readonly payee: AccountName
  readonly asset: AssetCode
  readonly amount: Amount
  readonly expiresInMs: number | null
  readonly expiresAt: Instant | null
  readonly onExpiry: OnExpiry | null
  readonly metadata: Metadata | null
  /** What the balance of `account` must be. Default: anything. */
  readonly ifVersion?: Precondition
}

/**
 * Ends a hold: `amount` (0 or more, in addition to settled parts) goes to the payee, the rest returns to the holder. Idempotent by the
 * hold's id.
 */
export interface SettleCommand {
  readonly kind: 'settle'
  readonly hold: RequestId
  readonly amount: Amount
  readonly overage: Overage
  /** The account that receives the coins, only possible while nothing is settled; null: the hold's payee. */
  readonly payee: AccountName | null
  /** Allows a late settle: if the hold has expired, the amount is taken from `available`, once. */
  readonly late: boolean
  /** What the hold must be. Default: anything. */
  readonly ifSteps?: Precondition
}

/** Settles a part of an open hold. The hold stays open, even if nothing is left in it. */
export interface SettlePartCommand {
  readonly kind: 'settle-part'
  readonly requestId: RequestId
  readonly hold: RequestId
  /** At least 1. */
  readonly amount: Amount
  readonly overage: Overage
  /** As in a settle. */
  readonly payee: AccountName | null
  readonly memo: string | null
  readonly metadata: Metadata | null
  /** What the hold must be. Default: anything. */
  readonly ifSteps?: Precondition
}

/** Changes an open hold. At most one of the two expiries is given; the limits are those of a freeze, counted from now. */
export interface AmendCommand {
  readonly kind: 'amend'
  readonly requestId: RequestId
  readonly hold: RequestId
  /** The new total, including settled parts; null: unchanged. At most one of `amount` and `by` is given. */
  readonly amount: Amount | null
  /** The change of the total: −`AMOUNT_MAX` to `AMOUNT_MAX`, not 0; null: unchanged. */
  readonly by: bigint | null
  /** If both are null, the expiry stays unchanged. */
  readonly expiresInMs: number | null
  readonly expiresAt: Instant | null
  /** Null: everything is released at the expiry. Undefined: unchanged. */
  readonly onExpiry?: OnExpiry | null | undefined
  /** What the hold must be. Default: anything. */
  readonly ifSteps?: Precondition
}

/** Returns settled coins from the payee's `available` to the holder's, in every state of the hold. Exactly one of the two amounts is given. */
export interface RefundCommand {
  readonly kind: 'refund'
  readonly requestId: RequestId
  /** The id of a hold, or of a charge. */
  readonly hold: RequestId
  /** At least 1; the refunds of a hold together are at most the settled amount. */
  readonly amount: Amount | null
  /** The total of all refunds of the hold after this one, at least 1. If as much was already refunded, no coins move. */
  readonly toTotal: Amount | null
  readonly memo: string | null
  readonly metadata: Metadata | null
  /** What the hold must be. Default: anything. */
  readonly ifSteps?: Precondition
}

/**
 * Ends a hold: everything that is held returns to the holder. Idempotent by the hold's id. With the cause `expiry`, the hold must be
 * due, and the amount of `onExpiry` is settled.
 */
export interface ReleaseCommand {
  readonly kind: 'release'
  readonly hold: RequestId
  readonly cause: 'caller' | 'expiry'
  /** What the hold must be. Default: anything. */
  readonly ifSteps?: Precondition
}

/** Declares or renames an asset. Idempotent by the code. */
export interface DeclareCommand {
  readonly kind: 'declare'
  readonly asset: AssetCode
  readonly decimals: number
  readonly name: string
}

/** Declares the rate of a pair. Idempotent by its contents: declaring the newest rate again changes nothing. */
export interface RateCommand {
  readonly kind: 'rate'
  readonly from: AssetCode
  /** Another asset than `from`. */
  readonly to: AssetCode
  /** 1 to `RATE_TERM_MAX`, like the denominator. */
  readonly numerator: bigint
  readonly denominator: bigint
  readonly rounding: Rounding
  readonly tolerancePpm: number
}

/** Declares a house account. Idempotent by its name. */
export interface HouseCommand {
  readonly kind: 'house'
  /** Begins with `@`. */
  readonly account: AccountName
}

/** Blocks an account: no coins leave what is available. */
export interface BlockCommand {
  readonly kind: 'block'
  readonly requestId: RequestId
  readonly account: AccountName
  readonly memo: string | null
  readonly metadata: Metadata | null
}

/** Makes a blocked account active again. */
export interface UnblockCommand {
  readonly kind: 'unblock'
  readonly requestId: RequestId
  readonly account: AccountName
  readonly memo: string | null
  readonly metadata: Metadata | null
}

/** Closes an account, for good: what is available goes to another account, and so does what returns later. */
export interface MergeCommand {
  readonly kind: 'merge'
  readonly requestId: RequestId
  readonly account: AccountName
  /** Another account. */
  readonly into: AccountName
  readonly memo: string | null
  readonly metadata: Metadata | null
}

/** Every command by its kind. */
export interface Commands {
  open: OpenCommand
  deposit: DepositCommand
  charge: ChargeCommand
  transfer: TransferCommand
  freeze: FreezeCommand
  settle: SettleCommand
  'settle-part': SettlePartCommand
  amend: AmendCommand
  refund: RefundCommand
  release: ReleaseCommand
  declare: DeclareCommand
  rate: RateCommand
  house: HouseCommand
  block: BlockCommand
  unblock: UnblockCommand
  merge: MergeCommand
}

/** The answer of each command. */
export interface Answers {
  open: OpenedAccount
  deposit: Entry
  charge: Entry
  transfer: Entry
  freeze: Hold
  settle: Hold
  'settle-part': Hold
  amend: Hold
  refund: Hold
  release: Hold
  declare: Asset
  rate: Rate
  house: HouseAccount
  block: Entry
  unblock: Entry
  merge: Entry
}

export type CommandKind = keyof Commands
export type Command = Commands[CommandKind] & Replaying & Signed
export type Answer = Answers[CommandKind]

/** The same as `requestOf` of the rules, without them: the request id of a command, or the hold that it ends; null for others. */
export function requestIdIn(command: Command): RequestId | null {
  if ('requestId' in command) return command.requestId
  return 'hold' in command ? command.hold : null
}

/**
 * Commands that take effect together or not at all. The first rejection ends the group; the other commands are rejected with
 * `batch_aborted`.
 */
export interface Group {
  readonly kind: 'group'
  readonly commands: readonly Command[]
}

/** The unit of the engine's queue and of `decideBatch`. */
export type Work = Command | Group

export function commandsOf(item: Work): readonly Command[] {
  return item.kind === 'group' ? item.commands : [item]
}
