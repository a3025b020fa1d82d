/** The queries that the service is asked, as JSON Schema. queries.ts checks the input itself; a test holds it to these. */
import { Type } from 'typebox'
import { INSTANT_MAX } from '../domain/ids.ts'
import { MEMO_LENGTH_MAX } from '../domain/metadata.ts'
import { asset } from './body-fields.ts'
import { CURSOR_LENGTH_MAX, PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX, STATEMENT_FORMATS } from './queries.ts'
import { AccountName, AssetCode, ENTRY_PATTERN, HoldId, MetadataInput, words, Words } from './schemas.ts'

function pageFieldsOf(limitDefault: number) {
  return {
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: PAGE_LIMIT_MAX, default: limitDefault, description: 'Rows per page.' }),
    ),
    cursor: Type.Optional(
      Type.String({ minLength: 1, maxLength: CURSOR_LENGTH_MAX, description: '`next` of the page before.' }),
    ),
  }
}

const pageFields = pageFieldsOf(PAGE_LIMIT_DEFAULT)
/** Of lists that are short as a rule. */
const longPageFields = pageFieldsOf(PAGE_LIMIT_MAX)

function instantParameter(description: string) {
  return Type.Optional(
    Type.Union(
      [
        Type.String({ format: 'date-time' }),
        Type.Integer({ minimum: 1, maximum: INSTANT_MAX, description: 'Milliseconds since 1970.' }),
      ],
      { description, examples: ['2030-01-31T12:00:00.000Z'] },
    ),
  )
}

const filterFields = {
  from: instantParameter('From this instant on.'),
  until: instantParameter('Before this instant.'),
  metadata: Type.Optional({
    ...MetadataInput,
    description: 'A flat JSON object: only what carries these keys with these values, and perhaps others.',
    examples: [{ model: 'llama-70b' }],
    'x-consume': 'application/json',
  }),
}

export const AccountQuery = Type.Object(
  {
    at: instantParameter(
      'The moment to look at. Every balance is as its last posting up to that instant left it; metadata and floors have no ' +
        'history, so they are those of now. A moment of the last seconds may still gain postings.',
    ),
    ...longPageFields,
  },
  { additionalProperties: false },
)

export const HoldsQuery = Type.Object(
  {
    account: Type.Optional({ ...AccountName, description: "One account's holds, newest first." }),
    asset: Type.Optional({
      ...AssetCode,
      description:
        'With `account`: its holds of this asset, by default `credit`. Without, holds of every asset are listed.',
    }),
    state: Type.Optional({ ...Words.holdState, description: 'Only holds in this state.' }),
    ...filterFields,
    ...pageFields,
  },
  { additionalProperties: false },
)

const statementFields = {
  asset,
  kind: Type.Optional({ ...Words.entryKind, description: 'Only lines of such entries.' }),
  entry: Type.Optional(
    Type.String({
      pattern: ENTRY_PATTERN,
      description: 'Only lines of this entry: a request id, or `HOLD~settle`, `HOLD~release`, `HOLD~late`.',
      examples: ['job-616~settle'],
    }),
  ),
  hold: Type.Optional({ ...HoldId, description: 'Only lines of this hold.' }),
  memo: Type.Optional(
    Type.String({ minLength: 1, maxLength: MEMO_LENGTH_MAX, description: 'A part of the memo, letter by letter.' }),
  ),
  ...filterFields,
}

export const PostingsQuery = Type.Object({ ...statementFields, ...pageFields }, { additionalProperties: false })

export const ExportQuery = Type.Object(
  {
    format: words(STATEMENT_FORMATS, { description: 'CSV for spreadsheets, or one JSON document per line.' }),
    ...statementFields,
  },
  { additionalProperties: false },
)

export const PageQuery = Type.Object(pageFields, { additionalProperties: false })
export const AssetsQuery = Type.Object(longPageFields, { additionalProperties: false })
