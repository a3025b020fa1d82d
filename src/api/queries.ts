/** From input to the queries of the read port: filters, page limits and cursors, checked and completed. */
import type { HoldState } from '../domain/hold.ts'
import {
  DEFAULT_ASSET,
  isAccountName,
  isAssetCode,
  isRequestId,
  type AccountName,
  type AssetCode,
  type Instant,
  type RequestId,
} from '../domain/ids.ts'
import { endOfHold, lateOfHold, type EntryKind } from '../domain/journal.ts'
import { MEMO_LENGTH_MAX, type Metadata } from '../domain/metadata.ts'
import { CURSOR_LENGTH_MAX, PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX } from '../domain/page.ts'
import { LedgerError } from './error.ts'
import { ACCOUNT_RULE, ASSET_RULE, instantIn, metadataIn, REQUEST_ID_RULE, textIn } from './input.ts'

/** What a statement can be had as, besides pages. */
export const STATEMENT_FORMATS = ['csv', 'ndjson'] as const
export type StatementFormat = (typeof STATEMENT_FORMATS)[number]

export { CURSOR_LENGTH_MAX, PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX }

interface ListQuery {
  /** From the first instant on, before the second. */
  readonly from: Instant | null
  readonly until: Instant | null
  readonly metadata: Metadata | null
  readonly limit: number
  readonly cursor: string | null
}

export interface HoldsQuery extends ListQuery {
  readonly account: AccountName | null
  readonly asset: AssetCode
  readonly state: HoldState | null
}

export interface PostingsQuery extends ListQuery {
  readonly account: AccountName
  readonly asset: AssetCode
  readonly kind: EntryKind | null
  readonly entry: string | null
  readonly hold: RequestId | null
  readonly memo: string | null
}

/** Of a list that has no filters. */
export interface PageQuery {
  readonly limit: number
  readonly cursor: string | null
}

/** The page is one of balances. */
export interface AccountQuery extends PageQuery {
  readonly at: Instant | null
}

const HOLD_STATES: Record<HoldState, true> = { open: true, settled: true, released: true, expired: true }
const ENTRY_KINDS: Record<EntryKind, true> = {
  open: true,
  deposit: true,
  charge: true,
  transfer: true,
  freeze: true,
  settle: true,
  release: true,
  amend: true,
  refund: true,
}

const LIST = ['from', 'until', 'metadata', 'limit', 'cursor'] as const
const HOLDS: ReadonlySet<string> = new Set(['account', 'asset', 'state', ...LIST])
const POSTINGS: ReadonlySet<string> = new Set(['asset', 'kind', 'entry', 'hold', 'memo', ...LIST])
const EXPORT: ReadonlySet<string> = new Set(
  ['format', ...POSTINGS].filter((name) => name !== 'limit' && name !== 'cursor'),
)
const FORMATS: Record<StatementFormat, true> = { csv: true, ndjson: true }
const ACCOUNT: ReadonlySet<string> = new Set(['at', 'limit', 'cursor'])

const PAGE: ReadonlySet<string> = new Set(['limit', 'cursor'])

type Parameters = Readonly<Record<string, unknown>>

/** Without an account the list is of every asset, so no other than the default may be asked for. */
export function holdsQueryOf(input: unknown): HoldsQuery {
  const parameters = parametersIn(input, HOLDS)
  const { account, state } = parameters
  const asset = assetFilter(parameters)
  if (account === undefined && asset !== DEFAULT_ASSET) {
    throw LedgerError.invalidParameter(
      'asset',
      'asset chooses among the holds of one account; give the account as well.',
    )
  }
  return {
    account: account === undefined ? null : accountParameter(account, 'account'),
    asset,
    state: state === undefined ? null : wordIn(state, 'state', HOLD_STATES),
    ...listOf(parameters),
  }
}

export function postingsQueryOf(account: AccountName, input: unknown): PostingsQuery {
  const parameters = parametersIn(input, POSTINGS)
  const { kind, entry, hold, memo } = parameters
  return {
    account,
    asset: assetFilter(parameters),
    kind: kind === undefined ? null : wordIn(kind, 'kind', ENTRY_KINDS),
    entry: entry === undefined ? null : entryParameter(entry, 'entry'),
    hold: hold === undefined ? null : requestIdParameter(hold, 'hold'),
    memo: memo === undefined ? null : parameterBy(() => textIn(memo, '/memo', 1, MEMO_LENGTH_MAX), 'memo'),
    ...listOf(parameters),
  }
}

export interface ExportQuery {
  readonly format: StatementFormat
  /** The first page; `cursor` and `limit` are the reader's. */
  readonly postings: PostingsQuery
}

export function exportQueryOf(account: AccountName, input: unknown): ExportQuery {
  const { format, ...filters } = parametersIn(input, EXPORT)
  return {
    format: wordIn(format, 'format', FORMATS),
    postings: postingsQueryOf(account, { ...filters, limit: PAGE_LIMIT_MAX }),
  }
}

export function accountQueryOf(input: unknown): AccountQuery {
  const parameters = parametersIn(input, ACCOUNT)
  return { at: instantParameter(parameters['at'], 'at'), ...longPageOf(parameters) }
}

/** Of the list of assets. */
export function assetsQueryOf(input: unknown): PageQuery {
  return longPageOf(parametersIn(input, PAGE))
}

/** Of lists that are short as a rule, and were whole before they had pages: without a limit a page has as much as it may. */
function longPageOf(parameters: Parameters): PageQuery {
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
export function pageQueryOf(input: unknown): PageQuery {
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
  const asset = parameters['asset']
  return asset === undefined ? DEFAULT_ASSET : assetParameter(asset, 'asset')
}

function wordIn<Word extends string>(value: unknown, name: string, words: Readonly<Record<Word, true>>): Word {
  if (typeof value === 'string' && Object.hasOwn(words, value)) return value as Word
  throw LedgerError.invalidParameter(name, `${name} must be one of ${Object.keys(words).join(', ')}.`)
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
