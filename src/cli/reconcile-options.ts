/** The options of `reconcile`, and what they say about the list. */
import { Option } from 'commander'
import { instantIn } from '../api/input.ts'
import { COMPARED } from '../api/reconciliation.ts'
import { SettingError } from '../config.ts'
import { OVERAGES, type Overage } from '../domain/command.ts'
import { DEFAULT_ASSET, ISSUER, REVENUE, type AccountName } from '../domain/ids.ts'
import type { HoldRules, Statements } from '../reconcile/books.ts'
import { DELIMITERS, type Delimiter } from '../reconcile/delimiters.ts'
import type { EntryRules } from '../reconcile/entry-judgement.ts'
import type { ListShape, OtherState, StatusShape } from '../reconcile/list.ts'
import { ENDINGS, type Ending } from '../reconcile/order-endings.ts'
import type { OrderRules } from '../reconcile/order-judgement.ts'
import type { OrderShape } from '../reconcile/order-list.ts'
import { MOVEMENT_KINDS } from '../reconcile/movements.ts'
import type { ReconcileOptions } from '../reconcile/reconciliation.ts'
import type { ListFormat } from '../reconcile/records.ts'
import { readDurationMs, readPercent, readWholeNumber } from './arguments.ts'
import type { TargetFlags } from './target.ts'

export interface ReconcileFlags extends TargetFlags {
  readonly of: (typeof ROWS)[number]
  readonly format?: ListFormat
  readonly delimiter?: Delimiter
  readonly rows?: number
  readonly idColumn: string
  readonly amountColumn: string
  readonly statusColumn?: string
  readonly accountColumn?: string
  readonly counterpartyColumn?: string
  readonly assetColumn?: string
  readonly toAssetColumn?: string
  readonly toAmountColumn?: string
  readonly legsColumn?: string
  readonly noteColumn?: string
  readonly takenColumn?: string
  readonly paid?: readonly string[]
  readonly unpaid?: readonly string[]
  readonly accountPrefix?: string
  readonly asset: string
  readonly done: readonly string[]
  readonly failed: readonly string[]
  readonly pending: readonly string[]
  readonly since?: string
  readonly until?: string
  readonly extrasOf?: readonly string[]
  readonly overage: Overage
  readonly releaseUnknown?: number
  readonly releasePercentMax: number
  readonly bookMissing?: true
  readonly halfDone?: Ending
  readonly transit?: string
  readonly fix?: true
  readonly yes?: true
}

/** What a list can be compared with, by the names of the command line. */
const ROWS = [...COMPARED, 'orders'] as const

/** The columns of a list of orders, by default. */
const FROM_COLUMN = 'from'
const TO_COLUMN = 'to'
const LEGS_COLUMN = 'legs'
/** What a note says of a leg, by default. */
const PAID = ['paid', 'done']
const UNPAID = ['', 'unpaid', 'failed']

const STATUS_COLUMN = 'status'
/** A small share, so that a list of another day or another system is noticed. */
const RELEASE_PERCENT_MAX = 5

/** What the list is and has. */
export function listOptions(): readonly Option[] {
  const delimiters = Object.keys(DELIMITERS)
  return [
    new Option('--of <what>', 'what the rows are').choices(ROWS).default('holds'),
    new Option('--format <format>', 'csv or ndjson (default: from the file name)').choices(['csv', 'ndjson']),
    new Option('--delimiter <name>', `${delimiters.join(', ')} (default: from the header)`).choices(delimiters),
    new Option(
      '--rows <count>',
      'the number of rows that the list must have; it proves that the list is complete, as an end row does',
    ).argParser(readWholeNumber),
    new Option('--id-column <name>', 'request id, which is the id of the hold or the entry').default('request_id'),
    new Option('--amount-column <name>', 'actual cost, or the amount of the entry').default('amount'),
    new Option(
      '--status-column <name>',
      `status (default: ${STATUS_COLUMN}; without this column, every row counts as done)`,
    ),
    new Option(
      '--account-column <name>',
      `account to compare: who holds, receives the deposit, or pays (orders: default ${FROM_COLUMN})`,
    ),
    new Option(
      '--counterparty-column <name>',
      `account to compare: the payee, or who receives the transfer or the leg (orders: default ${TO_COLUMN})`,
    ),
    new Option('--asset-column <name>', 'asset to compare'),
    new Option('--done <word...>', 'statuses of completed work').default(['done']),
    new Option('--failed <word...>', 'statuses of failed work').default(['failed']),
    new Option('--pending <word...>', 'statuses of unfinished work').default(['pending']),
  ]
}

