/**
 * The queries of the reads: their schemas, and the conversion from input to filters of the read port. Filters, page limits and cursors
 * are checked, and defaults are filled in. A test compares the checks with the schemas.
 */
import { HOLD_STATES, type HoldState } from '../domain/hold.ts'
import {
  DEFAULT_ASSET,
  INSTANT_MAX,
  isAccountName,
  isAssetCode,
  isRequestId,
  type AccountName,
  type AssetCode,
  type Instant,
  type RequestId,
} from '../domain/ids.ts'
import { endOfHold, ENTRY_KINDS, lateOfHold, type EntryKind } from '../domain/journal.ts'
import { MEMO_LENGTH_MAX, type Metadata } from '../domain/metadata.ts'
import { CURSOR_LENGTH_MAX, PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX } from '../domain/page.ts'
import { LedgerError } from './error.ts'
import { asset } from './fields.ts'
import { ACCOUNT_RULE, ASSET_RULE, instantIn, metadataIn, REQUEST_ID_RULE, textIn } from './input.ts'
import {
  AccountName as AccountSchema,
  AssetCode as AssetSchema,
  ENTRY_PATTERN,
  HoldId,
  MetadataInput,
  words,
  Words,
} from './schema.ts'
import { Type } from './typebox.ts'

/** The formats of an export. */
export const STATEMENT_FORMATS = ['csv', 'ndjson'] as const
export type StatementFormat = (typeof STATEMENT_FORMATS)[number]

interface ListQuery {
  /** Only rows at or after `from` and before `until`. */
  readonly from: Instant | null
  readonly until: Instant | null
  readonly metadata: Metadata | null
  readonly limit: number
  readonly cursor: string | null
}

export interface HoldsFilter extends ListQuery {
  readonly account: AccountName | null
  readonly asset: AssetCode
  readonly state: HoldState | null
}

export interface PostingsFilter extends ListQuery {
  readonly account: AccountName
  readonly asset: AssetCode
  readonly kind: EntryKind | null
  readonly entry: string | null
  readonly hold: RequestId | null
  readonly memo: string | null
}

/** The filter of a list that has only pages. */
export interface PageFilter {
  readonly limit: number
  readonly cursor: string | null
}

/** The pages are pages of balances. */
export interface AccountFilter extends PageFilter {
  readonly at: Instant | null
}

function pageFieldsOf(limitDefault: number) {
  return {
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: PAGE_LIMIT_MAX, default: limitDefault, description: 'Rows per page.' }),
    ),
    cursor: Type.Optional(
      Type.String({ minLength: 1, maxLength: CURSOR_LENGTH_MAX, description: '`next` of the previous page.' }),
    ),
  }
}

export const pageFields = pageFieldsOf(PAGE_LIMIT_DEFAULT)
/** Lists that are usually short have the largest page by default. */
const longPageFields = pageFieldsOf(PAGE_LIMIT_MAX)

export function instantSchema(description: string) {
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
  from: instantSchema('Only rows at or after this instant.'),
  until: instantSchema('Only rows before this instant.'),
  metadata: Type.Optional({
    ...MetadataInput,
    description:
      'A flat JSON object: only rows whose metadata has these keys with these values. Other keys are ignored.',
    examples: [{ model: 'llama-70b' }],
    'x-consume': 'application/json',
  }),
}

export const AccountQuery = Type.Object(
  {
    at: instantSchema(
      'Read the balances as of this instant: after their last posting up to it. Metadata and floors have no history, so the current ' +
        'values are returned. An instant in the last seconds can still get postings. Default: now.',
    ),
    ...longPageFields,
  },
  { additionalProperties: false },
)

export const HoldsQuery = Type.Object(
  {
    account: Type.Optional({ ...AccountSchema, description: 'Only holds of this account, newest first.' }),
    asset: Type.Optional({
      ...AssetSchema,
      description:
        'Only with `account`: its holds of this asset, by default `credit`. Without `account`, holds of all assets are listed.',
    }),
    state: Type.Optional({ ...Words.holdState, description: 'Only holds in this state.' }),
    ...filterFields,
    ...pageFields,
  },
  { additionalProperties: false },
)

