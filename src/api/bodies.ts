/**
 * What the service is asked, as JSON Schema: bodies and commands of a batch; query-schemas.ts has the queries. commands.ts checks
 * the input itself (int64 has no place in a pattern, and it must be fast); a test holds it to these schemas.
 */
import { Type, type Static, type TProperties } from 'typebox'
import { ASSET_DECIMALS_MAX, ASSET_NAME_LENGTH_MAX } from '../domain/asset.ts'
import type { CommandKind } from '../domain/command.ts'
import { ACCOUNT_PATTERN, ASSET_PATTERN, REQUEST_ID_PATTERN } from '../domain/ids.ts'
import { MEMO_LENGTH_MAX } from '../domain/metadata.ts'
import { TOLERANCE_PPM_MAX } from '../domain/rate.ts'
import { INSTANT_MAX } from './input.ts'
import { BATCH_COMMANDS_MAX, TRANSFER_LEGS_MAX } from './ledger.ts'
import { AccountName, AMOUNT_PATTERN, AssetCode, HoldId, MetadataInput, ROUNDINGS, words } from './schemas.ts'

function amountInput(description: string, least: number) {
  const pattern = least < 0 ? AMOUNT_PATTERN : least === 0 ? '^(0|[1-9][0-9]{0,18})$' : '^[1-9][0-9]{0,18}$'
  return Type.Union(
    [
      Type.String({ pattern, description: 'Exact up to int64.' }),
      Type.Integer({ minimum: least, maximum: Number.MAX_SAFE_INTEGER, description: 'A safe integer.' }),
    ],
    { description, examples: ['616'] },
  )
}

const requestId = Type.Optional(
  Type.String({
    pattern: REQUEST_ID_PATTERN,
    description:
      'The idempotency key; the header `Idempotency-Key` says the same. A UUIDv7 is made when there is neither, and then a ' +
      'repeat is a new request.',
    examples: ['job-616'],
  }),
)
export const asset = Type.Optional(
  Type.String({ pattern: ASSET_PATTERN, default: 'credit', description: 'A kind of coin.', examples: ['credit'] }),
)
const payee = Type.Optional(
  Type.String({
    pattern: ACCOUNT_PATTERN,
    default: '@revenue',
    description: 'Who gets the coins.',
    examples: ['@revenue'],
  }),
)
const memo = Type.Optional(Type.String({ maxLength: MEMO_LENGTH_MAX, description: 'A note for people.' }))
const metadata = Type.Optional(MetadataInput)

const depositFields = {
  requestId,
  account: AccountName,
  asset,
  amount: amountInput('How much, in minor units; at least 1.', 1),
  memo,
  metadata,
}
const chargeFields = { ...depositFields, payee }
const freezeFields = {
  requestId,
  account: AccountName,
  asset,
  amount: amountInput('How much to set aside, in minor units; at least 1.', 1),
  payee,
  expiresInMs: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'Life of the hold. Default 15 minutes.',
    }),
  ),
  expiresAt: Type.Optional(
    Type.Union(
      [
        Type.String({ format: 'date-time' }),
        Type.Integer({ minimum: 1, maximum: INSTANT_MAX, description: 'Milliseconds since 1970.' }),
      ],
      {
        description: 'The end of the hold, in place of `expiresInMs`.',
        examples: ['2030-01-31T12:00:00.000Z'],
      },
    ),
  ),
  metadata,
}
const settleFields = {
  amount: amountInput('The actual cost, in minor units; 0 or more.', 0),
  overage: Type.Optional(
    words(['reject', 'cap', 'draw'], {
      default: 'reject',
      description:
        'When `amount` is more than is held: refuse, take what is held, or draw the rest from `available`. What is not ' +
        'got is recorded as the shortfall.',
    }),
  ),
}
const openFields = {
  requestId,
  asset,
  floor: Type.Optional(
    amountInput('How low `available` may go; negative for a credit limit. Default 0.', Number.MIN_SAFE_INTEGER),
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
      description: 'Digits of an amount behind the point. They never change.',
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
  numerator: amountInput('Minor units of the one asset that one gets …', 1),
  denominator: amountInput('… for this many minor units of the other.', 1),
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

/** An object without other fields, named in the OpenAPI document. */
function body<Fields extends TProperties>(id: string, fields: Fields, description: string, ...examples: object[]) {
  const options = { additionalProperties: false, description, ...(examples.length === 0 ? {} : { examples }) }
  return Object.assign(Type.Object(fields, options), { $id: id })
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
export const FreezeBody = body(
  'FreezeBody',
  freezeFields,
  'Coins to set aside. The request id becomes the id of the hold. Give at most one of the two expiries.',
  { requestId: 'job-616', account: 'user:8', amount: '616', expiresInMs: 600_000, metadata: { model: 'llama-70b' } },
)
export const SettleBody = body('SettleBody', settleFields, 'The actual cost; the rest goes back.', { amount: '500' })
export const ReleaseBody = body('ReleaseBody', {}, 'Nothing; the body may be left out.', {})
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

const heldBy = { hold: HoldId }

const COMMANDS = {
  deposit: body('DepositCommand', { kind: words(['deposit']), ...depositFields }, 'As `POST /v1/deposits`.'),
  charge: body('ChargeCommand', { kind: words(['charge']), ...chargeFields }, 'As `POST /v1/charges`.'),
  transfer: body('TransferCommand', { kind: words(['transfer']), ...transferFields }, 'As `POST /v1/transfers`.'),
  freeze: body('FreezeCommand', { kind: words(['freeze']), ...freezeFields }, 'As `POST /v1/holds`.'),
  settle: body(
    'SettleCommand',
    { kind: words(['settle']), ...heldBy, ...settleFields },
    'As `POST /v1/holds/{id}/settle`.',
  ),
  release: body('ReleaseCommand', { kind: words(['release']), ...heldBy }, 'As `POST /v1/holds/{id}/release`.'),
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
} as const satisfies Record<CommandKind, unknown>

export const CommandBody = Object.assign(
  Type.Unsafe<Static<(typeof COMMANDS)[CommandKind]>>({
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
  FreezeBody,
  SettleBody,
  ReleaseBody,
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