/** What a list of orders has besides. */
export function orderOptions(): readonly Option[] {
  return [
    new Option(
      '--to-asset-column <name>',
      'orders: the asset in which a leg arrives; empty: the asset in which it leaves',
    ),
    new Option('--to-amount-column <name>', 'orders: the amount of a leg that arrives in another asset'),
    new Option('--legs-column <name>', `orders in NDJSON: the array of the legs (default: ${LEGS_COLUMN})`),
    new Option(
      '--note-column <name>',
      'orders: the note of a leg, which says whether the external system has paid the leg itself, outside the ledger',
    ),
    new Option('--paid <word...>', `orders: notes of paid legs (default: ${PAID.join(', ')})`),
    new Option(
      '--unpaid <word...>',
      `orders: notes of legs that are not paid (default: no note, ${UNPAID.slice(1).join(', ')})`,
    ),
    new Option(
      '--taken-column <name>',
      'orders: whether the external system took the whole order from the sender at once: 1, true or yes; needs --transit',
    ),
    new Option(
      '--transit <account>',
      `orders: the account that has what was taken and not paid; ${ISSUER} if no account of the ledger has it`,
    ),
    new Option('--account-prefix <text>', 'orders: comes before every account of the list: user: for the ids of users'),
  ]
}

export function comparisonOptions(): readonly Option[] {
  return [
    new Option(
      '--since <instant>',
      'ignore extra holds and entries created before this instant; with it, settled holds and entries are looked for too',
    ),
    new Option(
      '--until <instant>',
      'when the list was made: ignore extra holds and entries created after this instant (default: from the end row)',
    ),
    new Option(
      '--extras-of <account...>',
      `accounts whose statements are searched for extra entries (default: ${ISSUER} for deposits, ${REVENUE} for charges)`,
    ),
  ]
}

export function fixOptions(): readonly Option[] {
  return [
    new Option(
      '--fix',
      'settle open holds of completed work, release open holds of failed work; asks for confirmation',
    ),
    new Option('--yes', 'with --fix: do not ask for confirmation'),
    new Option('--overage <what>', 'with --fix: the rule for completed work that cost more than is held')
      .choices(OVERAGES)
      .default('reject'),
    new Option(
      '--release-unknown <age>',
      'with --fix: release open holds that are not in the list and older than this: 2h, 1d; the list must prove that it is complete',
    ).argParser(readDurationMs),
    new Option('--release-percent-max <percent>', 'with --release-unknown: the largest share of the open holds')
      .argParser(readPercent)
      .default(RELEASE_PERCENT_MAX),
    new Option(
      '--book-missing',
      'with --fix: book the deposits, charges and transfers that the list has and the ledger has not, under their ids',
    ),
    halfDoneOption(),
    new Option(
      '--asset <code>',
      'the asset of a list without --asset-column, for what is booked, ended or extra',
    ).default(DEFAULT_ASSET),
  ]
}

function halfDoneOption(): Option {
  return new Option(
    '--half-done <how>',
    'with --fix: end half-done orders: pay the legs that are left, give back what was moved, or the one or the other as the status says',
  ).choices(ENDINGS)
}

/** @throws SettingError for options that have no meaning together */
export function requireFitting({ of, releaseUnknown, bookMissing, extrasOf, ...flags }: ReconcileFlags): void {
  const refuseIf = (isWrong: boolean, message: string): void => {
    if (isWrong) throw new SettingError(message)
  }
  refuseIf(of !== 'holds' && releaseUnknown !== undefined, '--release-unknown is only for --of holds.')
  const movements = 'is only for --of deposits, charges, transfers or orders.'
  refuseIf(of === 'holds' && bookMissing === true, `--book-missing ${movements}`)
  refuseIf(of === 'holds' && extrasOf !== undefined, `--extras-of ${movements}`)
  if (of === 'orders') {
    const hasTaken = flags.takenColumn !== undefined
    refuseIf(hasTaken && flags.transit === undefined, '--taken-column needs --transit.')
    refuseIf(!hasTaken && flags.transit !== undefined, '--transit is only for a list with --taken-column.')
    const hasNotes = flags.noteColumn !== undefined
    refuseIf(!hasNotes && flags.paid !== undefined, '--paid is only for a list with --note-column.')
    refuseIf(!hasNotes && flags.unpaid !== undefined, '--unpaid is only for a list with --note-column.')
    refuseIf(
      !hasNotes && !hasTaken && flags.halfDone !== undefined,
      '--half-done needs --note-column or --taken-column: without them, no order is half done.',
    )
    return
  }
  for (const option of [...orderOptions(), halfDoneOption()]) {
    const isGiven = flags[option.attributeName() as keyof typeof flags] !== undefined
    refuseIf(isGiven, `${option.long} is only for --of orders.`)
  }
  refuseIf(bookMissing === true && flags.accountColumn === undefined, '--book-missing needs --account-column.')
  refuseIf(
    bookMissing === true && of === 'transfers' && flags.counterpartyColumn === undefined,
    '--book-missing of transfers needs --counterparty-column.',
  )
}