const statementFields = {
  asset: asset.schema,
  kind: Type.Optional({ ...Words.entryKind, description: 'Only lines of entries of this kind.' }),
  entry: Type.Optional(
    Type.String({
      pattern: ENTRY_PATTERN,
      description: 'Only lines of this entry: a request id, or `HOLD~settle`, `HOLD~release`, `HOLD~late`.',
      examples: ['job-616~settle'],
    }),
  ),
  hold: Type.Optional({ ...HoldId, description: 'Only lines of this hold.' }),
  memo: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: MEMO_LENGTH_MAX,
      description: 'Only lines whose memo contains this text, case-sensitive.',
    }),
  ),
  ...filterFields,
}

export const PostingsQuery = Type.Object({ ...statementFields, ...pageFields }, { additionalProperties: false })

export const ExportQuery = Type.Object(
  {
    format: words(STATEMENT_FORMATS, {
      description: '`csv` for spreadsheets, or `ndjson`: one JSON document per line.',
    }),
    ...statementFields,
  },
  { additionalProperties: false },
)

export const PageQuery = Type.Object(pageFields, { additionalProperties: false })
export const AssetsQuery = Type.Object(longPageFields, { additionalProperties: false })

const HOLDS = namesIn(HoldsQuery)
const POSTINGS = namesIn(PostingsQuery)
const EXPORT = namesIn(ExportQuery)
const ACCOUNT = namesIn(AccountQuery)
const PAGE = namesIn(PageQuery)

export function namesIn({ properties }: { readonly properties: object }): ReadonlySet<string> {
  return new Set(Object.keys(properties))
}

export type Parameters = Readonly<Record<string, unknown>>

/** Without an account, the list has the holds of all assets, so `asset` is refused. */
export function holdsQueryOf(input: unknown): HoldsFilter {
  const parameters = parametersIn(input, HOLDS)
  const { account, state } = parameters
  const wanted = assetFilter(parameters)
  if (account === undefined && wanted !== DEFAULT_ASSET) {
    throw LedgerError.invalidParameter('asset', 'asset is only possible together with account.')
  }
  return {
    account: account === undefined ? null : accountParameter(account, 'account'),
    asset: wanted,
    state: state === undefined ? null : wordOf(state, 'state', HOLD_STATES),
    ...listOf(parameters),
  }
}

export function postingsQueryOf(account: AccountName, input: unknown): PostingsFilter {
  const parameters = parametersIn(input, POSTINGS)
  const { kind, entry, hold, memo } = parameters
  return {
    account,
    asset: assetFilter(parameters),
    kind: kind === undefined ? null : wordOf(kind, 'kind', ENTRY_KINDS),
    entry: entry === undefined ? null : entryParameter(entry, 'entry'),
    hold: hold === undefined ? null : requestIdParameter(hold, 'hold'),
    memo: memo === undefined ? null : parameterBy(() => textIn(memo, '/memo', 1, MEMO_LENGTH_MAX), 'memo'),
    ...listOf(parameters),
  }
}

export interface ExportFilter {
  readonly format: StatementFormat
  /** The filter of the first page. The export sets `cursor` and `limit` of the others. */
  readonly postings: PostingsFilter
}

export function exportQueryOf(account: AccountName, input: unknown): ExportFilter {
  const { format, ...filters } = parametersIn(input, EXPORT)
  return {
    format: wordOf(format, 'format', STATEMENT_FORMATS),
    postings: postingsQueryOf(account, { ...filters, limit: PAGE_LIMIT_MAX }),
  }
}

export function accountQueryOf(input: unknown): AccountFilter {
  const parameters = parametersIn(input, ACCOUNT)
  return { at: instantParameter(parameters['at'], 'at'), ...longPageOf(parameters) }
}

/** The query of the list of assets. */
export function assetsQueryOf(input: unknown): PageFilter {
  return longPageOf(parametersIn(input, PAGE))
}

/** Usually short lists, which had no pages in earlier versions: without a limit, a page has the largest size. */
function longPageOf(parameters: Parameters): PageFilter {
  return { limit: limitOf(parameters, PAGE_LIMIT_MAX), cursor: cursorOf(parameters) }
}

