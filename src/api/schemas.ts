/**
 * What the service answers, as JSON Schema: the source of the wire's types, of the serializers and of openapi.json.
 * Holds are in hold-schemas.ts, problems and outcomes in outcome-schemas.ts; request bodies and queries are in bodies.ts.
 */
import { Type, type Static, type TSchema, type TSchemaOptions } from 'typebox'
import { ASSET_DECIMALS_MAX } from '../domain/asset.ts'
import type { HoldState } from '../domain/hold.ts'
import { ACCOUNT_PATTERN, ASSET_PATTERN, REQUEST_ID_PATTERN } from '../domain/ids.ts'
import type { EntryKind } from '../domain/journal.ts'
import {
  METADATA_KEY_LENGTH_MAX,
  METADATA_KEYS_MAX,
  METADATA_VALUE_LENGTH_MAX,
  type Metadata,
} from '../domain/metadata.ts'
import { TOLERANCE_PPM_MAX, type Rounding } from '../domain/rate.ts'
import { BALANCE_EXAMPLE, FROZEN_AT, POSTING_EXAMPLES, RATE_EXAMPLE, SETTLED_AT } from './answer-examples.ts'

const HOLD_STATES = ['open', 'settled', 'released', 'expired'] as const satisfies readonly HoldState[]
const ENTRY_KINDS = [
  'open',
  'deposit',
  'charge',
  'transfer',
  'freeze',
  'settle',
  'release',
  'amend',
  'refund',
] as const satisfies readonly EntryKind[]

export const ROUNDINGS = ['down', 'up', 'half-even'] as const satisfies readonly Rounding[]

/** One of a few words. With a `type` beside `enum`, which serializers need. */
export function words<const Word extends string>(values: readonly Word[], options: TSchemaOptions = {}) {
  return Type.Unsafe<Word>({ type: 'string', enum: values, ...options })
}

/** A schema that stands under its own name in the OpenAPI document. */
export function reference<Schema extends TSchema>(schema: Schema & { $id: string }) {
  return Type.Unsafe<Static<Schema>>({ $ref: `${schema.$id}#` })
}

export function nullableText(options: TSchemaOptions) {
  return Type.Unsafe<string | null>({ type: ['string', 'null'], ...options })
}

export function named<Schema extends TSchema>(id: string, schema: Schema): Schema & { $id: string } {
  return Object.assign(schema, { $id: id })
}

export const INT64_PATTERN = '^-?(0|[1-9][0-9]{0,18})$'
/** A sum that may be beyond int64. */
const WHOLE_PATTERN = '^-?(0|[1-9][0-9]*)$'

export const AccountName = Type.String({
  pattern: ACCOUNT_PATTERN,
  description: 'Who owns coins. A leading `@` marks a house account of the operator.',
  examples: ['user:8'],
})
export const AssetCode = Type.String({
  pattern: ASSET_PATTERN,
  description: 'A kind of coin.',
  examples: ['credit'],
})
export const RequestId = Type.String({
  pattern: REQUEST_ID_PATTERN,
  description: 'The idempotency key: one request id has one effect, for ever.',
  examples: ['job-616'],
})
export const HoldId = Type.String({
  pattern: REQUEST_ID_PATTERN,
  description: 'The id of the hold, which is the request id that froze it.',
  examples: ['job-616'],
})
/** A request id, or the name of the entry that ended a hold or settled it late. */
export const ENTRY_PATTERN = REQUEST_ID_PATTERN.replace(/\$$/, '(~settle|~release|~late)?$')

export const Words = {
  holdState: words(HOLD_STATES),
  entryKind: words(ENTRY_KINDS),
}

export function amount(description: string) {
  return Type.String({ pattern: INT64_PATTERN, description, examples: ['616'] })
}

/** Of a balance: all stripes of a house account added up. */
function sum(description: string) {
  const beyond = `${description} Of a house account it may be beyond int64.`
  return Type.String({ pattern: WHOLE_PATTERN, description: beyond, examples: ['616'] })
}

function nullableAmount(description: string) {
  return nullableText({ pattern: INT64_PATTERN, description })
}

export function instant(description: string) {
  return Type.String({ format: 'date-time', description, examples: ['2030-01-31T12:00:00.000Z'] })
}

