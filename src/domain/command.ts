/** The commands of the ledger and their answers. Every field is checked at the edges; the rules trust types and ranges. */
import type { Amount } from './amount.ts'
import type { Asset } from './asset.ts'
import type { Balance } from './balance.ts'
import type { Hold, OnExpiry } from './hold.ts'
import type { AccountName, AssetCode, Instant, RequestId } from './ids.ts'
import type { Entry } from './journal.ts'
import type { Metadata } from './metadata.ts'
import type { Rate, Rounding } from './rate.ts'

/** What a settle does when it asks for more than the hold has: refuse, take what is held, or draw on `available`. */
export const OVERAGES = ['reject', 'cap', 'draw'] as const
export type Overage = (typeof OVERAGES)[number]

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
  readonly onExpiry: OnExpiry | null
  readonly metadata: Metadata | null
}

/**
 * Ends a hold: `amount` (0 or more, on top of what parts of it have settled) to its payee, the rest back to its holder. The hold's
 * id makes it idempotent.
 */
export interface SettleCommand {
  readonly kind: 'settle'
  readonly hold: RequestId
  readonly amount: Amount
  readonly overage: Overage
  /** Who gets it, as long as nothing was settled; null: the hold's payee. */
  readonly payee: AccountName | null
  /** Also when the hold has expired: then it takes, once, what it can from `available`. */
  readonly late: boolean
}

/** Settles a part of an open hold, which stays open, even when nothing is left in it. */
export interface SettlePartCommand {
  readonly kind: 'settle-part'
  readonly requestId: RequestId
  readonly hold: RequestId
  /** At least 1. */
  readonly amount: Amount
  readonly overage: Overage
  /** As at a settle. */
  readonly payee: AccountName | null
  readonly memo: string | null
  readonly metadata: Metadata | null
}

/** Changes an open hold. At most one of the two expiries is given; both count from now, bounded as at the freeze. */
export interface AmendCommand {
  readonly kind: 'amend'
  readonly requestId: RequestId
  readonly hold: RequestId
  /** What is frozen in all, with what parts of it have settled; null leaves it. */
  readonly amount: Amount | null
  /** Neither leaves the expiry. */
  readonly expiresInMs: number | null
  readonly expiresAt: Instant | null
  /** null releases everything at the expiry; undefined leaves it. */
  readonly onExpiry?: OnExpiry | null | undefined
}

/** Gives back what was settled, from the payee's `available` to the holder's, whatever state the hold is in. */
export interface RefundCommand {
  readonly kind: 'refund'
  readonly requestId: RequestId
  readonly hold: RequestId
  /** At least 1; all refunds of a hold together are at most what was settled. */
  readonly amount: Amount
  readonly memo: string | null
  readonly metadata: Metadata | null
}

/**
 * Ends a hold: everything that it holds back to its holder. The hold's id makes it idempotent. With the cause `expiry` only one
 * whose expiry has come, and what it was to settle then is settled.
 */
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
  /** 1 to `RATE_TERM_MAX`, as the denominator. */
  readonly numerator: bigint
  readonly denominator: bigint
  readonly rounding: Rounding
  readonly tolerancePpm: number
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
}

/** What each command is answered with. */
export interface Answers {
  open: Balance
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
}

export type CommandKind = keyof Commands
export type Command = Commands[CommandKind]
export type Answer = Answers[CommandKind]

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

export function commandsOf(item: Work): readonly Command[] {
  return item.kind === 'group' ? item.commands : [item]
}
