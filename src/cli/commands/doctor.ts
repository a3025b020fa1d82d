/** `doctor`: what an expert would look at in a database, with the remedy for each finding. It changes nothing. */
import { setTimeout as sleep } from 'node:timers/promises'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { readSetting, withoutPassword } from '../../config.ts'
import type { Finding, Severity } from '../../doctor/finding.ts'
import { readWholeNumber } from '../arguments.ts'
import { changesView, findingsView } from '../doctor-views.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { printJsonLine } from '../json-lines.ts'
import { jsonOption, print, settingOption } from '../target.ts'

interface DoctorFlags {
  readonly store?: string
  readonly json?: boolean
  readonly watch?: number | true
}

const WATCH_SECONDS_DEFAULT = 5
const WATCH_SECONDS_MAX = 3_600

const EXIT_CODES: Readonly<Record<Severity, ExitCode>> = {
  broken: EXIT.broken,
  risk: EXIT.refused,
  advice: EXIT.ok,
  fine: EXIT.ok,
}

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description(
      'Examines a database as an expert would, and prints the remedy for each finding: settings, lock waits, the last deadlock, ' +
        'tables, rights, replicas, room. Changes nothing, and needs no more rights than the service; what it cannot see is a finding. ' +
        'Exits 1 for a risk and 4 if something is broken.',
    )
    .addOption(settingOption('store'))
    .addOption(jsonOption())
    .addOption(
      new Option(
        '--watch [seconds]',
        `examine again and again, and print what is new and what is gone, until Ctrl-C (default: every ${WATCH_SECONDS_DEFAULT}); with --json one line each`,
      ).argParser(readSeconds),
    )
    .action(async (flags: DoctorFlags) => {
      const store = readSetting('store', flags, process.env)
      const { examine } = await import('../../doctor/examine.ts')
      const look = async (): Promise<readonly Finding[]> => await examine(store)
      const findings = flags.watch === undefined ? await showOnce(store, flags, look) : await watch(store, flags, look)
      process.exitCode = EXIT_CODES[worstOf(findings)]
    })
}

/** The worst come first. */
function worstOf(findings: readonly Finding[]): Severity {
  return findings[0]?.severity ?? 'fine'
}

type Look = () => Promise<readonly Finding[]>

async function showOnce(store: string, flags: DoctorFlags, look: Look): Promise<readonly Finding[]> {
  const findings = await look()
  const shown = withoutPassword(store)
  print(flags, { wire: { store: shown, worst: worstOf(findings), findings }, view: findingsView(shown, findings) })
  return findings
}

/** Resolves with the last findings when the process is interrupted. */
async function watch(store: string, flags: DoctorFlags, look: Look): Promise<readonly Finding[]> {
  const { findingsMissingIn } = await import('../../doctor/finding.ts')
  const seconds = typeof flags.watch === 'number' ? flags.watch : WATCH_SECONDS_DEFAULT
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  process.once('SIGTERM', () => stop.abort())
  const shown = withoutPassword(store)
  let findings = await look()
  if (flags.json === true) printJsonLine({ at: now(), store: shown, worst: worstOf(findings), findings })
  else process.stdout.write(`${findingsView(shown, findings)}\n`)
  while (!stop.signal.aborted) {
    await sleep(seconds * 1_000, undefined, { signal: stop.signal }).catch(() => undefined)
    if (stop.signal.aborted) break
    const before = findings
    findings = await look()
    const changes = { appeared: findingsMissingIn(findings, before), gone: findingsMissingIn(before, findings) }
    if (changes.appeared.length + changes.gone.length === 0) continue
    if (flags.json === true) printJsonLine({ at: now(), worst: worstOf(findings), ...changes })
    else process.stdout.write(`\n${changesView(now(), changes)}\n`)
  }
  return findings
}

function now(): string {
  return new Date().toISOString()
}

function readSeconds(text: string): number {
  const seconds = readWholeNumber(text)
  if (seconds >= 1 && seconds <= WATCH_SECONDS_MAX) return seconds
  throw new InvalidArgumentError(`Write a number of seconds from 1 to ${WATCH_SECONDS_MAX}.`)
}
