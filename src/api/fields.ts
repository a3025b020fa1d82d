/**
 * The input fields: each has a schema and a reader.
 *
 * `read` returns the value or throws `invalid_request` with a JSON pointer. It runs for every command, so it uses plain checks and
 * allocates nothing for valid input. A pattern cannot express the range of int64, so the schema is not enough; a test compares the
 * reader with the schema.
 */
import { AMOUNT_MAX, amountIn, parseInt64, type Amount } from '../domain/amount.ts'
import { FLOOR_MAX, FLOOR_MIN } from '../domain/balance.ts'
import { OVERAGES, type Overage } from '../domain/command.ts'
import { IF_REPLAYED, type IfReplayed } from '../domain/if-replayed.ts'
import type { OnExpiry } from '../domain/hold.ts'
import {
  ACCOUNT_PATTERN,
  ASSET_PATTERN,
  DEFAULT_ASSET,
  INSTANT_MAX,
  isAccountName,
  isAssetCode,
  isRequestId,
  REQUEST_ID_PATTERN,
  REVENUE,
  type AccountName,
  type AssetCode,
  type Instant,
  type RequestId,
} from '../domain/ids.ts'
import { MEMO_LENGTH_MAX, type Metadata } from '../domain/metadata.ts'
import { RATE_TERM_MAX } from '../domain/rate.ts'
import {
  ACCOUNT_RULE,
  ASSET_RULE,
  durationMsIn,
  fieldsIn,
  instantIn,
  metadataIn,
  refuse,
  REQUEST_ID_RULE,
  textIn,
  wholeNumber,
  wordIn,
} from './input.ts'
import { LedgerError } from './error.ts'
import { instantToWire } from './instants.ts'
import type { NewRequestId } from './request-id.ts'
import {
  AccountName as AccountSchema,
  AssetCode as AssetSchema,
  HoldId,
  INT64_PATTERN,
  MetadataInput,
  words,
} from './schema.ts'
import { type TSchema, Type } from './typebox.ts'

export interface Field<Value, Schema extends TSchema = TSchema> {
  readonly schema: Schema
  read(value: unknown, pointer: string): Value
}

function field<Value, Schema extends TSchema>(
  schema: Schema,
  read: (value: unknown, pointer: string) => Value,
): Field<Value, Schema> {
  return { schema, read }
}

/** The same field with another description. */
export function described<Of extends { readonly schema: TSchema }>(of: Of, description: string): Of {
  return { ...of, schema: Type.Optional({ ...of.schema, description }) }
}

/** The idempotency key. Default: a new one. */
export const requestId = {
  schema: Type.Optional(
    Type.String({
      pattern: REQUEST_ID_PATTERN,
      description:
        'The idempotency key. The header `Idempotency-Key` is an alternative. Without either, the service creates a UUIDv7, and a ' +
        'repeat is a new request.',
      examples: ['job-616'],
    }),
  ),
  read: (value: unknown, newRequestId: NewRequestId): RequestId =>
    value === undefined ? newRequestId() : readRequestId(value, '/requestId'),
}

function readRequestId(value: unknown, pointer: string): RequestId {
  if (isRequestId(value)) return value
  throw refuse(value, pointer, REQUEST_ID_RULE)
}

/** The hold of a command. */
export const hold = field(HoldId, readRequestId)

function readAccount(value: unknown, pointer: string): AccountName {
  if (isAccountName(value)) return value
  throw refuse(value, pointer, `a name of ${ACCOUNT_RULE}`)
}

export const account = field(AccountSchema, readAccount)

/** The account that receives what is left of another one. */
export const merger = field(
  Type.String({
    pattern: ACCOUNT_PATTERN,
    description: 'The account that receives what is left, and what returns later.',
    examples: ['user:9'],
  }),
  readAccount,
)

/** Default: `credit`. */
export const asset = field(
  Type.Optional(
    Type.String({
      pattern: ASSET_PATTERN,
      default: 'credit',
      description: 'The code of an asset.',
      examples: ['credit'],
    }),
  ),
  (value, pointer): AssetCode => (value === undefined ? DEFAULT_ASSET : readAsset(value, pointer)),
)

function readAsset(value: unknown, pointer: string): AssetCode {
  if (isAssetCode(value)) return value
  throw refuse(value, pointer, `a code of ${ASSET_RULE}`)
}

/** An asset without a default. */
export const assetCode = field(AssetSchema, readAsset)

/** The asset that the receiver of a leg gets. Default: null. */
export const toAsset = field(
  Type.Optional(
    Type.String({
      pattern: ASSET_PATTERN,
      description: 'The asset that the receiver gets, at the newest rate. Default: `asset`.',
      examples: ['gem'],
    }),
  ),
  (value, pointer): AssetCode | null => (value === undefined ? null : readAsset(value, pointer)),
)

