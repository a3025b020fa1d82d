/** `import`: imports the users of an old system. */
import { Option, type Command } from 'commander'
import type { Breach, Opening } from '../../import/examination.ts'
import type { Arrival } from '../../import/importer.ts'
import type { ImportListener, ImportSummary } from '../../import/import-run.ts'
import { checkMapping, MAPPING_DEFAULT, type BalanceMeaning, type Mapping } from '../../import/mapping.ts'
import type { StatusCount } from '../../import/old-rows.ts'
import { readDurationMs, readWholeNumber } from '../arguments.ts'
import { EXIT } from '../exit-codes.ts'
import { printJsonLine } from '../json-lines.ts'
import { Progress } from '../progress.ts'
import { fieldTable, styled } from '../tables.ts'
import { visible } from '../visible.ts'
import { addLedgerCommand, jsonLinesOption, openTarget, type TargetFlags } from '../target.ts'

interface ImportFlags extends TargetFlags {
  readonly dryRun?: true
  readonly verify?: true
  readonly follow?: true
  readonly usersTable: string
  readonly userKey: string
  readonly balanceColumn: string
  readonly frozenColumn: string
  readonly balanceMeans: BalanceMeaning
  readonly freezesTable: string
  readonly freezeKey: string
  readonly requestColumn: string
  readonly freezeUserColumn: string
  readonly amountColumn: string
  readonly statusColumn: string
  readonly openStatus?: readonly string[]
  readonly account: string
  readonly asset: string
  readonly scale: number
  readonly prefix: string
  readonly holdExpiresIn: number
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
    .argument('<url>', 'the old database: mysql://…, mariadb://… or postgres://…')
    .option('--dry-run', 'write nothing; with --verify, only compare')
    .option('--verify', 'compare every user with the ledger after the import')
    .option(
      '--follow',
      'correct accounts that only imports have moved, so that they match the old system (default: list differences)',
    )
  for (const option of mappingOptions()) command.addOption(option)
  command.action(async (url: string, flags: ImportFlags) => {
    const mapping = checkMapping(mappingOf(flags))
    const { openSource } = await import('../../import/open.ts')
    const { runImport } = await import('../../import/import-run.ts')
    const { dryRun = false, verify = false, follow = false } = flags
    await using source = await openSource(url, mapping)
    // A dry run without --verify needs no ledger.
    const isLedgerNeeded = !dryRun || verify
    await using ledger = isLedgerNeeded ? await openTarget(flags, dryRun ? 'read' : 'write') : null
    const printer = flags.json === true ? new LinePrinter() : new TextPrinter(dryRun)
    try {
      const options = { dryRun, verify, follow }
      const summary = await runImport({ source, ledger, mapping, options, listener: printer })
      printer.end(summary)
      if (summary.breachesCount > 0 || summary.users.different > 0) process.exitCode = EXIT.refused
    } finally {
      printer.clear()
    }
  })
}

function mappingOptions(): readonly Option[] {
  const { users, freezes, openStatuses, balanceMeans, account, asset, scale, prefix } = MAPPING_DEFAULT
  const named = (flags: string, meaning: string, fallback: string): Option =>
    new Option(flags, meaning).default(fallback, fallback)
  return [
    named('--users-table <table>', 'table of users, optionally with its schema: shop.users', users.table),
    named('--user-key <column>', 'unique key of a user', users.key),
    named('--balance-column <column>', 'balance of a user', users.balance),
    named('--frozen-column <column>', 'coins in the open freezes of a user', users.frozen),
    named(
      '--balance-means <what>',
      'whether the balance includes frozen coins (total) or not (available)',
      balanceMeans,
    ).choices(['total', 'available']),
    named('--freezes-table <table>', 'table of freezes', freezes.table),
    named('--freeze-key <column>', 'unique key of a freeze', freezes.key),
    named('--request-column <column>', 'request id of a freeze; it becomes the id of the hold', freezes.requestId),
    named('--freeze-user-column <column>', 'key of the user of a freeze', freezes.user),
    named('--amount-column <column>', 'amount of a freeze', freezes.amount),
    named('--status-column <column>', 'status of a freeze', freezes.status),
    new Option('--open-status <value...>', `statuses of open freezes (default: ${openStatuses.join(' ')})`),
    named('--account <template>', 'account name; {id} is the key of the user', account),
    named('--asset <code>', 'asset', asset),
    new Option('--scale <digits>', 'decimal places of the old amounts: with 2, 1.50 becomes 150 minor units')
      .argParser(readWholeNumber)
      .default(scale, String(scale)),
    named('--prefix <text>', 'prefix of the request ids of the import; use one per old system', prefix),
    new Option('--hold-expires-in <duration>', 'lifetime of the holds: 90s, 10m, 2h, 1d')
      .argParser(readDurationMs)
      .default(MAPPING_DEFAULT.holdExpiresInMs, '7d'),
  ]
}

