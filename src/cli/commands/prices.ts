/** Prices of model calls: `prices import`, `prices diff`, `prices check`, `prices bill`. */
import { existsSync, writeFileSync } from 'node:fs'
import { Option, type Command } from 'commander'
import { LedgerError } from '../../api/error.ts'
import { SettingError } from '../../config.ts'
import { changeOf, type Entry } from '../../domain/journal.ts'
import { DEFAULT_ASSET, type Instant } from '../../domain/ids.ts'
import { recomputeBill } from '../../prices/bill.ts'
import { findingsOf } from '../../prices/price-check.ts'
import { diffOf } from '../../prices/price-diff.ts'
import { IMPORT_FORMATS, readBookFiles, readModelsFile, readTableFile, type ImportFormat } from '../price-files.ts'
import {
  FAVOURS,
  modelName,
  priceTableText,
  readPriceTable,
  type Favour,
  type ModelPrices,
} from '../../prices/price-table.ts'
import { readInstant } from '../arguments.ts'
import { EXIT } from '../exit-codes.ts'
import { fieldTable, listTable } from '../tables.ts'
import { addLedgerCommand, jsonOption, openTarget, print, type TargetFlags } from '../target.ts'
import { visible } from '../visible.ts'

interface ImportFlags {
  readonly format?: ImportFormat
  // `--version` alone is that of the program.
  readonly named: string
  readonly validFrom: Instant
  readonly asset: string
  readonly coinsPerUnit: string
  readonly markupPercent: string
  readonly favour: Favour
  readonly only?: readonly string[]
  readonly output?: string
}

interface JsonFlags {
  readonly json?: boolean
}

export function addPriceCommands(program: Command): void {
  const prices = program
    .command('prices')
    .description('Makes, compares and checks the files with the prices of model calls. They need no ledger.')
  addImport(prices)
  prices
    .command('diff')
    .description('Shows what differs between two versions of the prices.')
    .argument('<before>', 'file of a version')
    .argument('<after>', 'file of a later version')
    .addOption(jsonOption())
    .action((before: string, after: string, flags: JsonFlags) => {
      const changes = diffOf(readTableFile(before), readTableFile(after))
      const rows = changes.map(({ model, field, before: old, after: now, changePercent }) => [
        visible(model ?? '(all)'),
        field,
        old ?? '-',
        now ?? '-',
        changePercent === null ? '' : `${changePercent} %`,
      ])
      const view =
        rows.length === 0 ? 'Nothing differs.' : listTable(['model', 'price', 'before', 'after', 'change'], rows)
      print(flags, { wire: { changes }, view })
    })
  prices
    .command('check')
    .description(
      'Reads all versions of the prices together, as a program does, and reports what looks wrong. Exits 1 for a finding.',
    )
    .argument('<file...>', 'the files of all versions')
    .addOption(jsonOption())
    .action((files: readonly string[], flags: JsonFlags) => check(files, flags))
  addBill(prices)
}

function addImport(prices: Command): void {
  prices
    .command('import')
    .description(
      'Makes a new version of the prices from CSV, from JSON, or from the published list of models.dev or LiteLLM, and prints it. A version ' +
        'is never changed: an existing file is not overwritten.',
    )
    .argument('<file>', 'CSV with the columns provider, model, input, output, …; or JSON')
    .addOption(
      new Option('--format <format>', 'what the file is (default: from its name and content)').choices(IMPORT_FORMATS),
    )
    .requiredOption('--named <version>', 'the name of the new version, such as 2030-01')
    .addOption(
      new Option('--valid-from <instant>', 'when it comes into force').argParser(readInstant).makeOptionMandatory(),
    )
    .requiredOption('--coins-per-unit <number>', 'minor units for one unit of the currency of the prices')
    .option('--markup-percent <number>', 'added to all prices', '0')
    .addOption(new Option('--favour <who>', 'who gains by the rounding of a bill').choices(FAVOURS).default('user'))
    .option('--asset <code>', 'asset that is charged', DEFAULT_ASSET)
    .option('--only <prefix...>', 'only models whose provider/model begins with one of these')
    .option('--output <file>', 'write the version into this file')
    .action((file: string, flags: ImportFlags) => importPrices(file, flags))
}

