/** The comparison of a list with the ledger over HTTP: how the list is read, and the lines of the answer. */
import { DEFAULT_ASSET, type AssetCode as AssetCodeName, type Instant } from '../domain/ids.ts'
import { LedgerError } from './error.ts'
import {
  assetParameter,
  instantParameter,
  instantSchema,
  namesIn,
  parametersIn,
  wordOf,
  type Parameters,
} from './queries.ts'
import { AssetCode, words } from './schema.ts'
import { Type } from './typebox.ts'

/** What the rows of a list can be. */
export const COMPARED = ['holds', 'deposits', 'charges', 'transfers'] as const
export type Compared = (typeof COMPARED)[number]

export const LIST_FORMATS = { 'text/csv': 'csv', 'application/x-ndjson': 'ndjson' } as const
export type ListType = keyof typeof LIST_FORMATS

/** The size of a list that a service takes. */
export const LIST_BYTES_MAX = 8_388_608

/** What each status of a list means; the words of a list that names them as we do. */
const STATES = ['done', 'failed', 'pending'] as const
const DELIMITERS = ['comma', 'semicolon', 'tab'] as const
const COLUMN_LENGTH_MAX = 128
const WORDS_LENGTH_MAX = 512
const ROWS_MAX = 999_999_999

function columnSchema(description: string, preset?: string) {
  const options = { minLength: 1, maxLength: COLUMN_LENGTH_MAX, description }
  return Type.Optional(Type.String(preset === undefined ? options : { ...options, default: preset }))
}

function wordsSchema(state: string, description: string) {
  const options = { minLength: 1, maxLength: WORDS_LENGTH_MAX, default: state }
  return Type.Optional(Type.String({ ...options, description: `${description}, separated by commas.` }))
}

export const ReconcileQuery = Type.Object(
  {
    of: Type.Optional(words(COMPARED, { default: 'holds', description: 'What the rows are.' })),
    delimiter: Type.Optional(words(DELIMITERS, { description: 'Of CSV. Default: the one that the header shows.' })),
    rows: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: ROWS_MAX,
        description:
          'The number of rows that the list must have: it proves that the list is complete, as an end row does.',
      }),
    ),
    idColumn: columnSchema('The request id, which is the id of the hold or the entry.', 'request_id'),
    amountColumn: columnSchema('The actual cost, or the amount of the entry, in minor units.', 'amount'),
    statusColumn: columnSchema('Default: `status` if the list has it; without it, every row counts as done.'),
    accountColumn: columnSchema('The account to compare: who holds, receives the deposit, or pays.'),
    counterpartyColumn: columnSchema('The account to compare: the payee, or who receives the transfer.'),
    assetColumn: columnSchema('The asset to compare.'),
    asset: Type.Optional({
      ...AssetCode,
      description: 'The asset of a list without a column for it: that of extra entries. Default: `credit`.',
    }),
    done: wordsSchema('done', 'Statuses of completed work'),
    failed: wordsSchema('failed', 'Statuses of failed work'),
    pending: wordsSchema('pending', 'Statuses of unfinished work'),
    since: instantSchema(
      'Ignore extra holds and entries that were created before this instant. With it, settled holds and entries are looked for too.',
    ),
    until: instantSchema('When the list was made. Default: as its end row says.'),
  },
  { additionalProperties: false },
)

export interface ReconcileTerms {
  readonly of: Compared
  readonly delimiter: (typeof DELIMITERS)[number] | null
  readonly rowsCount: number | null
  readonly idColumn: string
  readonly amountColumn: string
  readonly statusColumn: string
  readonly isStatusNeeded: boolean
  readonly accountColumn: string | null
  readonly counterpartyColumn: string | null
  readonly assetColumn: string | null
  readonly asset: AssetCodeName
  /** The state of each status word. */
  readonly words: ReadonlyMap<string, (typeof STATES)[number]>
  readonly since: Instant | null
  readonly until: Instant | null
}

const NAMES = namesIn(ReconcileQuery)