/** Default: `@revenue`. */
export const payee = field(
  Type.Optional(
    Type.String({
      pattern: ACCOUNT_PATTERN,
      default: '@revenue',
      description: 'The account that receives the coins.',
      examples: ['@revenue'],
    }),
  ),
  (value, pointer): AccountName => (value === undefined ? REVENUE : readAccount(value, pointer)),
)

/** Default: null. */
export const payeeOfSettle = field(
  Type.Optional(
    Type.String({
      pattern: ACCOUNT_PATTERN,
      description:
        'The account that receives the coins; it becomes the payee of the hold. Default: the payee of the hold. Another payee is only ' +
        'possible while nothing is settled.',
      examples: ['@revenue'],
    }),
  ),
  (value, pointer): AccountName | null => (value === undefined ? null : readAccount(value, pointer)),
)

/** The decimal strings from 1 to `AMOUNT_MAX`, which is a power of ten. */
const AMOUNT_PATTERN = `[1-9][0-9]{0,${String(AMOUNT_MAX).length - 2}}|${AMOUNT_MAX}`

/** @param least 0 or 1 */
export function amount(description: string, least: 0n | 1n) {
  const schema = Type.Union(
    [
      Type.String({
        pattern: least === 0n ? `^(0|${AMOUNT_PATTERN})$` : `^(${AMOUNT_PATTERN})$`,
        description: `At most ${AMOUNT_MAX}.`,
      }),
      Type.Integer({ minimum: Number(least), maximum: Number.MAX_SAFE_INTEGER, description: 'A safe integer.' }),
    ],
    { description, examples: ['616'] },
  )
  return field(schema, (value, pointer): Amount => {
    const read = amountIn(value)
    if (read !== null && read >= least) return read
    throw refuse(value, pointer, wholeNumber(least, AMOUNT_MAX))
  })
}

/** A change of an amount, up to `AMOUNT_MAX` in both directions, and not 0. */
export function amountBy(description: string) {
  const most = Number.MAX_SAFE_INTEGER
  const schema = Type.Union(
    [
      Type.String({ pattern: `^-?(${AMOUNT_PATTERN})$`, description: `From -${AMOUNT_MAX} to ${AMOUNT_MAX}, not 0.` }),
      Type.Integer({ minimum: 1, maximum: most, description: 'A safe integer.' }),
      Type.Integer({ minimum: -most, maximum: -1, description: 'A safe integer.' }),
    ],
    { description, examples: ['100'] },
  )
  return field(schema, (value, pointer): bigint => {
    const read = parseInt64(value)
    if (read !== null && read !== 0n && read >= -AMOUNT_MAX && read <= AMOUNT_MAX) return read
    throw refuse(value, pointer, `${wholeNumber(-AMOUNT_MAX, AMOUNT_MAX)}, and not 0`)
  })
}

/** A whole number within int64 that is not an amount: a floor, or a term of a rate. */
function whole(description: string, pattern: string, least: number) {
  return Type.Union(
    [
      Type.String({ pattern, description: 'Any value within int64.' }),
      Type.Integer({ minimum: least, maximum: Number.MAX_SAFE_INTEGER, description: 'A safe integer.' }),
    ],
    { description, examples: ['616'] },
  )
}

/** A numerator or denominator: 1 to `RATE_TERM_MAX`, the largest int64. */
export function rateTerm(description: string) {
  return field(whole(description, '^[1-9][0-9]{0,18}$', 1), (value, pointer): bigint => {
    const term = parseInt64(value)
    if (term !== null && term >= 1n) return term
    throw refuse(value, pointer, wholeNumber(1n, RATE_TERM_MAX))
  })
}

/** Any value that a balance can have. Default: null. */
export const floor = field(
  Type.Optional(
    whole(
      'The lowest value that `available` may reach; negative for a credit limit. Default: the floor is kept; of a new balance it is 0.',
      INT64_PATTERN,
      Number.MIN_SAFE_INTEGER,
    ),
  ),
  (value, pointer): bigint | null => {
    if (value === undefined) return null
    const read = parseInt64(value)
    if (read !== null) return read
    throw refuse(value, pointer, wholeNumber(FLOOR_MIN, FLOOR_MAX))
  },
)

/** Default: null. */
export const memo = field(
  Type.Optional(Type.String({ maxLength: MEMO_LENGTH_MAX, description: 'A note for people.' })),
  (value, pointer): string | null => (value === undefined ? null : textIn(value, pointer, 0, MEMO_LENGTH_MAX)),
)

