/** JSON Schemas that bodies, queries and answers share. The schema of each resource is in a file of its own. */
import { HOLD_STATES } from '../domain/hold.ts'
import { ACCOUNT_PATTERN, ASSET_PATTERN, REQUEST_ID_PATTERN } from '../domain/ids.ts'
import { ENTRY_KINDS } from '../domain/journal.ts'
import {
  METADATA_KEY_LENGTH_MAX,
  METADATA_KEYS_MAX,
  METADATA_VALUE_LENGTH_MAX,
  type Metadata,
} from '../domain/metadata.ts'
import { type Static, type TSchema, type TSchemaOptions, Type } from './typebox.ts'

/** One of several words. Serializers need the `type` in addition to `enum`. */
export function words<const Word extends string>(values: readonly Word[], options: TSchemaOptions = {}) {
  return Type.Unsafe<Word>({ type: 'string', enum: values, ...options })
}

/** A reference to a named schema of the OpenAPI document. */
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
/** A whole number that can be outside the range of int64. */
export const WHOLE_PATTERN = '^-?(0|[1-9][0-9]*)$'

export const AccountName = Type.String({
  pattern: ACCOUNT_PATTERN,
  description: 'An account: the owner of coins. The name of a house account begins with `@`.',
  examples: ['user:8'],
})
export const AssetCode = Type.String({
  pattern: ASSET_PATTERN,
  description: 'The code of an asset.',
  examples: ['credit'],
})
export const RequestId = Type.String({
  pattern: REQUEST_ID_PATTERN,
  description: 'The idempotency key: one request id has one effect, forever.',
  examples: ['job-616'],
})
export const HoldId = Type.String({
  pattern: REQUEST_ID_PATTERN,
  description: 'The id of the hold: the request id of its freeze.',
  examples: ['job-616'],
})
/** A request id, or the id of the entry that ended a hold or settled it late. */
export const ENTRY_PATTERN = REQUEST_ID_PATTERN.replace(/\$$/, '(~settle|~release|~late)?$')

export const Words = {
  holdState: words(HOLD_STATES),
  entryKind: words(ENTRY_KINDS),
}

/** An amount, within int64. */
export function amount(description: string) {
  return whole(`${description} In minor units.`)
}

/** A whole number within int64. */
export function whole(description: string) {
  return Type.String({ pattern: INT64_PATTERN, description, examples: ['616'] })
}

/** An amount of a balance. For a house account, it is the sum of all stripes. */
export function sum(description: string) {
  const beyond = `${description} In minor units. For a house account it can be outside the range of int64.`
  return Type.String({ pattern: WHOLE_PATTERN, description: beyond, examples: ['616'] })
}

export function nullableAmount(description: string) {
  return nullableText({ pattern: INT64_PATTERN, description: `${description} In minor units.` })
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
  description: 'The metadata of the caller: a flat object.',
  examples: [{ model: 'llama-70b' }],
}

export const MetadataInput = Type.Unsafe<Metadata>({ type: 'object', ...METADATA })
export const MetadataAnswer = Type.Unsafe<Metadata | null>({ type: ['object', 'null'], ...METADATA })

/** The schema options of the version of a balance. */
export const VERSION = { minimum: 0, description: 'The number of postings of the balance.', examples: [3] }

/** The schema options of the `steps` of a hold. */
export const STEPS = {
  minimum: 0,
  description: 'The number of changes since the freeze: the number of the last event of the history.',
  examples: [1],
}
