/**
 * From input to `Command`: the one place where what callers ask for is checked and completed, in process and over HTTP.
 *
 * Every function throws `invalid_request` with a JSON pointer to the first thing that is wrong, before anything happens.
 */
import { ASSET_DECIMALS_MAX, ASSET_NAME_LENGTH_MAX } from '../domain/asset.ts'
import type {
  AmendCommand,
  ChargeCommand,
  Command,
  DeclareCommand,
  DepositCommand,
  FreezeCommand,
  Leg,
  OpenCommand,
  RateCommand,
  RefundCommand,
  ReleaseCommand,
  SettleCommand,
  SettlePartCommand,
  TransferCommand,
} from '../domain/command.ts'
import { REVENUE, type AccountName, type AssetCode } from '../domain/ids.ts'
import { TOLERANCE_PPM_MAX, type Rounding } from '../domain/rate.ts'
import { LedgerError } from './error.ts'
import { payeeIn, readAmend, readFreeze, readRefund, readSettle } from './hold-commands.ts'
import {
  accountIn,
  amountIn,
  assetIn,
  fieldsIn,
  flagIn,
  floorIn,
  memoIn,
  metadataIn,
  rateTermIn,
  refuse,
  requestIdIn,
  requestIdOf,
  textIn,
  type Fields,
} from './input.ts'
import { BATCH_COMMANDS_MAX, TRANSFER_LEGS_MAX, type InputKind } from './ledger.ts'
import { accountParameter, assetParameter, requestIdParameter } from './queries.ts'
import type { NewRequestId } from './request-id.ts'
import { supplyText } from './supply.ts'

/** The fields of each command, without `kind`; those in `ADDRESS` stand in the path over HTTP. */
const FIELDS = {
  open: ['requestId', 'asset', 'floor', 'metadata'],
  deposit: ['requestId', 'account', 'asset', 'amount', 'memo', 'metadata'],
  charge: ['requestId', 'account', 'asset', 'amount', 'payee', 'memo', 'metadata'],
  transfer: ['requestId', 'legs', 'memo', 'metadata'],
  freeze: ['requestId', 'account', 'asset', 'amount', 'payee', 'expiresInMs', 'expiresAt', 'onExpiry', 'metadata'],
  settle: ['amount', 'final', 'late', 'overage', 'payee', 'requestId', 'memo', 'metadata'],
  amend: ['requestId', 'amount', 'expiresInMs', 'expiresAt', 'onExpiry'],
  refund: ['requestId', 'amount', 'memo', 'metadata'],
  release: [],
  declare: ['decimals', 'name'],
  rate: ['numerator', 'denominator', 'rounding', 'tolerancePpm'],
} as const satisfies Record<InputKind, readonly string[]>

const ADDRESS: Partial<Record<InputKind, readonly string[]>> = {
  open: ['account'],
  settle: ['hold'],
  amend: ['hold'],
  refund: ['hold'],
  release: ['hold'],
  declare: ['asset'],
  rate: ['from', 'to'],
}

type FieldSets = Readonly<Record<InputKind, ReadonlySet<string>>>

const BODY = fieldSets((kind) => FIELDS[kind])
const IN_BATCH = fieldSets((kind) => ['kind', ...(ADDRESS[kind] ?? []), ...FIELDS[kind]])
const LEG: ReadonlySet<string> = new Set(['from', 'to', 'asset', 'amount', 'toAsset', 'toAmount'])
const BATCH: ReadonlySet<string> = new Set(['commands', 'atomic'])

function fieldSets(namesOf: (kind: InputKind) => readonly string[]): FieldSets {
  const sets: Partial<Record<InputKind, ReadonlySet<string>>> = {}
  for (const kind of Object.keys(FIELDS) as InputKind[]) sets[kind] = new Set(namesOf(kind))
  return sets as FieldSets
}

/** `account` stands beside the input: in a path, or as an argument. So do the other addresses below. */
export function openOf(account: unknown, input: unknown, newRequestId: NewRequestId): OpenCommand {
  return readOpen(accountParameter(account, 'account'), fieldsIn(input, BODY.open), newRequestId)
}

export function depositOf(input: unknown, newRequestId: NewRequestId): DepositCommand {
  return readDeposit(fieldsIn(input, BODY.deposit), newRequestId)
}

export function chargeOf(input: unknown, newRequestId: NewRequestId): ChargeCommand {
  return readCharge(fieldsIn(input, BODY.charge), newRequestId)
}

export function transferOf(input: unknown, newRequestId: NewRequestId): TransferCommand {
  return readTransfer(fieldsIn(input, BODY.transfer), newRequestId)
}

export function freezeOf(input: unknown, newRequestId: NewRequestId): FreezeCommand {
  return readFreeze(fieldsIn(input, BODY.freeze), newRequestId)
}

