import type { Replaying } from '../../domain/if-replayed.ts'
import type { Leg as LegValue } from '../../domain/command.ts'
import type { AccountName, AssetCode, RequestId } from '../../domain/ids.ts'
import type { Metadata } from '../../domain/metadata.ts'
import { conditionsToWire, ifVersionOfPayer, versionIn, type IfVersion } from '../conditions.ts'
import { contract } from '../contract.ts'
import { ENTRY } from '../entry.ts'
import { LedgerError } from '../error.ts'
import { account, amount, asset, attachmentsToWire, described, memo, metadata, requestId, toAsset } from '../fields.ts'
import { fieldsIn, refuse } from '../input.ts'
import { named } from '../schema.ts'
import { type Static, Type } from '../typebox.ts'

/** `ifVersion` is the version of the balance of `from` before the transfer. */
export interface LegInput extends IfVersion {
  readonly from: AccountName
  readonly to: AccountName
  readonly asset?: AssetCode
  readonly amount: bigint
  /** The asset that the receiver gets, at the newest rate. Default: `asset`. */
  readonly toAsset?: AssetCode
  /** The amount that the receiver gets, within the rate's tolerance of the converted amount. Only with another `toAsset`. */
  readonly toAmount?: bigint
}

export interface TransferInput extends Replaying {
  readonly requestId?: RequestId
  /** 1 to `TRANSFER_LEGS_MAX`. */
  readonly legs: readonly LegInput[]
  readonly memo?: string
  readonly metadata?: Metadata
}

export const TRANSFER_LEGS_MAX = 1000

const legAmount = amount('The amount, in minor units; at least 1.', 1n)
const toAmount = described(
  amount('The amount that the receiver gets.', 1n),
  'The amount that the receiver gets, within the tolerance of the rate. Only with another `toAsset`.',
)

export const Leg = named(
  'Leg',
  Type.Object(
    {
      from: account.schema,
      to: account.schema,
      asset: asset.schema,
      amount: legAmount.schema,
      toAsset: toAsset.schema,
      toAmount: Type.Optional(toAmount.schema),
      ifVersion: ifVersionOfPayer.schema,
    },
    { additionalProperties: false, description: 'A leg: coins move from one account to another.' },
  ),
)
type LegWire = Static<typeof Leg>

const LEG: ReadonlySet<string> = new Set(Object.keys(Leg.properties))

const fields = {
  requestId,
  legs: {
    schema: Type.Array(Type.Unsafe<LegWire>({ $ref: 'Leg#' }), { minItems: 1, maxItems: TRANSFER_LEGS_MAX }),
  },
  memo,
  metadata,
}

export const transfer = contract({
  kind: 'transfer',
  route: {
    method: 'POST',
    path: '/v1/transfers',
    status: 201,
    operationId: 'transfer',
    tag: 'movements',
    summary: 'Transfer coins between accounts',
    description:
      'All legs take effect or none. A leg with `toAsset` pays in another asset, at the newest rate, through `@exchange`. The entry has ' +
      'the amount received, the rate and the rounding remainder of each such leg.',
    problems: [
      'request_id_reused',
      'unknown_asset',
      'unknown_account',
      'same_account',
      'unknown_rate',
      'rounds_to_nothing',
      'outside_tolerance',
      'exchange_out_of_range',
      'changed_meanwhile',
      'account_closed',
      'account_blocked',
      'insufficient_funds',
      'balance_overflow',
    ],
  },
  address: {},
  fields,
  body: {
    id: 'TransferBody',
    description: 'A transfer: coins move between accounts. All legs take effect or none.',
    examples: [
      {
        requestId: 'gift-1',
        legs: [
          { from: 'user:8', to: 'user:9', amount: '20' },
          { from: 'user:8', to: 'user:10', amount: '30' },
        ],
      },
    ],
  },
  answer: ENTRY,

  read(_, input, newRequestId) {
    const { legs } = input
    if (!Array.isArray(legs) || legs.length === 0 || legs.length > TRANSFER_LEGS_MAX) {
      throw refuse(legs, '/legs', `an array of 1 to ${TRANSFER_LEGS_MAX} legs`)
    }
    return {
      kind: 'transfer',
      requestId: requestId.read(input.requestId, newRequestId),
      legs: legs.map((leg: unknown, index) => readLeg(leg, `/legs/${index}`)),
      memo: memo.read(input.memo, '/memo'),
      metadata: metadata.read(input.metadata, '/metadata'),
    }
  },

  write: (command) => ({
    kind: 'transfer',
    requestId: command.requestId,
    legs: command.legs.map(writeLeg),
    ...attachmentsToWire(command),
  }),
})

function readLeg(input: unknown, pointer: string): LegValue {
  const given = fieldsIn(input, LEG, pointer)
  const parties = {
    from: account.read(given['from'], `${pointer}/from`),
    to: account.read(given['to'], `${pointer}/to`),
    asset: asset.read(given['asset'], `${pointer}/asset`),
    amount: legAmount.read(given['amount'], `${pointer}/amount`),
  }
  const leg =
    given['ifVersion'] === undefined
      ? parties
      : { ...parties, ifVersion: versionIn(given['ifVersion'], parties.from, `${pointer}/ifVersion`) }
  const arrivesIn = toAsset.read(given['toAsset'], `${pointer}/toAsset`) ?? leg.asset
  if (arrivesIn === leg.asset) {
    if (given['toAmount'] === undefined) return leg
    throw LedgerError.invalid(`${pointer}/toAmount`, 'toAmount is only possible in a leg across assets.')
  }
  if (given['toAmount'] === undefined) return { ...leg, toAsset: arrivesIn }
  return { ...leg, toAsset: arrivesIn, toAmount: toAmount.read(given['toAmount'], `${pointer}/toAmount`) }
}

function writeLeg(leg: LegValue): LegWire {
  return {
    from: leg.from,
    to: leg.to,
    asset: leg.asset,
    amount: leg.amount.toString(),
    ...(leg.toAsset === undefined ? {} : { toAsset: leg.toAsset }),
    ...(leg.toAmount === undefined ? {} : { toAmount: leg.toAmount.toString() }),
    ...conditionsToWire(leg),
  }
}
