/** `reconcile`: compares the list of an external system with the holds, deposits, charges or transfers of the ledger. */
import { statSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { Option, type Command } from 'commander'
import { instantIn } from '../../api/input.ts'
import type { Ledger } from '../../api/ledger.ts'
import { SettingError } from '../../config.ts'
import { OVERAGES, type Overage } from '../../domain/command.ts'
import { DEFAULT_ASSET, ISSUER, REVENUE, type AccountName } from '../../domain/ids.ts'
import type { Books } from '../../reconcile/books.ts'
import { DELIMITERS, type Delimiter } from '../../reconcile/delimiters.ts'
import type { MovementKind } from '../../reconcile/entry-judgement.ts'
import type { Finding, Fix } from '../../reconcile/finding.ts'
import type { ListFormat, ListShape, OtherState } from '../../reconcile/list.ts'
import type { ReconcileListener, ReconcileOptions, ReconcileSummary } from '../../reconcile/reconciliation.ts'
import { readDurationMs, readPercent, readWholeNumber } from '../arguments.ts'
import { EXIT } from '../exit-codes.ts'
import { printJsonLine } from '../json-lines.ts'
import { fieldTable, listTable, styled } from '../tables.ts'
import { visible } from '../visible.ts'
import { addLedgerCommand, jsonLinesOption, openTarget, type TargetFlags } from '../target.ts'

interface ReconcileFlags extends TargetFlags {
  readonly of: (typeof COMPARED)[number]
  readonly format?: ListFormat
  readonly delimiter?: Delimiter
  readonly rows?: number
  readonly idColumn: string
  readonly amountColumn: string
  readonly statusColumn?: string
  readonly accountColumn?: string
  readonly counterpartyColumn?: string
  readonly assetColumn?: string
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
  readonly fix?: true
  readonly yes?: true
}

/** What a list can be compared with, by the names of the command line. */
const COMPARED = ['holds', 'deposits', 'charges', 'transfers'] as const

const KINDS: Readonly<Record<Exclude<ReconcileFlags['of'], 'holds'>, MovementKind>> = {
  deposits: 'deposit',
  charges: 'charge',
  transfers: 'transfer',
}

/** The statements that have all entries of a kind. Transfers have no such account, and charges only with the default payee. */
const EXTRAS_OF: Readonly<Record<MovementKind, readonly AccountName[]>> = {
  deposit: [ISSUER],
  charge: [REVENUE],
  transfer: [],
}

const STATUS_COLUMN = 'status'
/** A small share, so that a list of another day or another system is noticed. */
const RELEASE_PERCENT_MAX = 5

export function addReconcileCommand(program: Command): void {
  const command = addLedgerCommand(
    program,
    'reconcile',
    'Compares the list of an external system with the holds, deposits, charges or transfers of the ledger, and reports what is ' +
      'missing, extra, unfinished or different. Changes nothing without --fix. Exits 1 if a difference is left.',
    jsonLinesOption(),
  ).argument(
    '<file>',
    'CSV with a header row, or NDJSON: request ids, amounts in minor units, and optionally statuses and accounts',
  )
  for (const option of [...listOptions(), ...comparisonOptions(), ...fixOptions()]) command.addOption(option)
  command.action(async (file: string, flags: ReconcileFlags) => await reconcile(file, flags))
}

function listOptions(): readonly Option[] {
  const delimiters = Object.keys(DELIMITERS)
  return [
    new Option('--of <what>', 'what the rows are').choices(COMPARED).default('holds'),
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
    new Option('--account-column <name>', 'account to compare: who holds, receives the deposit, or pays'),
    new Option('--counterparty-column <name>', 'account to compare: the payee, or who receives the transfer'),
    new Option('--asset-column <name>', 'asset to compare'),
    new Option('--done <word...>', 'statuses of completed work').default(['done']),
    new Option('--failed <word...>', 'statuses of failed work').default(['failed']),
    new Option('--pending <word...>', 'statuses of unfinished work').default(['pending']),
  ]
}

function comparisonOptions(): readonly Option[] {
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

function fixOptions(): readonly Option[] {
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
    new Option('--asset <code>', 'with --book-missing: the asset of a list without --asset-column').default(
      DEFAULT_ASSET,
    ),
  ]
}

async function reconcile(file: string, flags: ReconcileFlags): Promise<void> {
  requireFile(file)
  const shape = shapeOf(file, flags)
  const options = optionsOf(flags)
  requireFitting(flags)
  const { Notebook } = await import('../../reconcile/notebook.ts')
  const { Reconciliation } = await import('../../reconcile/reconciliation.ts')
  using notebook = new Notebook()
  await using ledger = await openTarget(flags, 'read')
  const books = await booksOf(ledger, flags)
  const print = flags.json === true ? printJsonLine : () => undefined
  const say = flags.json === true ? () => undefined : (text: string): void => void process.stdout.write(`${text}\n`)
  const listener = listenerOf({ print, say, showFixes: flags.fix === true })
  const reconciliation = new Reconciliation({ ledger, books, notebook, options, listener })
  const summary = await reconciliation.compare(file, shape)
  say(summaryView(summary))
  let fixedCount = 0
  if (flags.fix === true && (await isAgreed(flags, summary))) {
    fixedCount = await reconciliation.apply((fix, error) => {
      say(`${styled('red', 'refused')} ${fixText(fix)}: ${visible(error.message)}`)
      print({ type: 'refused', ...fix, code: error.code, message: error.message })
    })
    say(`Made ${fixedCount} of ${summary.plannedCount} changes.`)
  }
  print({ type: 'summary', ...summary, fixedCount })
  if (summary.findingsCount + summary.unreadableCount > fixedCount) process.exitCode = EXIT.refused
}

async function booksOf(ledger: Ledger, flags: ReconcileFlags): Promise<Books> {
  const { HoldBooks, EntryBooks } = await import('../../reconcile/books.ts')
  const { of, overage, releaseUnknown, asset, bookMissing = false } = flags
  if (of === 'holds') {
    return new HoldBooks(ledger, {
      overage,
      releaseBefore: releaseUnknown === undefined ? null : Date.now() - releaseUnknown,
    })
  }
  const kind = KINDS[of]
  return new EntryBooks(ledger, { kind, asset, bookMissing }, flags.extrasOf ?? EXTRAS_OF[kind])
}

/** @throws SettingError for options that have no meaning together */
function requireFitting({ of, releaseUnknown, bookMissing, extrasOf, ...flags }: ReconcileFlags): void {
  const refuseIf = (isWrong: boolean, message: string): void => {
    if (isWrong) throw new SettingError(message)
  }
  refuseIf(of !== 'holds' && releaseUnknown !== undefined, '--release-unknown is only for --of holds.')
  refuseIf(of === 'holds' && bookMissing === true, '--book-missing is only for --of deposits, charges or transfers.')
  refuseIf(of === 'holds' && extrasOf !== undefined, '--extras-of is only for --of deposits, charges or transfers.')
  refuseIf(bookMissing === true && flags.accountColumn === undefined, '--book-missing needs --account-column.')
  refuseIf(
    bookMissing === true && of === 'transfers' && flags.counterpartyColumn === undefined,
    '--book-missing of transfers needs --counterparty-column.',
  )
}

function shapeOf(file: string, flags: ReconcileFlags): ListShape {
  const byName = /\.(csv|ndjson|jsonl)$/i.exec(file)?.[1]?.toLowerCase()
  const format = flags.format ?? (byName === 'jsonl' ? 'ndjson' : (byName as ListFormat | undefined))
  if (format === undefined)
    throw new SettingError('The file name does not show the format. Add --format csv or --format ndjson.')
  const words = new Map<string, OtherState>()
  for (const state of ['done', 'failed', 'pending'] as const) {
    for (const word of flags[state]) {
      if (words.has(word))
        throw new SettingError(`The status "${word}" is given more than once in --done, --failed and --pending.`)
      words.set(word, state)
    }
  }
  const { idColumn, amountColumn, statusColumn, accountColumn, counterpartyColumn, assetColumn } = flags
  return {
    format,
    delimiter: flags.delimiter ?? null,
    idColumn,
    amountColumn,
    statusColumn: statusColumn ?? STATUS_COLUMN,
    isStatusNeeded: statusColumn !== undefined,
    words,
    accountColumn: accountColumn ?? null,
    counterpartyColumn: counterpartyColumn ?? null,
    assetColumn: assetColumn ?? null,
  }
}

function optionsOf({ rows, since, until, releaseUnknown, releasePercentMax }: ReconcileFlags): ReconcileOptions {
  return {
    rowsCount: rows ?? null,
    since: instantIn(since, '/since'),
    until: instantIn(until, '/until'),
    needsProof: releaseUnknown !== undefined,
    releasePercentMax,
  }
}

/** @throws SettingError */
function requireFile(file: string): void {
  let isThere: boolean
  try {
    isThere = statSync(file, { throwIfNoEntry: false }) !== undefined
  } catch (error) {
    throw new SettingError(`The file cannot be read: ${(error as Error).message}`)
  }
  if (!isThere) throw new SettingError(`There is no file "${file}".`)
}

/** Whether the user confirms the planned changes. */
async function isAgreed(flags: ReconcileFlags, { plannedCount, obstacle }: ReconcileSummary): Promise<boolean> {
  const warn = (text: string): void => void process.stderr.write(`${text}\n`)
  if (obstacle !== null) warn(`Nothing was changed: ${obstacle}.`)
  if (obstacle !== null || plannedCount === 0) return false
  if (flags.yes === true) return true
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    warn('Nothing was changed. To make these changes, add --yes.')
    return false
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test(await terminal.question(`Make these ${plannedCount} changes? [y/N] `))
  } finally {
    terminal.close()
  }
}

