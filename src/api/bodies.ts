/**
 * What the service is asked, as JSON Schema: bodies and commands of a batch; hold-bodies.ts has those of holds, query-schemas.ts the
 * queries. commands.ts checks the input itself (int64 has no place in a pattern, and it must be fast); a test holds it to these.
 */
import { Type, type Static } from 'typebox'
import { ASSET_DECIMALS_MAX, ASSET_NAME_LENGTH_MAX } from '../domain/asset.ts'
import { ASSET_PATTERN } from '../domain/ids.ts'
import { TOLERANCE_PPM_MAX } from '../domain/rate.ts'
import { amountInput, asset, body, memo, metadata, payee, requestId, wholeInput } from './body-fields.ts'
import { HOLD_BODIES, HOLD_COMMANDS } from './hold-bodies.ts'
import { BATCH_COMMANDS_MAX, TRANSFER_LEGS_MAX, type InputKind } from './ledger.ts'
import { AccountName, AssetCode, MetadataInput, ROUNDINGS, words } from './schemas.ts'
import { supplyText } from './supply.ts'

const depositFields = {
  requestId,
  account: AccountName,
  asset,
  amount: amountInput('How much, in minor units; at least 1.', 1),
  memo,
  metadata,
}
const chargeFields = { ...depositFields, payee }
const openFields = {
  requestId,
  asset,
  floor: Type.Optional(
    wholeInput('How low `available` may go; negative for a credit limit. Default 0.', Number.MIN_SAFE_INTEGER),
  ),
  metadata: Type.Optional({
    ...MetadataInput,
    description: 'Replaces the metadata of the account; leave it out to keep it.',
  }),
}
const declareFields = {
  decimals: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: ASSET_DECIMALS_MAX,
      default: 0,
      description: `Decimal places of an amount. They never change. ${supplyText(ASSET_DECIMALS_MAX)}`,
      examples: [2],
    }),
  ),
  name: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: ASSET_NAME_LENGTH_MAX,
      description: 'Default: the code.',
      examples: ['Gold'],
    }),
  ),
}

const rateFields = {
  numerator: wholeInput('Minor units of the one asset that one gets …', 1),
  denominator: wholeInput('… for this many minor units of the other.', 1),
  rounding: Type.Optional(
    words(ROUNDINGS, {
      default: 'down',
      description:
        'What becomes of a fraction of a unit: down, up, or to the nearest, from the middle to the even one.',
    }),
  ),
  tolerancePpm: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: TOLERANCE_PPM_MAX,
      default: 0,
      description: 'How far a `toAmount` may lie from what the rate gives, in millionths of that.',
    }),
  ),
}

const Leg = body(
  'Leg',
  {
    from: AccountName,
    to: AccountName,
    asset,
    amount: amountInput('How much, in minor units; at least 1.', 1),
    toAsset: Type.Optional(
      Type.String({
        pattern: ASSET_PATTERN,
        description: 'What it arrives in, at the declared rate. Default: the asset that it leaves in.',
        examples: ['gem'],
      }),
    ),
    toAmount: Type.Optional(
      amountInput('What is to arrive, within the tolerance of the rate. Only beside another `toAsset`.', 1),
    ),
  },
  'Coins from one account to another.',
)
const transferFields = {
  requestId,
  legs: Type.Array(Type.Unsafe<LegWire>({ $ref: 'Leg#' }), { minItems: 1, maxItems: TRANSFER_LEGS_MAX }),
  memo,
  metadata,
}

export const DepositBody = body('DepositBody', depositFields, 'Coins that enter from `@issuer`.', {
  requestId: 'deposit-1',
  account: 'user:8',
  amount: '10000',
  memo: 'Invoice 2030-17',
})
export const ChargeBody = body('ChargeBody', chargeFields, 'Coins that leave without a hold.', {
  requestId: 'charge-1',
  account: 'user:8',
  amount: '25',
})
export const TransferBody = body(
  'TransferBody',
  transferFields,
  'Coins that move between accounts: all legs or none.',
  {
    requestId: 'gift-1',
    legs: [
      { from: 'user:8', to: 'user:9', amount: '20' },
      { from: 'user:8', to: 'user:10', amount: '30' },
    ],
  },
)
export const OpenBody = body('OpenBody', openFields, 'The floor of one balance, and the metadata of the account.', {
  floor: '-5000',
  metadata: { plan: 'pro' },
})
export const DeclareBody = body('DeclareBody', declareFields, 'The decimals and the name of the asset.', {
  decimals: 2,
  name: 'Gold',
})

export const RateBody = body('RateBody', rateFields, 'What coins of the one asset come to in the other.', {
  numerator: '1',
  denominator: '10',
  rounding: 'down',
})

const COMMANDS = {
  deposit: body('DepositCommand', { kind: words(['deposit']), ...depositFields }, 'As `POST /v1/deposits`.'),
  charge: body('ChargeCommand', { kind: words(['charge']), ...chargeFields }, 'As `POST /v1/charges`.'),
  transfer: body('TransferCommand', { kind: words(['transfer']), ...transferFields }, 'As `POST /v1/transfers`.'),
  ...HOLD_COMMANDS,
  open: body(
    'OpenCommand',
    { kind: words(['open']), account: AccountName, ...openFields },
    'As `PUT /v1/accounts/{account}`.',
  ),
  declare: body(
    'DeclareCommand',
    { kind: words(['declare']), asset: AssetCode, ...declareFields },
    'As `PUT /v1/assets/{code}`.',
  ),
  rate: body(
    'RateCommand',
    { kind: words(['rate']), from: AssetCode, to: AssetCode, ...rateFields },
    'As `PUT /v1/rates/{from}/{to}`.',
  ),
} as const satisfies Record<InputKind, unknown>

export const CommandBody = Object.assign(
  Type.Unsafe<Static<(typeof COMMANDS)[InputKind]>>({
    oneOf: Object.values(COMMANDS).map((command) => ({ $ref: `${command.$id}#` })),
    discriminator: {
      propertyName: 'kind',
      mapping: Object.fromEntries(
        Object.entries(COMMANDS).map(([kind, { $id }]) => [kind, `#/components/schemas/${$id}`]),
      ),
    },
    description: 'One command; `kind` says which.',
  }),
  { $id: 'Command' },
)

export const BatchBody = body(
  'BatchBody',
  {
    commands: Type.Array(Type.Unsafe<Static<typeof CommandBody>>({ $ref: 'Command#' }), {
      minItems: 1,
      maxItems: BATCH_COMMANDS_MAX,
      description: 'Give every command its own `requestId`, so that the batch can be repeated.',
    }),
    atomic: Type.Optional(Type.Boolean({ default: false, description: 'All commands take effect, or none.' })),
  },
  'Commands that travel together.',
  {
    commands: [
      { kind: 'freeze', requestId: 'job-617', account: 'user:8', amount: '100' },
      { kind: 'settle', hold: 'job-616', amount: '500' },
    ],
    atomic: false,
  },
)

export const BODIES = [
  Leg,
  DepositBody,
  ChargeBody,
  TransferBody,
  ...HOLD_BODIES,
  OpenBody,
  DeclareBody,
  RateBody,
  ...Object.values(COMMANDS),
  CommandBody,
  BatchBody,
] as const

/** The input side of amounts is wider than what clients send. */
export type LegWire = Static<typeof Leg>
export type CommandWire = Static<typeof CommandBody>