function listOf(parameters: Parameters): ListQuery {
  const { metadata } = parameters
  return {
    from: instantParameter(parameters['from'], 'from'),
    until: instantParameter(parameters['until'], 'until'),
    metadata: parameterBy(() => metadataIn(metadata, '/metadata'), 'metadata'),
    limit: limitOf(parameters),
    cursor: cursorOf(parameters),
  }
}

export function instantParameter(value: unknown, name: string): Instant | null {
  return parameterBy(() => instantIn(value, `/${name}`), name)
}

/** Runs a reader of bodies for a parameter: its error names the parameter instead of a pointer. */
function parameterBy<Value>(check: () => Value, name: string): Value {
  try {
    return check()
  } catch (error) {
    throw error instanceof LedgerError ? LedgerError.invalidParameter(name, error.message) : error
  }
}

/** The query of the lists of rates and of the history of a hold. */
export function pageQueryOf(input: unknown): PageFilter {
  const parameters = parametersIn(input, PAGE)
  return { limit: limitOf(parameters), cursor: cursorOf(parameters) }
}

/** Reads an account in a path, a query or an argument. */
export function accountParameter(value: unknown, name: string): AccountName {
  if (isAccountName(value)) return value
  throw LedgerError.invalidParameter(name, `${name} must be a name of ${ACCOUNT_RULE}.`)
}

export function assetParameter(value: unknown, name: string): AssetCode {
  if (isAssetCode(value)) return value
  throw LedgerError.invalidParameter(name, `${name} must be a code of ${ASSET_RULE}.`)
}

/** Reads a request id, which is also the id of a hold. */
export function requestIdParameter(value: unknown, name: string): RequestId {
  if (isRequestId(value)) return value
  throw LedgerError.invalidParameter(name, `${name} must be ${REQUEST_ID_RULE}.`)
}

const ENDS = [endOfHold('', 'settle'), endOfHold('', 'release'), lateOfHold('')]

/** Reads the id of an entry: a request id, or the id of the entry that ended a hold or settled it late. */
export function entryParameter(value: unknown, name: string): string {
  if (typeof value === 'string') {
    const end = ENDS.find((suffix) => value.endsWith(suffix))
    if (isRequestId(end === undefined ? value : value.slice(0, -end.length))) return value
  }
  const rule = `${REQUEST_ID_RULE}, followed by ${ENDS.join(' or ')} for the end or late settle of a hold`
  throw LedgerError.invalidParameter(name, `${name} must be ${rule}.`)
}

export function parametersIn(input: unknown, known: ReadonlySet<string>): Parameters {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw LedgerError.invalid('', 'The query must be an object.')
  }
  for (const name of Object.keys(input)) {
    if (known.has(name)) continue
    throw LedgerError.invalidParameter(name, `Unknown parameter; the parameters are: ${[...known].join(', ')}.`)
  }
  return input as Parameters
}

function assetFilter(parameters: Parameters): AssetCode {
  const given = parameters['asset']
  return given === undefined ? DEFAULT_ASSET : assetParameter(given, 'asset')
}

export function wordOf<Word extends string>(value: unknown, name: string, all: readonly Word[]): Word {
  if ((all as readonly unknown[]).includes(value)) return value as Word
  throw LedgerError.invalidParameter(name, `${name} must be one of ${all.join(', ')}.`)
}

export function limitOf(parameters: Parameters, limitDefault = PAGE_LIMIT_DEFAULT): number {
  const limit = parameters['limit']
  if (limit === undefined) return limitDefault
  if (typeof limit === 'number' && Number.isInteger(limit) && limit >= 1 && limit <= PAGE_LIMIT_MAX) return limit
  throw LedgerError.invalidParameter('limit', `limit must be a whole number from 1 to ${PAGE_LIMIT_MAX}.`)
}

export function cursorOf(parameters: Parameters): string | null {
  const cursor = parameters['cursor']
  if (cursor === undefined) return null
  if (typeof cursor === 'string' && cursor.length > 0 && cursor.length <= CURSOR_LENGTH_MAX) return cursor
  throw LedgerError.invalidParameter('cursor', 'cursor must be the `next` of a page.')
}
