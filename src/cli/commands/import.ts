/** `import`: imports the users of an old system. */
import type { Command } from 'commander'
import type { Ledger } from '../../api/ledger.ts'
import type { Breach, Opening } from '../../import/examination.ts'
import type { Arrival } from '../../import/importer.ts'
import type { ImportListener, ImportSummary } from '../../import/import-run.ts'
import { checkMapping } from '../../import/mapping.ts'
import type { StatusCount } from '../../import/old-rows.ts'
import { EXIT } from '../exit-codes.ts'
import { mappingOf, mappingOptions, type MappingFlags } from '../import-options.ts'
import { printJsonLine } from '../json-lines.ts'
import { Progress } from '../progress.ts'
import { fieldTable, listTable, styled } from '../tables.ts'
import { visible } from '../visible.ts'
import { addLedgerCommand, jsonLinesOption, openTarget, type TargetFlags } from '../target.ts'

interface ImportFlags extends TargetFlags, MappingFlags {
  readonly dryRun?: true
  readonly verify?: true
  readonly follow?: true
  readonly users?: string
}

export function addImportCommand(program: Command): void {
  const command = addLedgerCommand(
    program,
    'import',
    'Imports the users of an old system: balances as deposits, open freezes as holds. Reads the old database as of one ' +
      'instant and changes nothing in it. A second run continues where the first was stopped, and lists users that have changed ' +
      'since. Exits 1 if a row is invalid or a user differs.',
    jsonLinesOption(),
  )
    .argument('<url>', 'the old database: mysql://…, mariadb://…, postgres://… or sqlite:FILE')
    .option('--dry-run', 'write nothing, and say what would be done; with --verify, exit 1 if anything would be done')
    .option('--verify', 'compare every user with the ledger after the import')
    .option(
      '--follow',
      'correct accounts that only imports have moved, so that they match the old system (default: list differences)',
    )
    .option('--users <file>', 'import only the users whose keys are in this file, one per line')
  for (const option of mappingOptions()) command.addOption(option)
  command.action(async (url: string, flags: ImportFlags) => {
    const mapping = checkMapping(mappingOf(flags))
    const { openSource } = await import('../../import/open.ts')
    const { runImport } = await import('../../import/import-run.ts')
    const { readChosenUsers } = await import('../../import/chosen-users.ts')
    const { dryRun = false, verify = false, follow = false, users } = flags
    const chosen = users === undefined ? null : readChosenUsers(users)
    await using source = await openSource(url, mapping)
    await using ledger = dryRun ? await openForReading(flags) : await openTarget(flags, 'write')
    const printer = flags.json === true ? new LinePrinter(dryRun) : new TextPrinter(dryRun)
    try {
      const options = { dryRun, verify, follow }
      const summary = await runImport({ source, ledger, mapping, chosen, options, listener: printer })
      printer.end(summary)
      const { imported, corrected, different } = summary.users
      const isUnlike = different > 0 || (dryRun && verify && imported + corrected > 0)
      if (summary.breachesCount > 0 || isUnlike) process.exitCode = EXIT.refused
    } finally {
      printer.clear()
    }
  })
}

/** A dry run makes no ledger. One that does not exist yet is an empty one. */
async function openForReading(flags: TargetFlags): Promise<Ledger> {
  try {
    return await openTarget(flags, 'read')
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'MigrationError') throw error
    process.stderr.write(
      `There is no ledger yet, so the dry run takes it for an empty one: ${visible(error.message)}\n`,
    )
    return await openTarget({ store: 'memory:' }, 'write')
  }
}

interface Printer extends ImportListener {
  end(summary: ImportSummary): void
  /** Removes the progress bar. */
  clear(): void
}

/** The number of users whose commands a dry run shows. The others are counted. */
const PLANS_SHOWN_MAX = 20

class TextPrinter implements Printer {
  readonly #dryRun: boolean
  #progress = new Progress(0)
  #plansLeft = PLANS_SHOWN_MAX

