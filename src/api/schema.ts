/** JSON Schema of the values that bodies, queries and answers have in common. Each resource has a file for its own. */
import type { Static, TSchema, TSchemaOptions } from 'typebox'
import { HOLD_STATES } from '../domain/hold.ts'
import { ACCOUNT_PATTERN, ASSET_PATTERN, REQUEST_ID_PATTERN } from '../domain/ids.ts'
import { ENTRY_KINDS } from '../domain/journal.ts'
import {
  METADATA_KEY_LENGTH_MAX,
  METADATA_KEYS_MAX,
  METADATA_VALUE_LENGTH_MAX,
  type Metadata,
} from '../domain/metadata.ts'
import { Type } from './typebox.ts'

/** One of a few words. With a `type` next to `enum`, which serializers need. */
export function words<const Word extends string>(values: readonly Word[], options: TSchemaOptions = {}) {
  return Type.Unsafe<Word>({ type: 'string', enum: values, ...options })
}

/** A schema that stands under its own name in the OpenAPI document. */
export function reference<Schema extends TSchema>(schema: Schema & { $id: string }) {
  return Type.Unsafe<Static<Schema>>({ $ref: `${schema.$id}#` })
}

export function named<Schema extends TSchema>(id: string, schema: Schema): Schema & { $id: string } {
  return Object.assign(schema, { $id: id })
}

export function nullableText(options: TSchemaOptions) {
  return Type.Unsafe<string | null>({ type: ['string', 'null'], ...options })
}

export const INT64_PATTERN = '^-?(0|[1-9][0-9]{0,18})$'
/** A sum that may be beyond int64. */
export const WHOLE_PATTERN = '^-?(0|[1-9][0-9]*)$'

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
  description: 'The idempotency key: one request id has one effect, forever.',
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

/** Of a balance: the sum over all stripes of a house account. */
export function sum(description: string) {
  const beyond = `${description} Of a house account it may be beyond int64.`
  return Type.String({ pattern: WHOLE_PATTERN, description: beyond, examples: ['616'] })
}

export function nullableAmount(description: string) {
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

/** The version of a balance. */
export const VERSION = { minimum: 0, description: 'The number of postings of the balance.', examples: [3] }
