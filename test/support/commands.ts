/** Commands with the defaults that the API would fill in. */
import type {
  AmendCommand,
  ChargeCommand,
  Command,
  DeclareCommand,
  DepositCommand,
  FreezeCommand,
  Group,
  Leg,
  OpenCommand,
  Overage,
  RateCommand,
  RefundCommand,
  ReleaseCommand,
  SettleCommand,
  SettlePartCommand,
  TransferCommand,
} from '../../src/domain/command.ts'
import { DEFAULT_ASSET, REVENUE } from '../../src/domain/ids.ts'

type More<Of> = Partial<Omit<Of, 'kind' | 'requestId'>>

const NOTHING_ATTACHED = { memo: null, metadata: null } as const

export function open(requestId: string, account: string, floor: bigint, more: More<OpenCommand> = {}): OpenCommand {
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
  const payee = REVENUE
  return { kind: 'charge', requestId, account, payee, asset: DEFAULT_ASSET, amount, ...NOTHING_ATTACHED, ...more }
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
  more: Partial<Pick<SettleCommand, 'payee' | 'late'>> = {},
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
  return { kind: 'amend', requestId, hold, amount: null, expiresInMs: null, expiresAt: null, ...more }
}

export function refund(requestId: string, hold: string, amount: bigint, more: More<RefundCommand> = {}): RefundCommand {
  return { kind: 'refund', requestId, hold, amount, ...NOTHING_ATTACHED, ...more }
}

export function release(hold: string, cause: ReleaseCommand['cause'] = 'caller'): ReleaseCommand {
  return { kind: 'release', hold, cause }
}

export function declare(asset: string, decimals = 0, name: string = asset): DeclareCommand {
  return { kind: 'declare', asset, decimals, name }
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

export function group(...commands: readonly Command[]): Group {
  return { kind: 'group', commands }
}
