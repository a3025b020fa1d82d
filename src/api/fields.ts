/**
 * The fields of input, each once: its schema, and how it is read.
 *
 * `read` gives the value or throws `invalid_request` with a JSON pointer. It runs for every command, so: plain checks, and no
 * allocation for good input. int64 has no place in a pattern, so a schema alone cannot check; a test holds the two to each other.
 */
import type { TSchema } from 'typebox'
import { AMOUNT_MAX, parseAmount, parseInt64, type Amount } from '../domain/amount.ts'
import { FLOOR_MAX, FLOOR_MIN } from '../domain/balance.ts'
import { OVERAGES, type Overage } from '../domain/command.ts'
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
import { Type } from './typebox.ts'

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

/** An optional field in words of its own. */
export function described<Of extends { readonly schema: TSchema }>(of: Of, description: string): Of {
  return { ...of, schema: Type.Optional({ ...of.schema, description }) }
}

/** The idempotency key. A command that brings none gets a new one. */
export const requestId = {
  schema: Type.Optional(
    Type.String({
      pattern: REQUEST_ID_PATTERN,
      description:
        'The idempotency key; the header `Idempotency-Key` says the same. Without either, a UUIDv7 is made, and a repeat is a new ' +
        'request.',
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

/** The hold that a command is about. */
export const hold = field(HoldId, readRequestId)

function readAccount(value: unknown, pointer: string): AccountName {
  if (isAccountName(value)) return value
  throw refuse(value, pointer, `a name of ${ACCOUNT_RULE}`)
}

export const account = field(AccountSchema, readAccount)

/** `credit` when it is left out. */
export const asset = field(
  Type.Optional(
    Type.String({ pattern: ASSET_PATTERN, default: 'credit', description: 'A kind of coin.', examples: ['credit'] }),
  ),
  (value, pointer): AssetCode => (value === undefined ? DEFAULT_ASSET : readAsset(value, pointer)),
)

function readAsset(value: unknown, pointer: string): AssetCode {
  if (isAssetCode(value)) return value
  throw refuse(value, pointer, `a code of ${ASSET_RULE}`)
}

/** An asset without a default. */
export const assetCode = field(AssetSchema, readAsset)

/** What a leg arrives in; null when it is left out. */
export const toAsset = field(
  Type.Optional(
    Type.String({
      pattern: ASSET_PATTERN,
      description: 'The asset that it arrives in, at the declared rate. Default: the asset that it leaves in.',
      examples: ['gem'],
    }),
  ),
  (value, pointer): AssetCode | null => (value === undefined ? null : readAsset(value, pointer)),
)

/** `@revenue` when it is left out. */
export const payee = field(
  Type.Optional(
    Type.String({
      pattern: ACCOUNT_PATTERN,
      default: '@revenue',
      description: 'Who gets the coins.',
      examples: ['@revenue'],
    }),
  ),
  (value, pointer): AccountName => (value === undefined ? REVENUE : readAccount(value, pointer)),
)

/** Null when it is left out. */
export const payeeOfSettle = field(
  Type.Optional(
    Type.String({
      pattern: ACCOUNT_PATTERN,
      description:
        'Who gets it, in place of the payee of the hold; it becomes the payee of the hold. Not possible once something was settled.',
      examples: ['@revenue'],
    }),
  ),
  (value, pointer): AccountName | null => (value === undefined ? null : readAccount(value, pointer)),
)

/** The decimal strings of 1 to `AMOUNT_MAX`, which is a power of ten. */
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
    const read = parseAmount(value)
    if (read !== null && read >= least) return read
    throw refuse(value, pointer, wholeNumber(least, AMOUNT_MAX))
  })
}

/** A whole number within int64 that is no amount: a bound, or a term of a fraction. */
function whole(description: string, pattern: string, least: number) {
  return Type.Union(
    [
      Type.String({ pattern, description: 'Exact up to int64.' }),
      Type.Integer({ minimum: least, maximum: Number.MAX_SAFE_INTEGER, description: 'A safe integer.' }),
    ],
    { description, examples: ['616'] },
  )
}

/** A numerator or denominator: 1 to `RATE_TERM_MAX`, which is that of int64. */
export function rateTerm(description: string) {
  return field(whole(description, '^[1-9][0-9]{0,18}$', 1), (value, pointer): bigint => {
    const term = parseInt64(value)
    if (term !== null && term >= 1n) return term
    throw refuse(value, pointer, wholeNumber(1n, RATE_TERM_MAX))
  })
}

/** Wherever a balance may be; 0 when it is left out. */
export const floor = field(
  Type.Optional(
    whole(
      'How low `available` may go; negative for a credit limit. Default 0.',
      INT64_PATTERN,
      Number.MIN_SAFE_INTEGER,
    ),
  ),
  (value, pointer): bigint => {
    if (value === undefined) return 0n
    const read = parseInt64(value)
    if (read !== null) return read
    throw refuse(value, pointer, wholeNumber(FLOOR_MIN, FLOOR_MAX))
  },
)

/** Null when it is left out. */
export const memo = field(
  Type.Optional(Type.String({ maxLength: MEMO_LENGTH_MAX, description: 'A note for people.' })),
  (value, pointer): string | null => (value === undefined ? null : textIn(value, pointer, 0, MEMO_LENGTH_MAX)),
)

/** Null when it is left out. */
export const metadata = field(Type.Optional(MetadataInput), metadataIn)

/** What a memo and metadata are on the wire. */
export function attachmentsToWire(attached: { readonly memo: string | null; readonly metadata: Metadata | null }) {
  return {
    ...(attached.memo === null ? {} : { memo: attached.memo }),
    ...(attached.metadata === null ? {} : { metadata: attached.metadata }),
  }
}

/** `fallback` when it is left out. */
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
  /** What a message says that it must be. */
  readonly rule?: string
}

/** A whole number from 0; 0 when it is left out. */
export function count({ max, description, example, rule = `a whole number from 0 to ${max}` }: CountOptions) {
  const schema = Type.Optional(Type.Integer({ minimum: 0, maximum: max, default: 0, description, examples: [example] }))
  return field(schema, (value, pointer): number => {
    if (value === undefined) return 0
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max) return value
    throw refuse(value, pointer, rule)
  })
}

/** The first of the words when it is left out. */
export function word<const Word extends string>(all: readonly [Word, ...Word[]], description: string) {
  const [fallback] = all
  return field(Type.Optional(words(all, { default: fallback, description })), (value, pointer): Word =>
    value === undefined ? fallback : wordIn(value, pointer, all),
  )
}

export const overage = word<Overage>(
  OVERAGES,
  'When `amount` is more than is held: refuse, take what is held, or draw the rest from `available`. The part that cannot be paid ' +
    'is recorded as the shortfall. For a late settle: when `amount` is more than the expiry released.',
)

/** Null when it is left out. */
export function expiresInMs(description: string) {
  return field(Type.Optional(Type.Integer({ minimum: 1, maximum: INSTANT_MAX, description })), durationMsIn)
}

/** Null when it is left out. */
export const expiresAt = field(
  Type.Optional(
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
  (value, pointer): Instant | null => instantIn(value, pointer),
)

const ON_EXPIRY: ReadonlySet<string> = new Set(['settle'])
const settleOnExpiry = amount('How much, at least 1, on top of parts; at most what is held then.', 1n)

/** What happens at the expiry. */
export const onExpiry = field(
  Type.Object(
    { settle: settleOnExpiry.schema },
    {
      additionalProperties: false,
      description: 'What is settled when the hold expires. Without it, everything is released.',
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

/** Both may be left out; at most one is given. */
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