const METADATA = {
  maxProperties: METADATA_KEYS_MAX,
  propertyNames: { minLength: 1, maxLength: METADATA_KEY_LENGTH_MAX },
  additionalProperties: {
    type: ['string', 'number', 'boolean', 'null'],
    maxLength: METADATA_VALUE_LENGTH_MAX,
    minimum: Number.MIN_SAFE_INTEGER,
    maximum: Number.MAX_SAFE_INTEGER,
  },
  description: 'A flat record of what the caller attached.',
  examples: [{ model: 'llama-70b' }],
}

export const MetadataInput = Type.Unsafe<Metadata>({ type: 'object', ...METADATA })
export const MetadataAnswer = Type.Unsafe<Metadata | null>({ type: ['object', 'null'], ...METADATA })

const VERSION = { minimum: 0, description: 'The number of postings of the balance.', examples: [3] }

export const Balance = named(
  'Balance',
  Type.Object(
    {
      account: AccountName,
      asset: AssetCode,
      available: sum('What can be spent.'),
      held: amount('What open holds have set aside.'),
      total: sum('available + held.'),
      floor: nullableAmount('How low `available` may go; null for house accounts, which have no floor.'),
      version: Type.Integer(VERSION),
    },
    { description: "One account's coins of one asset.", examples: [BALANCE_EXAMPLE] },
  ),
)

export const Account = named(
  'Account',
  Type.Object(
    {
      account: AccountName,
      metadata: MetadataAnswer,
      balances: Type.Array(reference(Balance)),
      next: nullableText({ description: 'The cursor of the next balances; null when these are the last.' }),
    },
    {
      description:
        'An account with its balances, one per asset, by asset; as many as a page has. The stripes of a house account are added up.',
      examples: [{ account: 'user:8', metadata: { plan: 'pro' }, balances: [BALANCE_EXAMPLE], next: null }],
    },
  ),
)

export const Asset = named(
  'Asset',
  Type.Object(
    {
      code: AssetCode,
      decimals: Type.Integer({
        minimum: 0,
        maximum: ASSET_DECIMALS_MAX,
        description: 'Decimal places of an amount.',
        examples: [0],
      }),
      name: Type.String({ examples: ['Credit'] }),
      createdAt: instant('When it was declared.'),
    },
    {
      description: 'A kind of coin.',
      examples: [{ code: 'gold', decimals: 2, name: 'Gold', createdAt: FROZEN_AT }],
    },
  ),
)

const ROUNDING = 'What becomes of a fraction of a unit: down, up, or to the nearest, from the middle to the even one.'
const RATE_VERSION = { minimum: 1, description: 'The number of the rate among those of its pair.', examples: [3] }

export const Rate = named(
  'Rate',
  Type.Object(
    {
      from: AssetCode,
      to: AssetCode,
      version: Type.Integer(RATE_VERSION),
      numerator: amount('Minor units of `to` that one gets …'),
      denominator: amount('… for this many minor units of `from`.'),
      rounding: words(ROUNDINGS, { description: ROUNDING }),
      tolerancePpm: Type.Integer({
        minimum: 0,
        maximum: TOLERANCE_PPM_MAX,
        description: 'How far a `toAmount` may lie from what the rate gives, in millionths of that.',
        examples: [0],
      }),
      declaredAt: instant('When it was declared.'),
    },
    {
      description: 'What coins of one asset come to in another. It never changes; the newest of a pair counts.',
      examples: [RATE_EXAMPLE],
    },
  ),
)

const AppliedRate = Type.Object(
  {
    version: Type.Integer(RATE_VERSION),
    numerator: amount('Of the rate.'),
    denominator: amount('Of the rate.'),
    rounding: words(ROUNDINGS, { description: ROUNDING }),
    remainder: Type.String({
      pattern: WHOLE_PATTERN,
      description:
        'What the rounding left over, over the denominator: amount × numerator = toAmount × denominator + remainder, exactly. ' +
        'It may be beyond int64.',
      examples: ['4'],
    }),
  },
  { description: 'The rate that the leg was exchanged at.' },
)

export const EntryLeg = named(
  'EntryLeg',
  Type.Object(
    {
      from: AccountName,
      to: AccountName,
      asset: AssetCode,
      amount: amount('What left `from`.'),
      toAsset: AssetCode,
      toAmount: amount('What reached `to`.'),
      rate: Type.Union([AppliedRate, Type.Null()], { description: 'Null for a leg within one asset.' }),
    },
    { description: 'What one leg of a transfer across assets came to.' },
  ),
)

