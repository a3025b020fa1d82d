/** Fields that bodies have in common, as JSON Schema. */
import { Type, type TProperties } from 'typebox'
import { AMOUNT_MAX } from '../domain/amount.ts'
import { ACCOUNT_PATTERN, ASSET_PATTERN, REQUEST_ID_PATTERN } from '../domain/ids.ts'
import { MEMO_LENGTH_MAX } from '../domain/metadata.ts'
import { INT64_PATTERN, MetadataInput } from './schemas.ts'

/** The decimal strings of 1 to `AMOUNT_MAX`, which is a power of ten. */
const AMOUNT_PATTERN = `[1-9][0-9]{0,${String(AMOUNT_MAX).length - 2}}|${AMOUNT_MAX}`

/** @param least 0 or 1 */
export function amountInput(description: string, least: number) {
  return Type.Union(
    [
      Type.String({
        pattern: least === 0 ? `^(0|${AMOUNT_PATTERN})$` : `^(${AMOUNT_PATTERN})$`,
        description: `At most ${AMOUNT_MAX}.`,
      }),
      Type.Integer({ minimum: least, maximum: Number.MAX_SAFE_INTEGER, description: 'A safe integer.' }),
    ],
    { description, examples: ['616'] },
  )
}

/** A whole number within int64: no amount, but a bound or a part of a fraction. */
export function wholeInput(description: string, least: number) {
  const pattern = least < 0 ? INT64_PATTERN : '^[1-9][0-9]{0,18}$'
  return Type.Union(
    [
      Type.String({ pattern, description: 'Exact up to int64.' }),
      Type.Integer({ minimum: least, maximum: Number.MAX_SAFE_INTEGER, description: 'A safe integer.' }),
    ],
    { description, examples: ['616'] },
  )
}

export const requestId = Type.Optional(
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
export const payee = Type.Optional(
  Type.String({
    pattern: ACCOUNT_PATTERN,
    default: '@revenue',
    description: 'Who gets the coins.',
    examples: ['@revenue'],
  }),
)
export const memo = Type.Optional(Type.String({ maxLength: MEMO_LENGTH_MAX, description: 'A note for people.' }))
export const metadata = Type.Optional(MetadataInput)

/** An object without other fields, named in the OpenAPI document. */
export function body<Fields extends TProperties>(
  id: string,
  fields: Fields,
  description: string,
  ...examples: object[]
) {
  const options = { additionalProperties: false, description, ...(examples.length === 0 ? {} : { examples }) }
  return Object.assign(Type.Object(fields, options), { $id: id })
}