function mappingOf(flags: ImportFlags): Mapping {
  return {
    users: {
      table: flags.usersTable,
      key: flags.userKey,
      balance: flags.balanceColumn,
      frozen: flags.frozenColumn,
    },
    freezes: {
      table: flags.freezesTable,
      key: flags.freezeKey,
      requestId: flags.requestColumn,
      user: flags.freezeUserColumn,
      amount: flags.amountColumn,
      status: flags.statusColumn,
    },
    openStatuses: flags.openStatus ?? MAPPING_DEFAULT.openStatuses,
    balanceMeans: flags.balanceMeans,
    account: flags.account,
    asset: flags.asset,
    scale: flags.scale,
    prefix: flags.prefix,
    holdExpiresInMs: flags.holdExpiresIn,
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

  user(opening: Opening, arrival: Arrival | null): void {
    if (arrival?.kind === 'different') {
      for (const message of arrival.messages) this.#print(`${styled('red', 'different')} ${visible(message)}`)
    }
    if (arrival === null && opening.total > 0n && this.#plansLeft-- > 0) this.#print(planText(opening))
  }

  progress(usersCount: number): void {
    this.#progress.step(usersCount)
    this.#progress.begin('users')
  }

  end({ usersCount, users, breachesCount, coins, held, holdsCount }: ImportSummary): void {
    if (this.#plansLeft < 0) this.#print(`… and ${-this.#plansLeft} more users`)
    const unlessZero = (count: number): number | null => (count === 0 ? null : count)
    const fields = fieldTable([
      ['users', usersCount],
      [this.#dryRun ? 'would be imported' : 'imported', this.#dryRun ? unlessZero(users.planned) : users.imported],
      ['unchanged', unlessZero(users.unchanged)],
      ['corrected', unlessZero(users.corrected)],
      ['different', unlessZero(users.different)],
      ['not imported', unlessZero(users.broken)],
      ['invalid rows', unlessZero(breachesCount)],
      ['coins', coins],
      ['coins held', held],
      ['open freezes', holdsCount],
    ])
    this.#print(`\n${fields}`)
  }

  clear(): void {
    this.#progress.end()
  }

  #print(text: string): void {
    this.#progress.end()
    process.stdout.write(`${text}\n`)
  }
}

function planText({ account, total, holds }: Opening): string {
  return [
    `deposit ${account} ${total}`,
    ...holds.map(({ requestId, amount }) => `freeze ${account} ${amount} as ${requestId}`),
  ].join('\n')
}

/** One JSON line per finding. The last line is the summary. */
class LinePrinter implements Printer {
  begin(usersCount: number, statuses: readonly StatusCount[]): void {
    printJsonLine({ type: 'begin', usersCount, statuses })
  }

  breach(breach: Breach): void {
    printJsonLine({ type: 'breach', ...breach })
  }

  user({ account, user, total, held, holds }: Opening, arrival: Arrival | null): void {
    const opening = { account, user, total, held, holds }
    if (arrival === null) printJsonLine({ type: 'plan', ...opening })
    else if (arrival.kind === 'different') printJsonLine({ type: 'different', ...opening, messages: arrival.messages })
  }

  progress(): void {}

  end(summary: ImportSummary): void {
    printJsonLine({ type: 'summary', ...summary })
  }

  clear(): void {}
}