/** With `final: false` it settles a part, under a request id of its own. */
export function settleOf(hold: unknown, input: unknown, newRequestId: NewRequestId): SettleCommand | SettlePartCommand {
  return readSettle(requestIdParameter(hold, 'hold'), fieldsIn(input, BODY.settle), newRequestId)
}

export function amendOf(hold: unknown, input: unknown, newRequestId: NewRequestId): AmendCommand {
  return readAmend(requestIdParameter(hold, 'hold'), fieldsIn(input, BODY.amend), newRequestId)
}

export function refundOf(hold: unknown, input: unknown, newRequestId: NewRequestId): RefundCommand {
  return readRefund(requestIdParameter(hold, 'hold'), fieldsIn(input, BODY.refund), newRequestId)
}

/** `input` may be missing, and has no fields. */
export function releaseOf(hold: unknown, input: unknown): ReleaseCommand {
  if (input !== undefined) fieldsIn(input, BODY.release)
  return { kind: 'release', hold: requestIdParameter(hold, 'hold'), cause: 'caller' }
}

export function declareOf(asset: unknown, input: unknown): DeclareCommand {
  return readDeclare(assetParameter(asset, 'asset'), fieldsIn(input, BODY.declare))
}

export function rateOf(from: unknown, to: unknown, input: unknown): RateCommand {
  const pair = { from: assetParameter(from, 'from'), to: assetParameter(to, 'to') }
  if (pair.from === pair.to) throw LedgerError.invalidParameter('to', SAME_ASSET)
  return readRate(pair, fieldsIn(input, BODY.rate))
}

/** One command of a batch: `kind` says which, and everything it needs stands beside it. */
export function commandOf(input: unknown, newRequestId: NewRequestId): Command {
  const kind = kindOf(input)
  const fields = fieldsIn(input, IN_BATCH[kind])
  switch (kind) {
    case 'freeze':
      return readFreeze(fields, newRequestId)
    case 'settle':
      return readSettle(requestIdIn(fields['hold'], '/hold'), fields, newRequestId)
    case 'amend':
      return readAmend(requestIdIn(fields['hold'], '/hold'), fields, newRequestId)
    case 'refund':
      return readRefund(requestIdIn(fields['hold'], '/hold'), fields, newRequestId)
    case 'release':
      return { kind: 'release', hold: requestIdIn(fields['hold'], '/hold'), cause: 'caller' }
    case 'deposit':
      return readDeposit(fields, newRequestId)
    case 'charge':
      return readCharge(fields, newRequestId)
    case 'transfer':
      return readTransfer(fields, newRequestId)
    case 'open':
      return readOpen(accountIn(fields['account'], '/account'), fields, newRequestId)
    case 'declare':
      if (fields['asset'] === undefined) throw refuse(undefined, '/asset', 'the code of the asset to declare')
      return readDeclare(assetIn(fields['asset'], '/asset'), fields)
    case 'rate': {
      for (const name of ['from', 'to']) {
        if (fields[name] === undefined) throw refuse(undefined, `/${name}`, 'the code of an asset')
      }
      const pair = { from: assetIn(fields['from'], '/from'), to: assetIn(fields['to'], '/to') }
      if (pair.from === pair.to) throw LedgerError.invalid('/to', SAME_ASSET)
      return readRate(pair, fields)
    }
  }
}

export interface BatchRequest {
  readonly commands: readonly Command[]
  /** All take effect or none. */
  readonly atomic: boolean
}

/** A whole batch; pointers go from its root: `/commands/3/amount`. */
export function batchOf(input: unknown, newRequestId: NewRequestId): BatchRequest {
  const fields = fieldsIn(input, BATCH)
  const atomic = flagIn(fields['atomic'], '/atomic', false)
  const inputs = fields['commands']
  if (!Array.isArray(inputs) || inputs.length === 0 || inputs.length > BATCH_COMMANDS_MAX) {
    throw refuse(inputs, '/commands', `an array of 1 to ${BATCH_COMMANDS_MAX} commands`)
  }
  const commands = inputs.map((item: unknown, index) => {
    try {
      return commandOf(item, newRequestId)
    } catch (error) {
      throw error instanceof LedgerError ? error.under(`/commands/${index}`) : error
    }
  })
  return { commands, atomic }
}

function kindOf(input: unknown): InputKind {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw LedgerError.invalid('', 'A command must be an object.')
  }
  const kind: unknown = (input as { kind?: unknown }).kind
  if (typeof kind === 'string' && Object.hasOwn(FIELDS, kind)) return kind as InputKind
  throw refuse(kind, '/kind', `one of ${Object.keys(FIELDS).join(', ')}`)
}

