/** `reconcile`: compares what another system says was done with the ledger's holds. */
import { createInterface } from 'node:readline/promises'
import { statSync, type Stats } from 'node:fs'
import { Option, type Command } from 'commander'
import { instantIn } from '../../api/input.ts'
import { SettingError } from '../../config.ts'
import type { Overage } from '../../domain/command.ts'
import type { Finding, Remedy } from '../../reconcile/judgement.ts'
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
    "Compares another system's list of requests with the ledger's holds: what is missing, extra, unfinished or different. " +
      'Changes nothing without --fix. Exits 1 when something is left that does not agree.',
    jsonLinesOption(),
  )
    .argument('<file>', 'CSV with a head, or NDJSON: request ids, amounts in minor units, and perhaps statuses')
    .addOption(
      new Option('--format <format>', 'csv or ndjson (default: by the name of the file)').choices(['csv', 'ndjson']),
    )
    .option('--id-column <name>', 'the request id, which is the id of the hold', 'request_id')
    .option('--amount-column <name>', 'what it did cost', 'amount')
    .option('--status-column <name>', `what became of it (default: ${STATUS_COLUMN}; without one, all is done)`)
    .option('--done <word...>', 'statuses of what was done', ['done'])
    .option('--failed <word...>', 'statuses of what was not done and will not be', ['failed'])
    .option('--pending <word...>', 'statuses of what may still be done', ['pending'])
    .option('--since <instant>', 'holds created before are no extra ones; with it, settled holds are looked at as well')
    .option('--until <instant>', 'holds created after are no extra ones (default: when the file was last changed)')
    .option('--fix', 'settle open holds of what was done, release those of what failed; shown first, then asked for')
    .option('--yes', 'with --fix: do not ask')
    .addOption(
      new Option('--overage <what>', 'with --fix, for what was done at more than is held')
        .choices(['reject', 'cap', 'draw'])
        .default('reject'),
    )
    .option(
      '--release-unknown <age>',
      'with --fix: release open holds that the list does not have and that are older: 2h, 1d',
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
  const listener = listenerOf({ print, say, fix: flags.fix === true })
  const reconciliation = new Reconciliation(ledger, notebook, options, listener)
  const summary = await reconciliation.compare(file, shape)
  say(summaryView(summary))
  let fixedCount = 0
  if (flags.fix === true && (await isAgreed(flags, summary))) {
    fixedCount = await reconciliation.apply((remedy, error) => {
      say(`${styled('red', 'refused')} ${remedyText(remedy)}: ${visible(error.message)}`)
      print({ type: 'refused', ...remedy, code: error.code, message: error.message })
    })
    say(`${fixedCount} of ${summary.plannedCount} changes are made.`)
  }
  print({ type: 'summary', ...summary, fixedCount })
  if (summary.findingsCount + summary.unreadableCount > fixedCount) process.exitCode = EXIT.refused
}

function shapeOf(file: string, flags: ReconcileFlags): ListShape {
  const byName = /\.(csv|ndjson|jsonl)$/i.exec(file)?.[1]?.toLowerCase()
  const format = flags.format ?? (byName === 'jsonl' ? 'ndjson' : (byName as ListFormat | undefined))
  if (format === undefined) throw new SettingError('Say with --format whether the file is csv or ndjson.')
  const words = new Map<string, OtherState>()
  for (const state of ['done', 'failed', 'pending'] as const) {
    for (const word of flags[state]) {
      if (words.has(word)) throw new SettingError(`The status "${word}" cannot mean two things.`)
      words.set(word, state)
    }
  }
  const { idColumn, amountColumn, statusColumn } = flags
  const isStatusNeeded = statusColumn !== undefined
  return { format, idColumn, amountColumn, statusColumn: statusColumn ?? STATUS_COLUMN, isStatusNeeded, words }
}

function optionsOf(file: string, { since, until, overage, releaseUnknown }: ReconcileFlags): ReconcileOptions {
  // What was frozen after the list was written cannot be in it.
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
    throw new SettingError(`The file cannot be looked at: ${(error as Error).message}`)
  }
  if (found === undefined) throw new SettingError(`There is no file "${file}".`)
  return found.mtimeMs
}

/** Whether the plan may be carried out. */
async function isAgreed(flags: ReconcileFlags, { plannedCount, unreadableCount }: ReconcileSummary): Promise<boolean> {
  const tell = (text: string): void => void process.stderr.write(`${text}\n`)
  if (unreadableCount > 0) tell('Nothing is changed while the list has rows that cannot be read.')
  if (unreadableCount > 0 || plannedCount === 0) return false
  if (flags.yes === true) return true
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    tell('Nothing is changed. To make these changes, add --yes.')
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
  readonly fix: boolean
}

function listenerOf({ print, say, fix }: Outlets): ReconcileListener {
  return {
    finding(finding) {
      print({ type: 'finding', ...finding })
      say(findingText(finding, fix))
    },
    unreadable({ line, problem }) {
      print({ type: 'unreadable', line, problem })
      say(`${styled('red', 'unreadable')} line ${line}: ${visible(problem)}`)
    },
    progress() {},
  }
}

function findingText({ code, requestId, line, message, remedy }: Finding, fix: boolean): string {
  const place = line === null ? '' : ` (line ${line})`
  const change = fix && remedy !== null ? ` → ${remedyText(remedy)}` : ''
  return `${styled('red', code)} ${requestId}${place}: ${visible(message)}${change}`
}

function remedyText(remedy: Remedy): string {
  if (remedy.kind === 'release') return `release ${remedy.hold}`
  return `settle ${remedy.hold} ${remedy.amount}${remedy.overage === 'reject' ? '' : ` --overage ${remedy.overage}`}`
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
    ['rows', `${rowsCount}${isCounted ? ', as its end row says' : '; it has no end row, so it may be cut'}`],
    ['agree', agreedCount],
    ['unreadable', unreadableCount === 0 ? null : unreadableCount],
    ['changes that rules allow', plannedCount === 0 ? null : plannedCount],
  ])
  if (totals.length === 0) return fields
  const rows = totals.map(({ code, asset, count, theirs, ours }) => [code, asset ?? '', count, theirs, ours])
  return `\n${fields}\n\n${listTable(['found', 'asset', 'count', 'there', 'here'], rows)}`
}