export function shapeOf(file: string, flags: ReconcileFlags): ListShape {
  const { idColumn, amountColumn, accountColumn, counterpartyColumn, assetColumn } = flags
  return {
    ...fileShapeOf(file, flags),
    ...statusShapeOf(flags),
    idColumn,
    amountColumn,
    accountColumn: accountColumn ?? null,
    counterpartyColumn: counterpartyColumn ?? null,
    assetColumn: assetColumn ?? null,
  }
}

export function orderShapeOf(file: string, flags: ReconcileFlags): OrderShape {
  const { idColumn, amountColumn, asset, assetColumn, toAssetColumn, toAmountColumn, noteColumn, takenColumn } = flags
  return {
    ...fileShapeOf(file, flags),
    ...statusShapeOf(flags),
    idColumn,
    amountColumn,
    fromColumn: flags.accountColumn ?? FROM_COLUMN,
    toColumn: flags.counterpartyColumn ?? TO_COLUMN,
    assetColumn: assetColumn ?? null,
    asset,
    toAssetColumn: toAssetColumn ?? null,
    toAmountColumn: toAmountColumn ?? null,
    legsColumn: flags.legsColumn ?? LEGS_COLUMN,
    noteColumn: noteColumn ?? null,
    notes: notesOf(flags),
    takenColumn: takenColumn ?? null,
    accountPrefix: flags.accountPrefix ?? '',
  }
}

function fileShapeOf(file: string, flags: ReconcileFlags): Pick<ListShape, 'format' | 'delimiter'> {
  const byName = /\.(csv|ndjson|jsonl)$/i.exec(file)?.[1]?.toLowerCase()
  const format = flags.format ?? (byName === 'jsonl' ? 'ndjson' : (byName as ListFormat | undefined))
  if (format === undefined)
    throw new SettingError('The file name does not show the format. Add --format csv or --format ndjson.')
  return { format, delimiter: flags.delimiter ?? null }
}

function statusShapeOf(flags: ReconcileFlags): StatusShape {
  const words = new Map<string, OtherState>()
  for (const state of ['done', 'failed', 'pending'] as const) {
    for (const word of flags[state]) {
      if (words.has(word))
        throw new SettingError(`The status "${word}" is given more than once in --done, --failed and --pending.`)
      words.set(word, state)
    }
  }
  const { statusColumn } = flags
  return { statusColumn: statusColumn ?? STATUS_COLUMN, isStatusNeeded: statusColumn !== undefined, words }
}

/** A word that one option names is not a default of the other. */
function notesOf({ paid, unpaid }: ReconcileFlags): ReadonlyMap<string, boolean> {
  const notes = new Map<string, boolean>()
  const paidWords = paid ?? PAID.filter((word) => unpaid?.includes(word) !== true)
  const unpaidWords = unpaid ?? UNPAID.filter((word) => paid?.includes(word) !== true)
  for (const word of paidWords) notes.set(word, true)
  for (const word of unpaidWords) {
    if (notes.has(word)) throw new SettingError(`The note "${word}" is given in --paid and in --unpaid.`)
    notes.set(word, false)
  }
  return notes
}

export function holdRulesOf({ overage, releaseUnknown }: ReconcileFlags): HoldRules {
  return { overage, releaseBefore: releaseUnknown === undefined ? null : Date.now() - releaseUnknown }
}

export function entryRulesOf(of: keyof typeof MOVEMENT_KINDS, { asset, bookMissing }: ReconcileFlags): EntryRules {
  return { kind: MOVEMENT_KINDS[of], asset, bookMissing: bookMissing === true }
}

export function orderRulesOf({ bookMissing, halfDone, transit }: ReconcileFlags): OrderRules {
  return { bookMissing: bookMissing === true, ending: halfDone ?? null, transit: transit ?? ISSUER }
}

/** A list without a column for the asset is about one asset. @param fallback the accounts if the command line names none */
export function statementsOf(
  { extrasOf, assetColumn, asset }: ReconcileFlags,
  fallback: readonly AccountName[],
): Statements {
  return { accounts: extrasOf ?? fallback, asset: assetColumn === undefined ? asset : null }
}

export function optionsOf({ rows, since, until, releaseUnknown, releasePercentMax }: ReconcileFlags): ReconcileOptions {
  return {
    rowsCount: rows ?? null,
    since: instantIn(since, '/since'),
    until: instantIn(until, '/until'),
    needsProof: releaseUnknown !== undefined,
    releasePercentMax,
  }
}