const postingFields = {
  entryId: Type.String({ description: 'The entry that it is a line of.', examples: ['job-616~settle'] }),
  kind: Words.entryKind,
  account: AccountName,
  asset: AssetCode,
  stripe: Type.Integer({ minimum: 0, description: '0, except for house accounts.', examples: [0] }),
  version: Type.Integer(VERSION),
  availableDelta: amount('What `available` gained or lost.'),
  heldDelta: amount('What `held` gained or lost.'),
  available: amount('`available` after it.'),
  held: amount('`held` after it.'),
  at: instant('When it happened.'),
}

export const Posting = named(
  'Posting',
  Type.Object(postingFields, {
    description: "One balance's line of an entry.",
    examples: POSTING_EXAMPLES.slice(0, 1),
  }),
)

export const StatementLine = named(
  'StatementLine',
  Type.Object(
    {
      ...postingFields,
      total: amount('`available` + `held` after it. Of a house account, the amounts are those of its stripe alone.'),
      hold: nullableText({ description: 'The hold that it belongs to; null for other kinds.' }),
      memo: nullableText({ description: 'What the caller noted on the request.' }),
      metadata: MetadataAnswer,
    },
    {
      description: 'A posting as a statement shows it.',
      examples: POSTING_EXAMPLES.slice(0, 1).map((posting) => ({
        ...posting,
        total: String(BigInt(posting.available) + BigInt(posting.held)),
        hold: 'job-616',
        memo: null,
        metadata: { model: 'llama-70b' },
      })),
    },
  ),
)

export const Entry = named(
  'Entry',
  Type.Object(
    {
      id: Type.String({
        description:
          'The request id; `HOLD~settle` or `HOLD~release` for the end of a hold, `HOLD~late` for its late settle.',
        examples: ['deposit-1'],
      }),
      kind: Words.entryKind,
      hold: nullableText({ description: 'The hold that it opened, changed or ended; null for other entries.' }),
      at: instant('When it happened.'),
      memo: nullableText({ description: 'What the caller noted.' }),
      metadata: MetadataAnswer,
      floor: nullableAmount('The floor that an `open` set.'),
      legs: Type.Union([Type.Array(reference(EntryLeg)), Type.Null()], {
        description: 'The legs of a transfer across assets; null for every other entry.',
      }),
      postings: Type.Array(reference(Posting)),
    },
    {
      description: 'One event of the journal. Its postings sum to zero per asset.',
      examples: [
        {
          id: 'job-616~settle',
          kind: 'settle',
          hold: 'job-616',
          at: SETTLED_AT,
          memo: null,
          metadata: null,
          floor: null,
          legs: null,
          postings: POSTING_EXAMPLES,
        },
      ],
    },
  ),
)

/** A page of a list. */
export function page<Schema extends TSchema>(id: string, plural: string, item: Schema & { $id: string }) {
  return named(
    id,
    Type.Object(
      {
        items: Type.Array(reference(item)),
        next: nullableText({ description: 'The cursor of the next page; null when this is the last one.' }),
      },
      {
        description: `A page of ${plural}. It may be short, and still have a next one, where filters leave out most rows, or rows are large.`,
      },
    ),
  )
}

export const PostingPage = page('PostingPage', 'lines of a statement', StatementLine)
export const RatePage = page('RatePage', 'rates', Rate)

export const Assets = named(
  'Assets',
  Type.Object(
    {
      items: Type.Array(reference(Asset)),
      next: nullableText({ description: 'The cursor of the next page; null when this is the last one.' }),
    },
    { description: 'Assets, by code; as many as a page has.' },
  ),
)

export type BalanceWire = Static<typeof Balance>
export type AccountWire = Static<typeof Account>
export type AssetWire = Static<typeof Asset>
export type RateWire = Static<typeof Rate>
export type EntryLegWire = Static<typeof EntryLeg>
export type PostingWire = Static<typeof Posting>
export type StatementLineWire = Static<typeof StatementLine>
export type EntryWire = Static<typeof Entry>
export type PostingPageWire = Static<typeof PostingPage>
export type RatePageWire = Static<typeof RatePage>
export type AssetsWire = Static<typeof Assets>
