/**
 * `verify`: checks the laws of docs/INVARIANTS.md on the rows of a database.
 *
 * Warnings about the settings of the database are printed too. They do not change the exit code, because they say nothing about the
 * rows: a restored copy can be verified on a server with other settings.
 */
import type { Command } from 'commander'
import { withoutPassword } from '../../config.ts'
import type { EmbeddedLedger } from '../../ledger.ts'
import { readMetricsFile, readWholeNumber } from '../arguments.ts'
import { EXIT } from '../exit-codes.ts'
import { Progress } from '../progress.ts'
import { fieldTable, listTable, styled } from '../tables.ts'
import { configOption, jsonOption, print, readStore, settingOption } from '../target.ts'

interface VerifyFlags {
  readonly store?: string
  readonly config?: string
  readonly rows: number
  readonly metrics?: string
  readonly json?: boolean
}

interface Finding {
  readonly id: string
  readonly title: string
  readonly ok: boolean
  /** The first rows that violate the law, at most `--rows`. */
  readonly violations: readonly Readonly<Record<string, string>>[]
}

const ROWS_DEFAULT = 10

export function addVerifyCommand(program: Command): void {
  program
    .command('verify')
    .description(
      'Checks every law on the rows of a database. Exits 1 if a law is broken. ' +
        'Warns about settings with which the database can lose rows; warnings do not change the exit code.',
    )
    .addOption(settingOption('store'))
    .addOption(configOption())
    .option('--rows <count>', 'number of rows to show per broken law', readWholeNumber, ROWS_DEFAULT)
    .option(
      '--metrics <file>',
      'also write the result to this file, *.prom, for the textfile collector of node_exporter',
      readMetricsFile,
    )
    .addOption(jsonOption())
    .action(async (flags: VerifyFlags) => {
      const file = flags.metrics === undefined ? null : await import('../verification-file.ts')
      file?.requireVerificationFolder(flags.metrics!)
      const store = readStore(flags)
      const { openLedger } = await import('../../ledger.ts')
      // Every law holds in an empty database, so a missing database must not be created here.
      await using ledger = await openLedger(store, { migrate: false, sweep: false, reads: 'caller' })
      const since = performance.now()
      const findings = await audit(ledger, Math.max(1, flags.rows))
      const durationMs = performance.now() - since
      const ok = findings.every((finding) => finding.ok)
      const shown = withoutPassword(store)
      const { warnings } = ledger.storage
      print(flags, {
        wire: { store: shown, ok, checks: findings, warnings },
        view: findingsView(shown, findings) + warningsView(warnings),
      })
      if (!ok) process.exitCode = EXIT.refused
      await file?.writeVerification(flags.metrics!, {
        store: shown,
        checks: findings,
        endedAtMs: Date.now(),
        durationMs,
      })
    })
}

async function audit({ storage: { auditor } }: EmbeddedLedger, rowsMax: number): Promise<readonly Finding[]> {
  const progress = new Progress(auditor.checks.length)
  const findings: Finding[] = []
  try {
    for (const check of auditor.checks) {
      progress.begin(check.title)
      const violations = await auditor.run(check, rowsMax)
      findings.push({ id: check.id, title: check.title, ok: violations.length === 0, violations })
      progress.step()
    }
  } finally {
    progress.end()
  }
  return findings
}

function findingsView(store: string, findings: readonly Finding[]): string {
  const rows = findings.map(({ id, title, ok }) => [id, title, ok ? styled('green', 'ok') : styled('red', 'BROKEN')])
  const broken = findings.filter(({ ok }) => !ok)
  const details = broken.map(({ id, title, violations }) => {
    const shown = violations.map((violation) => fieldTable(Object.entries(violation)))
    return `\n${styled('red', `${id} ${title}`)}\n${shown.join('\n\n')}\n`
  })
  const verdict = broken.length === 0 ? `All laws hold in ${store}.` : `${broken.length} checks failed in ${store}.`
  return `${listTable(['law', 'check', 'result'], rows)}\n${details.join('')}\n${verdict}`
}

function warningsView(warnings: readonly string[]): string {
  return warnings.map((warning) => `\n${styled('red', 'warning:')} ${warning}`).join('')
}