/** Default: null. */
export const metadata = field(Type.Optional(MetadataInput), metadataIn)

/** A memo and metadata on the wire. */
export function attachmentsToWire(attached: { readonly memo: string | null; readonly metadata: Metadata | null }) {
  return {
    ...(attached.memo === null ? {} : { memo: attached.memo }),
    ...(attached.metadata === null ? {} : { metadata: attached.metadata }),
  }
}

/** A boolean. Default: `fallback`. */
export function flag(fallback: boolean, description: string) {
  return field(Type.Optional(Type.Boolean({ default: fallback, description })), (value, pointer): boolean => {
    if (value === undefined) return fallback
    if (typeof value === 'boolean') return value
    throw refuse(value, pointer, 'true or false')
  })
}

interface CountOptions {
  readonly max: number
  readonly description: string
  readonly example: number
  /** The rule in error messages: "must be …". */
  readonly rule?: string
}

/** A whole number of at least 0. Default: 0. */
export function count({ max, description, example, rule = `a whole number from 0 to ${max}` }: CountOptions) {
  const schema = Type.Optional(Type.Integer({ minimum: 0, maximum: max, default: 0, description, examples: [example] }))
  return field(schema, (value, pointer): number => {
    if (value === undefined) return 0
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max) return value
    throw refuse(value, pointer, rule)
  })
}

/** One of several words. Default: the first. */
export function word<const Word extends string>(all: readonly [Word, ...Word[]], description: string) {
  const [fallback] = all
  return field(Type.Optional(words(all, { default: fallback, description })), (value, pointer): Word =>
    value === undefined ? fallback : wordIn(value, pointer, all),
  )
}

export const ifReplayed = word<IfReplayed>(
  IF_REPLAYED,
  'If the request is a repeat: return the first `answer`, or `refuse` it with `request_replayed`. It is no part of the contents that a ' +
    'repeat must have.',
)

export const overage = word<Overage>(
  OVERAGES,
  'The rule for an `amount` that is more than is held: `reject` it, take only what is held (`cap`), or `draw` the rest from ' +
    '`available`. The unpaid rest is the shortfall. For a late settle, the limit is what was held at the expiry.',
)

/** Default: null. */
export function expiresInMs(description: string) {
  return field(Type.Optional(Type.Integer({ minimum: 1, maximum: INSTANT_MAX, description })), durationMsIn)
}

/** Default: null. */
export const expiresAt = field(
  Type.Optional(
    Type.Union(
      [
        Type.String({ format: 'date-time' }),
        Type.Integer({ minimum: 1, maximum: INSTANT_MAX, description: 'Milliseconds since 1970.' }),
      ],
      {
        description: 'The expiry of the hold, instead of `expiresInMs`.',
        examples: ['2030-01-31T12:00:00.000Z'],
      },
    ),
  ),
  (value, pointer): Instant | null => instantIn(value, pointer),
)

const ON_EXPIRY: ReadonlySet<string> = new Set(['settle'])
const settleOnExpiry = amount(
  'The amount to settle at the expiry, in addition to parts: at least 1, and never more than is held then.',
  1n,
)

/** The amount to settle at the expiry. */
export const onExpiry = field(
  Type.Object(
    { settle: settleOnExpiry.schema },
    {
      additionalProperties: false,
      description: 'The amount to settle when the hold expires. Default: everything is released.',
      examples: [{ settle: '100' }],
    },
  ),
  (value, pointer): OnExpiry => {
    const { settle } = fieldsIn(value, ON_EXPIRY, pointer)
    return { settle: settleOnExpiry.read(settle, `${pointer}/settle`) }
  },
)

interface Expiry {
  readonly expiresInMs: number | null
  readonly expiresAt: Instant | null
}

/** At most one of the two may be given. */
export function readExpiry(input: { readonly expiresInMs?: unknown; readonly expiresAt?: unknown }): Expiry {
  const read = {
    expiresInMs: durationMsIn(input.expiresInMs, '/expiresInMs'),
    expiresAt: expiresAt.read(input.expiresAt, '/expiresAt'),
  }
  if (read.expiresInMs !== null && read.expiresAt !== null) {
    throw LedgerError.invalid('/expiresAt', 'Give expiresInMs or expiresAt, not both.')
  }
  return read
}

export function expiryToWire(expiry: Expiry) {
  return {
    ...(expiry.expiresInMs === null ? {} : { expiresInMs: expiry.expiresInMs }),
    ...(expiry.expiresAt === null ? {} : { expiresAt: instantToWire(expiry.expiresAt) }),
  }
}
