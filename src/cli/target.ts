/** What the everyday commands work on: a database that they open themselves, or a service. Both are a `Ledger`. */
import { once } from 'node:events'
import { Option, type Command } from 'commander'
import type { Ledger } from '../api/ledger.ts'
import { readSetting, SettingError, SETTINGS, type SettingName } from '../config.ts'

export interface TargetFlags {
  readonly store?: string
  readonly url?: string
  readonly json?: boolean
}

/** What a command prints: the wire's JSON with `--json`, else the text. */
export interface Shown {
  readonly wire: object
  readonly view: string
}

/** A setting as an option; its variable and its default are read by config.ts. */
export function settingOption(name: SettingName): Option {
  const { flag, meaning, fallback, variable } = SETTINGS[name]
  const standard = fallback === '' || fallback === 'false' ? '' : `default: ${fallback}, `
  return new Option(flag, `${meaning} (${standard}env: ${variable})`)
}

export function jsonOption(): Option {
  return new Option('--json', 'print one JSON document: the answer as over HTTP, or the problem')
}

/** For commands whose findings may be more than fit into memory. */
export function jsonLinesOption(): Option {
  return new Option('--json', 'print one JSON line per finding, and the summary as the last; or the problem')
}

/** A command that works on a ledger. */
export function addLedgerCommand(program: Command, usage: string, meaning: string, json = jsonOption()): Command {
  return program
    .command(usage)
    .description(meaning)
    .addOption(settingOption('store'))
    .addOption(settingOption('url'))
    .addOption(json)
}

/** Impatient, because somebody sits before it. */
const ATTEMPTS_MAX = 3

/** Runs `action` on the ledger that the flags name and prints what it gives. Only a write may make or migrate a database. */
export async function show(
  flags: TargetFlags,
  access: 'read' | 'write',
  action: (ledger: Ledger) => Promise<Shown>,
): Promise<void> {
  await using ledger = await openTarget(flags, access)
  print(flags, await action(ledger))
}

/** As `show`, for what is printed while it is read: no faster than stdout takes it. */
export async function stream(flags: TargetFlags, action: (ledger: Ledger) => AsyncIterable<string>): Promise<void> {
  await using ledger = await openTarget(flags, 'read')
  for await (const text of action(ledger)) {
    if (!process.stdout.write(text)) await once(process.stdout, 'drain')
  }
}

export function print(flags: { readonly json?: boolean }, { wire, view }: Shown): void {
  process.stdout.write(`${flags.json === true ? JSON.stringify(wire) : view}\n`)
}

/** Loads only what it needs: with everything, `holdfast --help` would take a second. */
export async function openTarget(flags: TargetFlags, access: 'read' | 'write'): Promise<Ledger> {
  if (flags.store !== undefined && flags.url !== undefined) {
    throw new SettingError('Give --store (a database) or --url (a service), not both.')
  }
  const url = flags.store === undefined ? readSetting('url', flags, process.env) : ''
  if (url !== '') {
    const { connect } = await import('../client/index.ts')
    return connect(url, { limits: { attemptsMax: ATTEMPTS_MAX } })
  }
  const store = readSetting('store', flags, process.env)
  const { openLedger } = await import('../ledger.ts')
  // Ending what is due is for processes that stay.
  const acceptRowsAhead = readSetting('acceptRowsAhead', {}, process.env)
  const migrate = access === 'read' ? { migrate: false } : {}
  const ledger = await openLedger(store, { sweep: false, reads: 'caller', acceptRowsAhead, ...migrate })
  for (const warning of ledger.storage.warnings) process.stderr.write(`${warning}\n`)
  return ledger
}