interface Outlets {
  readonly print: (line: object) => void
  readonly say: (text: string) => void
  readonly showFixes: boolean
}

function listenerOf({ print, say, showFixes }: Outlets): ReconcileListener {
  return {
    finding(finding) {
      const { fix, ...found } = finding
      print({ type: 'finding', ...found, remedy: fix })
      say(findingText(finding, showFixes))
    },
    unreadable({ line, problem }) {
      print({ type: 'unreadable', line, problem })
      say(`${styled('red', 'unreadable')} line ${line}: ${visible(problem)}`)
    },
  }
}

function findingText({ code, requestId, line, message, fix }: Finding, showFixes: boolean): string {
  const place = line === null ? '' : ` (line ${line})`
  const change = showFixes && fix !== null ? ` → ${fixText(fix)}` : ''
  return `${styled('red', code)} ${requestId}${place}: ${visible(message)}${change}`
}

function fixText(fix: Fix): string {
  switch (fix.kind) {
    case 'release':
      return `release ${fix.hold}`
    case 'settle':
      return `settle ${fix.hold} ${fix.amount}${fix.overage === 'reject' ? '' : ` --overage ${fix.overage}`}`
    case 'deposit':
      return `deposit ${fix.account} ${fix.amount} ${fix.asset}`
    case 'charge':
      return `charge ${fix.account} ${fix.amount} ${fix.asset}${fix.payee === undefined ? '' : ` to ${fix.payee}`}`
    case 'transfer':
      return fix.legs.map(({ from, to, asset, amount }) => `transfer ${from} ${to}=${amount} ${asset}`).join(', ')
  }
}

const PROOFS = {
  end_row: 'as the end row says',
  stated_rows: 'as --rows says',
  none: 'without an end row or --rows, so the list may be truncated',
} as const

function summaryView(summary: ReconcileSummary): string {
  const { rowsCount, proof, agreedCount, unreadableCount, plannedCount, totals, obstacle } = summary
  const fields = fieldTable([
    ['rows', `${rowsCount}; ${PROOFS[proof ?? 'none']}`],
    ['agree', agreedCount],
    ['unreadable', unreadableCount === 0 ? null : unreadableCount],
    ['planned changes', plannedCount === 0 ? null : plannedCount],
    ['stopped', obstacle],
  ])
  if (totals.length === 0) return fields
  const rows = totals.map(({ code, asset, count, theirs, ours }) => [code, asset ?? '', count, theirs, ours])
  return `\n${fields}\n\n${listTable(['found', 'asset', 'count', 'external', 'ledger'], rows)}`
}