function readOpen(account: AccountName, fields: Fields, newRequestId: NewRequestId): OpenCommand {
  return {
    kind: 'open',
    requestId: requestIdOf(fields, newRequestId),
    account,
    asset: assetIn(fields['asset'], '/asset'),
    floor: floorIn(fields['floor'], '/floor'),
    metadata: metadataIn(fields['metadata'], '/metadata'),
  }
}

function readDeposit(fields: Fields, newRequestId: NewRequestId): DepositCommand {
  return {
    kind: 'deposit',
    requestId: requestIdOf(fields, newRequestId),
    account: accountIn(fields['account'], '/account'),
    asset: assetIn(fields['asset'], '/asset'),
    amount: amountIn(fields['amount'], '/amount', 1n),
    memo: memoIn(fields['memo'], '/memo'),
    metadata: metadataIn(fields['metadata'], '/metadata'),
  }
}

function readCharge(fields: Fields, newRequestId: NewRequestId): ChargeCommand {
  return {
    kind: 'charge',
    requestId: requestIdOf(fields, newRequestId),
    account: accountIn(fields['account'], '/account'),
    payee: payeeIn(fields['payee']) ?? REVENUE,
    asset: assetIn(fields['asset'], '/asset'),
    amount: amountIn(fields['amount'], '/amount', 1n),
    memo: memoIn(fields['memo'], '/memo'),
    metadata: metadataIn(fields['metadata'], '/metadata'),
  }
}

function readTransfer(fields: Fields, newRequestId: NewRequestId): TransferCommand {
  const inputs = fields['legs']
  if (!Array.isArray(inputs) || inputs.length === 0 || inputs.length > TRANSFER_LEGS_MAX) {
    throw refuse(inputs, '/legs', `an array of 1 to ${TRANSFER_LEGS_MAX} legs`)
  }
  return {
    kind: 'transfer',
    requestId: requestIdOf(fields, newRequestId),
    legs: inputs.map((input: unknown, index) => readLeg(input, `/legs/${index}`)),
    memo: memoIn(fields['memo'], '/memo'),
    metadata: metadataIn(fields['metadata'], '/metadata'),
  }
}

function readLeg(input: unknown, pointer: string): Leg {
  const fields = fieldsIn(input, LEG, pointer)
  const leg = {
    from: accountIn(fields['from'], `${pointer}/from`),
    to: accountIn(fields['to'], `${pointer}/to`),
    asset: assetIn(fields['asset'], `${pointer}/asset`),
    amount: amountIn(fields['amount'], `${pointer}/amount`, 1n),
  }
  const { toAsset, toAmount } = fields
  const arrivesIn = toAsset === undefined ? leg.asset : assetIn(toAsset, `${pointer}/toAsset`)
  if (arrivesIn === leg.asset) {
    if (toAmount === undefined) return leg
    throw LedgerError.invalid(`${pointer}/toAmount`, 'toAmount is for a leg that arrives in another asset.')
  }
  if (toAmount === undefined) return { ...leg, toAsset: arrivesIn }
  return { ...leg, toAsset: arrivesIn, toAmount: amountIn(toAmount, `${pointer}/toAmount`, 1n) }
}

const DECIMALS_RULE = `decimals must be a whole number from 0 to ${ASSET_DECIMALS_MAX}. ${supplyText(ASSET_DECIMALS_MAX)}`

function readDeclare(asset: AssetCode, fields: Fields): DeclareCommand {
  const { decimals = 0, name = asset } = fields
  if (typeof decimals !== 'number' || !Number.isInteger(decimals) || decimals < 0 || decimals > ASSET_DECIMALS_MAX) {
    throw LedgerError.invalid('/decimals', DECIMALS_RULE)
  }
  return { kind: 'declare', asset, decimals, name: textIn(name, '/name', 1, ASSET_NAME_LENGTH_MAX) }
}

const SAME_ASSET = 'A rate is from one asset to another.'

function readRate(pair: Pick<RateCommand, 'from' | 'to'>, fields: Fields): RateCommand {
  const { tolerancePpm = 0 } = fields
  if (
    typeof tolerancePpm !== 'number' ||
    !Number.isInteger(tolerancePpm) ||
    tolerancePpm < 0 ||
    tolerancePpm > TOLERANCE_PPM_MAX
  ) {
    throw refuse(tolerancePpm, '/tolerancePpm', `a whole number from 0 to ${TOLERANCE_PPM_MAX}`)
  }
  return {
    kind: 'rate',
    ...pair,
    numerator: rateTermIn(fields['numerator'], '/numerator'),
    denominator: rateTermIn(fields['denominator'], '/denominator'),
    rounding: roundingOf(fields['rounding']),
    tolerancePpm,
  }
}

function roundingOf(value: unknown): Rounding {
  if (value === undefined) return 'down'
  if (value === 'down' || value === 'up' || value === 'half-even') return value
  throw refuse(value, '/rounding', 'down, up or half-even')
}