function importPrices(file: string, flags: ImportFlags): void {
  const { named: version, validFrom, asset, coinsPerUnit, markupPercent, favour, output } = flags
  const { format, models: all, omitted } = readModelsFile(file, flags.format)
  const models = all.filter((each) => isWanted(each, flags.only))
  const table = readPriceTable(
    { version, validFrom, asset, coinsPerUnit, markupPercent, favour, models: models.toSorted(byName) },
    file,
  )
  const text = priceTableText(table)
  const wanted = omitted.filter(
    ({ name }) => flags.only === undefined || flags.only.some((prefix) => name.startsWith(prefix)),
  )
  for (const { name, reason } of wanted) process.stderr.write(`left out ${visible(name)}: ${visible(reason)}\n`)
  process.stderr.write(`${table.models.length} models from ${format}, ${wanted.length} left out.\n`)
  if (output === undefined) {
    process.stdout.write(text)
    return
  }
  if (existsSync(output))
    throw new SettingError(`${output} exists. A version is never changed: give the new one another file.`)
  writeFileSync(output, text, { flag: 'wx' })
}

function isWanted(model: ModelPrices, only: readonly string[] | undefined): boolean {
  return only === undefined || only.some((prefix) => modelName(model).startsWith(prefix))
}

function byName(left: ModelPrices, right: ModelPrices): number {
  return modelName(left) < modelName(right) ? -1 : 1
}

function check(files: readonly string[], flags: JsonFlags): void {
  const now = Date.now()
  const book = readBookFiles(files)
  const inForce = book.at(now)
  const versions = book.versions.map((version) => ({
    version: version.table.version,
    validFrom: new Date(version.table.validFrom).toISOString(),
    inForce: version === inForce,
    models: version.table.models.length,
    digest: version.digest,
  }))
  const findings = findingsOf(book, now)
  const head = ['version', 'valid from', '', 'models', 'checksum']
  const rows = versions.map(({ version, validFrom, inForce: isNow, models, digest }) => [
    version,
    validFrom,
    isNow ? 'in force' : '',
    models,
    digest,
  ])
  const said = findings.map(
    ({ version, model, finding }) => `${version}${model === null ? '' : ` ${visible(model)}`}: ${finding}`,
  )
  const verdict = said.length === 0 ? 'Nothing looks wrong.' : said.join('\n')
  print(flags, { wire: { versions, findings }, view: `${listTable(head, rows)}\n\n${verdict}` })
  if (findings.length > 0) process.exitCode = EXIT.refused
}

function addBill(prices: Command): void {
  addLedgerCommand(
    prices,
    'bill',
    'Computes the bill of an entry again, from the usage and the version in its metadata. Exits 1 if it comes to another amount.',
  )
    .argument('<entry>', 'the id of the entry, such as call-1:bill')
    .argument('<file...>', 'the files of all versions of the prices')
    .action(async (id: string, files: readonly string[], flags: TargetFlags) => {
      const book = readBookFiles(files)
      await using ledger = await openTarget(flags, 'read')
      const entry = await ledger.entry(id)
      const [computed, charged] = [recomputeBill(book, entry.metadata), chargedIn(entry)]
      const fields = Object.entries(entry.metadata ?? {}).map(([name, value]) => [name, String(value)] as const)
      const figures = [...fields, ['computed', computed], ['charged', charged]] as const
      const verdict =
        computed === charged ? 'The bill is right.' : `The bill is ${computed}, but ${charged} were charged.`
      const wire = { entry: id, computed: `${computed}`, charged: `${charged}`, metadata: entry.metadata }
      print(flags, { wire, view: `${fieldTable(figures)}\n\n${verdict}` })
      if (computed !== charged) process.exitCode = EXIT.refused
    })
}

/** What the holder lost in the entry. */
function chargedIn({ id, hold, postings }: Entry): bigint {
  const posting = postings.find((each) => changeOf(each) < 0n)
  if (hold === null || posting === undefined) {
    throw LedgerError.invalidParameter('entry', `The entry "${id}" settles nothing of a hold.`)
  }
  return -changeOf(posting)
}
