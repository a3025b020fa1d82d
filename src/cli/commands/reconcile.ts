/** `reconcile`: compares the list of an external system with the holds of the ledger. */
import { createInterface } from 'node:readline/promises'
import { statSync, type Stats } from 'node:fs'
import { Option, type Command } from 'commander'
import { instantIn } from '../../api/input.ts'
import { SettingError } from '../../config.ts'
import { OVERAGES, type Overage } from '../../domain/command.ts'
import type { Finding, Fix } from '../../reconcile/judgement.ts'
import type { ListFormat, ListShape, OtherState } from '../../reconcile/list.ts'
import type { ReconcileListener, ReconcileOptions, ReconcileSummary } from '../../reconcile/reconciliation.ts'
import { readDurationMs } from '../arguments.ts'
import { EXIT } from '../exit-codes.ts'
import { printJsonLine } from '../json-lines.ts'
import { fieldTable, listTable, styled } from '../tables.ts'
import { visible } from '../visible.ts'
import { addLedgerCommand, jsonLinesOption, openTarget, type TargetFlags } from '../target.ts'

interface ReconcileFlags extends TargetFlags {
  readonly format?: ListFormat
  readonly idColumn: string
  readonly amountColumn: string
  readonly statusColumn?: string
  readonly done: readonly string[]
  readonly failed: readonly string[]
  readonly pending: readonly string[]
  readonly since?: string
  readonly until?: string
  readonly overage: Overage
  readonly releaseUnknown?: number
  readonly fix?: true
  readonly yes?: true
}

const STATUS_COLUMN = 'status'

export function addReconcileCommand(program: Command): void {
  addLedgerCommand(
    program,
    'reconcile',
    'Compares the list of an external system with the holds of the ledger, and reports requests that are missing, extra, ' +
      'unfinished or different. Changes nothing without --fix. Exits 1 if a difference is left.',
    jsonLinesOption(),
  )
    .argument(
      '<file>',
      'CSV with a header row, or NDJSON: request ids, amounts in minor units, and optionally statuses',
    )
    .addOption(
      new Option('--format <format>', 'csv or ndjson (default: from the file name)').choices(['csv', 'ndjson']),
    )
    .option('--id-column <name>', 'request id, which is the id of the hold', 'request_id')
    .option('--amount-column <name>', 'actual cost', 'amount')
    .option(
      '--status-column <name>',
      `status (default: ${STATUS_COLUMN}; without this column, every row counts as done)`,
    )
    .option('--done <word...>', 'statuses of completed work', ['done'])
    .option('--failed <word...>', 'statuses of failed work', ['failed'])
    .option('--pending <word...>', 'statuses of unfinished work', ['pending'])
    .option(
      '--since <instant>',
      'ignore extra holds created before this instant; with it, settled holds are compared too',
    )
    .option(
      '--until <instant>',
      'ignore extra holds created after this instant (default: the modification time of the file)',
    )
    .option('--fix', 'settle open holds of completed work, release open holds of failed work; asks for confirmation')
    .option('--yes', 'with --fix: do not ask for confirmation')
    .addOption(
      new Option('--overage <what>', 'with --fix: the rule for completed work that cost more than is held')
        .choices(OVERAGES)
        .default('reject'),
    )
    .option(
      '--release-unknown <age>',
      'with --fix: release open holds that are not in the list and older than this: 2h, 1d',
      readDurationMs,
    )
    .action(async (file: string, flags: ReconcileFlags) => await reconcile(file, flags))
}

async function reconcile(file: string, flags: ReconcileFlags): Promise<void> {
  const shape = shapeOf(file, flags)
  const options = optionsOf(file, flags)
  const { Notebook } = await import('../../reconcile/notebook.ts')
  const { Reconciliation } = await import('../../reconcile/reconciliation.ts')
  using notebook = new Notebook()
  await using ledger = await openTarget(flags, 'read')
  const print = flags.json === true ? printJsonLine : () => undefined
  const say = flags.json === true ? () => undefined : (text: string): void => void process.stdout.write(`${text}\n`)
  const listener = listenerOf({ print, say, showFixes: flags.fix === true })
  const reconciliation = new Reconciliation(ledger, notebook, options, listener)
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
  const { idColumn, amountColumn, statusColumn } = flags
  const isStatusNeeded = statusColumn !== undefined
  return { format, idColumn, amountColumn, statusColumn: statusColumn ?? STATUS_COLUMN, isStatusNeeded, words }
}

function optionsOf(file: string, { since, until, overage, releaseUnknown }: ReconcileFlags): ReconcileOptions {
  // A hold that was created after the list was written cannot be in the list.
  const writtenAt = writtenAtOf(file)
  const now = Date.now()
  return {
    overage,
    since: instantIn(since, '/since'),
    until: instantIn(until, '/until') ?? Math.floor(writtenAt),
    releaseBefore: releaseUnknown === undefined ? null : now - releaseUnknown,
  }
}

/** @throws SettingError */
function writtenAtOf(file: string): number {
  let found: Stats | undefined
  try {
    found = statSync(file, { throwIfNoEntry: false })
  } catch (error) {
    throw new SettingError(`The file cannot be read: ${(error as Error).message}`)
  }
  if (found === undefined) throw new SettingError(`There is no file "${file}".`)
  return found.mtimeMs
}

/** Whether the user confirms the planned changes. */
async function isAgreed(flags: ReconcileFlags, { plannedCount, unreadableCount }: ReconcileSummary): Promise<boolean> {
  const warn = (text: string): void => void process.stderr.write(`${text}\n`)
  if (unreadableCount > 0) warn('Nothing was changed, because the list has unreadable rows.')
  if (unreadableCount > 0 || plannedCount === 0) return false
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
    progress() {},
  }
}

function findingText({ code, requestId, line, message, fix }: Finding, showFixes: boolean): string {
  const place = line === null ? '' : ` (line ${line})`
  const change = showFixes && fix !== null ? ` → ${fixText(fix)}` : ''
  return `${styled('red', code)} ${requestId}${place}: ${visible(message)}${change}`
}

function fixText(fix: Fix): string {
  if (fix.kind === 'release') return `release ${fix.hold}`
  return `settle ${fix.hold} ${fix.amount}${fix.overage === 'reject' ? '' : ` --overage ${fix.overage}`}`
}

function summaryView({
  rowsCount,
  isCounted,
  agreedCount,
  unreadableCount,
  plannedCount,
  totals,
}: ReconcileSummary): string {
  const fields = fieldTable([
    [
      'rows',
      `${rowsCount}${isCounted ? ', as the end row says' : '; without an end row, so the list may be truncated'}`,
    ],
    ['agree', agreedCount],
    ['unreadable', unreadableCount === 0 ? null : unreadableCount],
    ['planned changes', plannedCount === 0 ? null : plannedCount],
  ])
  if (totals.length === 0) return fields
  const rows = totals.map(({ code, asset, count, theirs, ours }) => [code, asset ?? '', count, theirs, ours])
  return `\n${fields}\n\n${listTable(['found', 'asset', 'count', 'external', 'ledger'], rows)}`
}
