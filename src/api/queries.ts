/**
 * The queries: their schemas, and the way from input to what the read port is asked. Filters, page limits and cursors are checked and
 * completed; a test holds the checks to the schemas.
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

/** What a statement can be had as, besides pages. */
export const STATEMENT_FORMATS = ['csv', 'ndjson'] as const
export type StatementFormat = (typeof STATEMENT_FORMATS)[number]

interface ListQuery {
  /** From the first instant on, before the second. */
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

/** Of a list that has no filters. */
export interface PageFilter {
  readonly limit: number
  readonly cursor: string | null
}

/** The page is one of balances. */
export interface AccountFilter extends PageFilter {
  readonly at: Instant | null
}

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
/** Lists that are usually short have as large a page as there is. */
const longPageFields = pageFieldsOf(PAGE_LIMIT_MAX)

function instantSchema(description: string) {
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
  from: instantSchema('From this instant on.'),
  until: instantSchema('Before this instant.'),
  metadata: Type.Optional({
    ...MetadataInput,
    description: 'A flat JSON object: only what carries these keys with these values, and perhaps others.',
    examples: [{ model: 'llama-70b' }],
    'x-consume': 'application/json',
  }),
}

export const AccountQuery = Type.Object(
  {
    at: instantSchema(
      'The moment to look at. Every balance is as its last posting up to that instant left it; metadata and floors have no ' +
        'history, so they are those of now. A moment of the last seconds may still gain postings.',
    ),
    ...longPageFields,
  },
  { additionalProperties: false },
)

export const HoldsQuery = Type.Object(
  {
    account: Type.Optional({ ...AccountSchema, description: "One account's holds, newest first." }),
    asset: Type.Optional({
      ...AssetSchema,
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
  asset: asset.schema,
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

const HOLDS = namesIn(HoldsQuery)
const POSTINGS = namesIn(PostingsQuery)
const EXPORT = namesIn(ExportQuery)
const ACCOUNT = namesIn(AccountQuery)
const PAGE = namesIn(PageQuery)

function namesIn({ properties }: { readonly properties: object }): ReadonlySet<string> {
  return new Set(Object.keys(properties))
}

type Parameters = Readonly<Record<string, unknown>>

/** Without an account the list is of every asset, so no other than the default may be asked for. */
export function holdsQueryOf(input: unknown): HoldsFilter {
  const parameters = parametersIn(input, HOLDS)
  const { account, state } = parameters
  const wanted = assetFilter(parameters)
  if (account === undefined && wanted !== DEFAULT_ASSET) {
    throw LedgerError.invalidParameter(
      'asset',
      'asset chooses among the holds of one account; give the account as well.',
    )
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
  /** The first page; `cursor` and `limit` are the reader's. */
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

/** Of the list of assets. */
export function assetsQueryOf(input: unknown): PageFilter {
  return longPageOf(parametersIn(input, PAGE))
}

/** Of lists that are short as a rule, and were whole before they had pages: without a limit a page has as much as it may. */
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

function instantParameter(value: unknown, name: string): Instant | null {
  return parameterBy(() => instantIn(value, `/${name}`), name)
}

/** What a check of bodies refuses, told of a parameter. */
function parameterBy<Value>(check: () => Value, name: string): Value {
  try {
    return check()
  } catch (error) {
    throw error instanceof LedgerError ? LedgerError.invalidParameter(name, error.message) : error
  }
}

/** Of the lists of rates, and of the history of a hold. */
export function pageQueryOf(input: unknown): PageFilter {
  const parameters = parametersIn(input, PAGE)
  return { limit: limitOf(parameters), cursor: cursorOf(parameters) }
}

/** An account that stands in a path, a query or an argument. */
export function accountParameter(value: unknown, name: string): AccountName {
  if (isAccountName(value)) return value
  throw LedgerError.invalidParameter(name, `${name} must be a name of ${ACCOUNT_RULE}.`)
}

export function assetParameter(value: unknown, name: string): AssetCode {
  if (isAssetCode(value)) return value
  throw LedgerError.invalidParameter(name, `${name} must be a code of ${ASSET_RULE}.`)
}

/** A request id, which is also what holds are called by. */
export function requestIdParameter(value: unknown, name: string): RequestId {
  if (isRequestId(value)) return value
  throw LedgerError.invalidParameter(name, `${name} must be ${REQUEST_ID_RULE}.`)
}

const ENDS = [endOfHold('', 'settle'), endOfHold('', 'release'), lateOfHold('')]

/** The id of an entry: a request id, or the name of the entry that ended a hold or settled it late. */
export function entryParameter(value: unknown, name: string): string {
  if (typeof value === 'string') {
    const end = ENDS.find((suffix) => value.endsWith(suffix))
    if (isRequestId(end === undefined ? value : value.slice(0, -end.length))) return value
  }
  const rule = `${REQUEST_ID_RULE}, with ${ENDS.join(' or ')} behind it for the end of a hold or its late settle`
  throw LedgerError.invalidParameter(name, `${name} must be ${rule}.`)
}

function parametersIn(input: unknown, known: ReadonlySet<string>): Parameters {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw LedgerError.invalid('', 'The query must be an object.')
  }
  for (const name of Object.keys(input)) {
    if (known.has(name)) continue
    throw LedgerError.invalidParameter(
      name,
      `There is no such parameter; the parameters are: ${[...known].join(', ')}.`,
    )
  }
  return input as Parameters
}

function assetFilter(parameters: Parameters): AssetCode {
  const given = parameters['asset']
  return given === undefined ? DEFAULT_ASSET : assetParameter(given, 'asset')
}

function wordOf<Word extends string>(value: unknown, name: string, all: readonly Word[]): Word {
  if ((all as readonly unknown[]).includes(value)) return value as Word
  throw LedgerError.invalidParameter(name, `${name} must be one of ${all.join(', ')}.`)
}

function limitOf(parameters: Parameters, limitDefault = PAGE_LIMIT_DEFAULT): number {
  const limit = parameters['limit']
  if (limit === undefined) return limitDefault
  if (typeof limit === 'number' && Number.isInteger(limit) && limit >= 1 && limit <= PAGE_LIMIT_MAX) return limit
  throw LedgerError.invalidParameter('limit', `limit must be a whole number from 1 to ${PAGE_LIMIT_MAX}.`)
}

function cursorOf(parameters: Parameters): string | null {
  const cursor = parameters['cursor']
  if (cursor === undefined) return null
  if (typeof cursor === 'string' && cursor.length > 0 && cursor.length <= CURSOR_LENGTH_MAX) return cursor
  throw LedgerError.invalidParameter('cursor', 'cursor must be the `next` of another page.')
}
