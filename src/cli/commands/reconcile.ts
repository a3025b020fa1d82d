/** `reconcile`: compares the list of an external system with the holds, deposits, charges, transfers or orders of the ledger. */
import { statSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import type { Ledger } from '../../api/ledger.ts'
import { SettingError } from '../../config.ts'
import type { Books } from '../../reconcile/books.ts'
import type { ListRow } from '../../reconcile/list.ts'
import { EXTRAS_OF, type MOVEMENT_KINDS } from '../../reconcile/movements.ts'
import type { ComparedRow, ListReader, ReconcileSummary } from '../../reconcile/reconciliation.ts'
import { EXIT } from '../exit-codes.ts'
import { printJsonLine } from '../json-lines.ts'
import {
  comparisonOptions,
  entryRulesOf,
  fixOptions,
  holdRulesOf,
  listOptions,
  optionsOf,
  orderOptions,
  orderRulesOf,
  orderShapeOf,
  requireFitting,
  shapeOf,
  statementsOf,
  type ReconcileFlags,
} from '../reconcile-options.ts'
import { fixText, listenerOf, summaryView } from '../reconcile-views.ts'
import { styled } from '../tables.ts'
import { visible } from '../visible.ts'
import { addLedgerCommand, jsonLinesOption, openTarget } from '../target.ts'

export function addReconcileCommand(program: Command): void {
  const command = addLedgerCommand(
    program,
    'reconcile',
    'Compares the list of an external system with the holds, deposits, charges or transfers of the ledger, and reports what is ' +
      'missing, extra, unfinished, half done or different. Changes nothing without --fix. Exits 1 if a difference is left.',
    jsonLinesOption(),
  ).argument(
    '<file>',
    'CSV with a header row, or NDJSON: request ids, amounts in minor units, and optionally statuses and accounts',
  )
  for (const option of [...listOptions(), ...orderOptions(), ...comparisonOptions(), ...fixOptions()]) {
    command.addOption(option)
  }
  command.action(async (file: string, flags: ReconcileFlags) => await reconcile(file, flags))
}

async function reconcile(file: string, flags: ReconcileFlags): Promise<void> {
  requireFile(file)
  requireFitting(flags)
  if (flags.of === 'orders') {
    const shape = orderShapeOf(file, flags)
    const rules = orderRulesOf(flags)
    const { readOrders } = await import('../../reconcile/order-list.ts')
    const { orderBooks } = await import('../../reconcile/books.ts')
    await compare(flags, {
      list: (end) => readOrders(file, shape, end),
      booksOf: (ledger) => orderBooks(ledger, rules, statementsOf(flags, [])),
    })
    return
  }
  const shape = shapeOf(file, flags)
  const { readList } = await import('../../reconcile/list.ts')
  const { HoldBooks, entryBooks } = await import('../../reconcile/books.ts')
  const booksOf = (ledger: Ledger): Books<ListRow> => {
    const { of } = flags
    if (of === 'holds') return new HoldBooks(ledger, holdRulesOf(flags))
    const rules = entryRulesOf(of as keyof typeof MOVEMENT_KINDS, flags)
    return entryBooks(ledger, rules, statementsOf(flags, EXTRAS_OF[rules.kind]))
  }
  await compare(flags, { list: (end) => readList(file, shape, end), booksOf })
}

interface Compared<Row> {
  readonly list: ListReader<Row>
  readonly booksOf: (ledger: Ledger) => Books<Row>
}

async function compare<Row extends ComparedRow>(
  flags: ReconcileFlags,
  { list, booksOf }: Compared<Row>,
): Promise<void> {
  const options = optionsOf(flags)
  const { Notebook } = await import('../../reconcile/notebook.ts')
  const { Reconciliation } = await import('../../reconcile/reconciliation.ts')
  using notebook = new Notebook<Row>()
  await using ledger = await openTarget(flags, 'read')
  const print = flags.json === true ? printJsonLine : () => undefined
  const say = flags.json === true ? () => undefined : (text: string): void => void process.stdout.write(`${text}\n`)
  const listener = listenerOf({ print, say, showFixes: flags.fix === true })
  const reconciliation = new Reconciliation({ ledger, books: booksOf(ledger), notebook, options, listener })
  const summary = await reconciliation.compare(list)
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
