/** The target of a command: a database that the process opens, or a service. Both are a `Ledger`. */
import { once } from 'node:events'
import { Option, type Command } from 'commander'
import type { Ledger } from '../api/ledger.ts'
import { CONFIG_VARIABLE, configWarnings, readSetting, SettingError, SETTINGS, type SettingName } from '../config.ts'
import { given } from './arguments.ts'
import { Scales } from './scales.ts'
import { spoken } from './speech.ts'
import { visible } from './visible.ts'

export interface TargetFlags {
  readonly store?: string
  readonly url?: string
  readonly key?: string
  readonly config?: string
  readonly json?: boolean
}

/** The output of a command: JSON as over HTTP with `--json`, in minor units, otherwise text. */
export interface Shown {
  readonly wire: object
  readonly view: string
}

/** The output of a command on a ledger. Its text has amounts in the decimal places of their assets. */
export interface Answered {
  readonly wire: object
  readonly view: (scales: Scales) => string
}

/** Reads the assets once, when the first amount is read or shown. */
type ReadScales = () => Promise<Scales>

/** A setting as an option. config.ts reads its variable and its default. */
export function settingOption(name: SettingName): Option {
  const { flag, meaning, fallback, variable } = SETTINGS[name]
  const standard = fallback === '' || fallback === 'false' ? '' : `default: ${fallback}, `
  return new Option(flag, `${meaning} (${standard}env: ${variable})`)
}

export function configOption(): Option {
  return new Option('--config <file>', `a file with settings, as lines NAME=VALUE (env: ${CONFIG_VARIABLE})`)
}

export function jsonOption(): Option {
  return new Option('--json', 'print one JSON document: the answer as over HTTP, or a problem')
}

/** For commands whose output may be larger than memory. */
export function jsonLinesOption(): Option {
  return new Option('--json', 'print one JSON line per finding and the summary as the last line, or a problem')
}

/** Adds a command that uses a ledger. */
export function addLedgerCommand(program: Command, usage: string, meaning: string, json = jsonOption()): Command {
  return program
    .command(usage)
    .description(meaning)
    .addOption(settingOption('store'))
    .addOption(settingOption('url'))
    .addOption(settingOption('key'))
    .addOption(configOption())
    .addOption(json)
}

/** Fewer attempts than by default, because a person is waiting. */
const ATTEMPTS_MAX = 3

/** Runs `action` on the ledger of the flags and prints the result. Only a write may create or migrate a database. */
export async function show(
  flags: TargetFlags,
  access: 'read' | 'write',
  action: (ledger: Ledger, scales: ReadScales) => Promise<Answered>,
): Promise<void> {
  await using ledger = await openTarget(flags, access)
  let reading: Promise<Scales> | null = null
  const scales: ReadScales = () => (reading ??= Scales.of(ledger))
  try {
    const { wire, view } = await action(ledger, scales)
    print(flags, { wire, view: flags.json === true ? '' : view(await scales()) })
  } catch (error) {
    throw flags.json === true ? error : await spoken(error, ledger, scales)
  }
}

/** Like `show`, for output that is printed while it is read, at the speed of stdout. */
export async function stream(flags: TargetFlags, action: (ledger: Ledger) => AsyncIterable<string>): Promise<void> {
  await using ledger = await openTarget(flags, 'read')
  for await (const text of action(ledger)) {
    if (!process.stdout.write(text)) await once(process.stdout, 'drain')
  }
}

export function print(flags: { readonly json?: boolean }, { wire, view }: Shown): void {
  process.stdout.write(`${flags.json === true ? JSON.stringify(wire) : view}\n`)
}

/** A ledger that is begun in the wrong folder looks like an empty one, so its place is said once. */
export function sayNewFile(newFile: string | null | undefined): void {
  if (newFile !== null && newFile !== undefined) process.stderr.write(`A new ledger was made in ${visible(newFile)}\n`)
}

/** The URL of the database. Warnings about where it comes from go to stderr. @throws SettingError */
export function readStore(flags: { readonly store?: string; readonly config?: string }): string {
  for (const warning of configWarnings(flags, process.env)) process.stderr.write(`${visible(warning)}\n`)
  return readSetting('store', flags, process.env)
}

/** Imports only the modules that are needed: with all modules, `holdfast --help` would take a second. */
export async function openTarget(flags: TargetFlags, access: 'read' | 'write'): Promise<Ledger> {
  if (flags.store !== undefined && flags.url !== undefined) {
    throw new SettingError('--store (a database) and --url (a service) are not possible together.')
  }
  const url = flags.store === undefined ? readSetting('url', flags, process.env) : ''
  if (url !== '') {
    const { connect } = await import('../client/index.ts')
    const key = readSetting('key', flags, process.env)
    return connect(url, { limits: { attemptsMax: ATTEMPTS_MAX }, ...(key === '' ? {} : { key }) })
  }
  const store = readStore(flags)
  const { openLedger } = await import('../ledger.ts')
  // Only long-running processes end due holds.
  const acceptRowsAhead = readSetting('acceptRowsAhead', given({ config: flags.config }), process.env)
  const migrate = access === 'read' ? { migrate: false } : {}
  const ledger = await openLedger(store, { sweep: false, reads: 'caller', acceptRowsAhead, ...migrate })
  sayNewFile(ledger.storage.newFile)
  for (const warning of ledger.storage.warnings) process.stderr.write(`${warning}\n`)
  return ledger
}