/** @throws LedgerError `invalid_request` */
export function reconcileTermsOf(input: unknown): ReconcileTerms {
  const parameters = parametersIn(input, NAMES)
  const { of = 'holds', delimiter, rows } = parameters
  return {
    of: wordOf(of, 'of', COMPARED),
    delimiter: delimiter === undefined ? null : wordOf(delimiter, 'delimiter', DELIMITERS),
    rowsCount: rowsCountIn(rows),
    idColumn: columnIn(parameters, 'idColumn') ?? 'request_id',
    amountColumn: columnIn(parameters, 'amountColumn') ?? 'amount',
    statusColumn: columnIn(parameters, 'statusColumn') ?? 'status',
    isStatusNeeded: parameters['statusColumn'] !== undefined,
    accountColumn: columnIn(parameters, 'accountColumn'),
    counterpartyColumn: columnIn(parameters, 'counterpartyColumn'),
    assetColumn: columnIn(parameters, 'assetColumn'),
    asset: assetParameter(parameters['asset'] ?? DEFAULT_ASSET, 'asset'),
    words: wordsIn(parameters),
    since: instantParameter(parameters['since'], 'since'),
    until: instantParameter(parameters['until'], 'until'),
  }
}

function rowsCountIn(value: unknown): number | null {
  if (value === undefined) return null
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= ROWS_MAX) return value
  throw LedgerError.invalidParameter('rows', `rows must be a whole number from 0 to ${ROWS_MAX}.`)
}

function columnIn(parameters: Parameters, name: string): string | null {
  return textOrNull(parameters[name], name, COLUMN_LENGTH_MAX)
}

function textOrNull(value: unknown, name: string, lengthMax: number): string | null {
  if (value === undefined) return null
  if (typeof value === 'string' && value.length >= 1 && value.length <= lengthMax) return value
  throw LedgerError.invalidParameter(name, `${name} must be text of 1 to ${lengthMax} characters.`)
}

function wordsIn(parameters: Parameters): ReconcileTerms['words'] {
  const states = new Map<string, (typeof STATES)[number]>()
  for (const state of STATES) {
    const text = textOrNull(parameters[state], state, WORDS_LENGTH_MAX) ?? state
    for (const word of text.split(',').map((each) => each.trim())) {
      if (states.has(word)) throw LedgerError.invalidParameter(state, `The status "${word}" is given more than once.`)
      states.set(word, state)
    }
  }
  return states
}

/** As `holdfast reconcile --json` prints them. Amounts are in minor units. */
export interface DifferenceWire {
  readonly type: 'finding'
  readonly code: 'missing' | 'extra' | 'unfinished' | 'different' | 'duplicate'
  readonly requestId: string
  /** Null: the list does not have it. */
  readonly line: number | null
  /** Null: the ledger does not have it. */
  readonly asset: string | null
  readonly theirs: string | null
  readonly ours: string | null
  readonly message: string
  /** The command that would make the ledger agree; null: there is no rule for it. */
  readonly remedy: { readonly kind: string; readonly amount?: string } | null
}

export interface UnreadableWire {
  readonly type: 'unreadable'
  readonly line: number
  readonly problem: string
}

export interface ReconcileSummaryWire {
  readonly type: 'summary'
  readonly rowsCount: number
  /** Null: nothing shows that the list is complete. */
  readonly proof: 'end_row' | 'stated_rows' | null
  readonly agreedCount: number
  readonly unreadableCount: number
  readonly plannedCount: number
  readonly findingsCount: number
  readonly totals: readonly {
    readonly code: DifferenceWire['code']
    readonly asset: string | null
    readonly count: number
    readonly theirs: string
    readonly ours: string
  }[]
  /** Why the list was not compared, or nothing may be changed; null: neither. */
  readonly obstacle: string | null
  /** Findings and unreadable rows that have no line in the answer, because there are too many. */
  readonly leftOutCount: number
}

/** What is being done, about once a second. */
export interface ReconcileProgress {
  readonly type: 'progress'
  readonly state: 'reading' | 'comparing' | 'searching'
  /** Rows that were compared, or pages of the ledger in which extras were searched. */
  readonly count: number
  /** The lines of the list: about as many as its rows. */
  readonly linesCount: number
}

export type ReconcileLine =
  | ReconcileProgress
  | DifferenceWire
  | UnreadableWire
  /** The last line. */
  | ReconcileSummaryWire
  /** A problem, after which nothing comes. */
  | { readonly error: Readonly<Record<string, unknown>> }
