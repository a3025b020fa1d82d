/** Commands with the defaults that the API would fill in. */
import type {
  AmendCommand,
  BlockCommand,
  ChargeCommand,
  Command,
  DeclareCommand,
  DepositCommand,
  FreezeCommand,
  HouseCommand,
  Group,
  Leg,
  MergeCommand,
  OpenCommand,
  Overage,
  RateCommand,
  RefundCommand,
  ReleaseCommand,
  SettleCommand,
  SettlePartCommand,
  TransferCommand,
  Precondition,
  UnblockCommand,
} from '../../src/domain/command.ts'
import { DEFAULT_ASSET, isHouse, REVENUE } from '../../src/domain/ids.ts'

type More<Of> = Partial<Omit<Of, 'kind' | 'requestId'>>

const NOTHING_ATTACHED = { memo: null, metadata: null } as const

export function open(
  requestId: string,
  account: string,
  floor: bigint | null,
  more: More<OpenCommand> = {},
): OpenCommand {
  return { kind: 'open', requestId, account, asset: DEFAULT_ASSET, floor, metadata: null, ...more }
}

export function deposit(
  requestId: string,
  account: string,
  amount: bigint,
  more: More<DepositCommand> = {},
): DepositCommand {
  return { kind: 'deposit', requestId, account, asset: DEFAULT_ASSET, amount, ...NOTHING_ATTACHED, ...more }
}

export function charge(
  requestId: string,
  account: string,
  amount: bigint,
  more: More<ChargeCommand> = {},
): ChargeCommand {
  const defaults = { payee: REVENUE, asset: DEFAULT_ASSET, overdraft: false, ...NOTHING_ATTACHED }
  return { kind: 'charge', requestId, account, amount, ...defaults, ...more }
}

export function leg(from: string, to: string, amount: bigint, asset: string = DEFAULT_ASSET): Leg {
  return { from, to, asset, amount }
}

/** A leg across assets, at the declared rate or with a named amount. */
export function across(
  from: string,
  to: string,
  [amount, asset]: readonly [bigint, string],
  [toAsset, toAmount]: readonly [string, bigint?],
): Leg {
  return { from, to, asset, amount, toAsset, ...(toAmount === undefined ? {} : { toAmount }) }
}

export function transfer(requestId: string, legs: readonly Leg[], more: More<TransferCommand> = {}): TransferCommand {
  return { kind: 'transfer', requestId, legs, ...NOTHING_ATTACHED, ...more }
}

export function freeze(
  requestId: string,
  account: string,
  amount: bigint,
  more: More<FreezeCommand> = {},
): FreezeCommand {
  const expiry = { expiresInMs: null, expiresAt: null, onExpiry: null }
  const parties = { account, payee: REVENUE, asset: DEFAULT_ASSET }
  return { kind: 'freeze', requestId, ...parties, amount, ...expiry, metadata: null, ...more }
}

export function settle(
  hold: string,
  amount: bigint,
  overage: Overage = 'reject',
  more: Partial<Pick<SettleCommand, 'payee' | 'late' | 'ifSteps'>> = {},
): SettleCommand {
  return { kind: 'settle', hold, amount, overage, payee: null, late: false, ...more }
}

export function settlePart(
  requestId: string,
  hold: string,
  amount: bigint,
  more: More<SettlePartCommand> = {},
): SettlePartCommand {
  const defaults = { overage: 'reject', payee: null, ...NOTHING_ATTACHED } as const
  return { kind: 'settle-part', requestId, hold, amount, ...defaults, ...more }
}

export function amend(requestId: string, hold: string, more: More<AmendCommand> = {}): AmendCommand {
  return { kind: 'amend', requestId, hold, amount: null, by: null, expiresInMs: null, expiresAt: null, ...more }
}

export function refund(requestId: string, hold: string, amount: bigint, more: More<RefundCommand> = {}): RefundCommand {
  return { kind: 'refund', requestId, hold, amount, toTotal: null, ...NOTHING_ATTACHED, ...more }
}

/** A refund up to a total. */
export function refundTo(
  requestId: string,
  hold: string,
  toTotal: bigint,
  more: More<RefundCommand> = {},
): RefundCommand {
  return { kind: 'refund', requestId, hold, amount: null, toTotal, ...NOTHING_ATTACHED, ...more }
}

export function release(
  hold: string,
  cause: ReleaseCommand['cause'] = 'caller',
  more: Partial<Pick<ReleaseCommand, 'ifSteps'>> = {},
): ReleaseCommand {
  return { kind: 'release', hold, cause, ...more }
}

export function declare(asset: string, decimals = 0, name: string = asset): DeclareCommand {
  return { kind: 'declare', asset, decimals, name }
}

export function house(account: string): HouseCommand {
  return { kind: 'house', account }
}

/** `one` units of `to` for `other` units of `from`. */
export function rate(
  from: string,
  to: string,
  [one, other]: readonly [bigint, bigint],
  more: Partial<Pick<RateCommand, 'rounding' | 'tolerancePpm'>> = {},
): RateCommand {
  return { kind: 'rate', from, to, numerator: one, denominator: other, rounding: 'down', tolerancePpm: 0, ...more }
}

export function block(requestId: string, account: string, more: More<BlockCommand> = {}): BlockCommand {
  return { kind: 'block', requestId, account, ...NOTHING_ATTACHED, ...more }
}

export function unblock(requestId: string, account: string, more: More<UnblockCommand> = {}): UnblockCommand {
  return { kind: 'unblock', requestId, account, ...NOTHING_ATTACHED, ...more }
}

export function merge(requestId: string, account: string, into: string, more: More<MergeCommand> = {}): MergeCommand {
  return { kind: 'merge', requestId, account, into, ...NOTHING_ATTACHED, ...more }
}

const WITHOUT_CONDITION = ['declare', 'rate', 'house', 'block', 'unblock', 'merge'] as const
type WithoutCondition = (typeof WITHOUT_CONDITION)[number]

function hasNoCondition(command: Command): command is Extract<Command, { readonly kind: WithoutCondition }> {
  return (WITHOUT_CONDITION as readonly string[]).includes(command.kind)
}

export function group(...commands: readonly Command[]): Group {
  return { kind: 'group', commands }
}

/** The same command on the condition that its balance or hold is as required, if it can have one. In a transfer, that of the first leg. */
export function onlyIf(command: Command, required: Precondition): Command {
  if (hasNoCondition(command)) return command
  // Without a balance there is no version.
  if (command.kind === 'open' && command.asset === null) return command
  if ('hold' in command) return { ...command, ifSteps: required }
  if (command.kind !== 'transfer') return isHouse(command.account) ? command : { ...command, ifVersion: required }
  const [first, ...others] = command.legs
  if (first === undefined || isHouse(first.from)) return command
  return { ...command, legs: [{ ...first, ifVersion: required }, ...others] }
}