  constructor(dryRun: boolean) {
    this.#dryRun = dryRun
  }

  begin(usersCount: number, statuses: readonly StatusCount[]): void {
    const counts = statuses.map(({ status, count }) => `${visible(status ?? 'NULL')} ${count}`)
    this.#print(`${usersCount} users; freezes by status: ${counts.join(', ') || 'none'}.`)
    this.#progress = new Progress(usersCount)
    this.#progress.begin('users')
  }

  breach({ table, row, code, message }: Breach): void {
    this.#print(
      `${styled('red', code)} ${table}${row === null ? '' : ` ${visible(JSON.stringify(row))}`}: ${visible(message)}`,
    )
  }

  user(opening: Opening, arrival: Arrival): void {
    if (arrival.kind === 'different') {
      for (const message of arrival.messages) this.#print(`${styled('red', 'different')} ${visible(message)}`)
    }
    const isPlan = this.#dryRun && (arrival.kind === 'imported' || arrival.kind === 'corrected')
    if (isPlan && this.#plansLeft-- > 0) this.#print(planText(opening, arrival.kind))
  }

  progress(usersCount: number): void {
    this.#progress.step(usersCount)
    this.#progress.begin('users')
  }

  end({ usersCount, users, breachesCount, assets }: ImportSummary): void {
    if (this.#plansLeft < 0) this.#print(`… and ${-this.#plansLeft} more users`)
    const unlessZero = (count: number): number | null => (count === 0 ? null : count)
    const would = this.#dryRun ? 'would be ' : ''
    const fields = fieldTable([
      ['users', usersCount],
      [`${would}imported`, users.imported],
      ['unchanged', unlessZero(users.unchanged)],
      [`${would}corrected`, unlessZero(users.corrected)],
      ['different', unlessZero(users.different)],
      ['not imported', unlessZero(users.broken)],
      ['invalid rows', unlessZero(breachesCount)],
    ])
    const rows = Object.entries(assets).map(([asset, { coins, held, holdsCount }]) => [asset, coins, held, holdsCount])
    this.#print(`\n${fields}\n\n${listTable(['asset', 'coins', 'held', 'open freezes'], rows)}`)
  }

  clear(): void {
    this.#progress.end()
  }

  #print(text: string): void {
    this.#progress.end()
    process.stdout.write(`${text}\n`)
  }
}

function planText({ account, asset, total, holds, floor }: Opening, kind: Arrival['kind']): string {
  if (kind === 'corrected') return `correct ${account} to ${total} ${asset}`
  return [
    ...(floor < 0n ? [`open ${account} --floor ${floor} --asset ${asset}`] : []),
    ...(total === 0n
      ? []
      : [`${total > 0n ? 'deposit' : 'charge'} ${account} ${total > 0n ? total : -total} ${asset}`]),
    ...holds.map(({ requestId, amount }) => `freeze ${account} ${amount} ${asset} as ${requestId}`),
  ].join('\n')
}

/** One JSON line per finding. The last line is the summary. */
class LinePrinter implements Printer {
  readonly #dryRun: boolean

  constructor(dryRun: boolean) {
    this.#dryRun = dryRun
  }

  begin(usersCount: number, statuses: readonly StatusCount[]): void {
    printJsonLine({ type: 'begin', usersCount, statuses })
  }

  breach(breach: Breach): void {
    printJsonLine({ type: 'breach', ...breach })
  }

  user(opening: Opening, arrival: Arrival): void {
    if (arrival.kind === 'different') printJsonLine({ type: 'different', ...opening, messages: arrival.messages })
    else if (this.#dryRun && arrival.kind !== 'unchanged')
      printJsonLine({ type: 'plan', ...opening, result: arrival.kind })
  }

  progress(): void {}

  end(summary: ImportSummary): void {
    printJsonLine({ type: 'summary', ...summary })
  }

  clear(): void {}
}
