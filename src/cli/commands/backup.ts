/** `backup`: a verified copy of an SQLite file, while services use it. */
import type { Command } from 'commander'
import { readSetting, withoutPassword } from '../../config.ts'
import { EXIT } from '../exit-codes.ts'
import { eraseBar, showBar } from '../progress.ts'
import { jsonOption, print, settingOption } from '../target.ts'

interface BackupFlags {
  readonly store?: string
  readonly json?: boolean
}

export function addBackupCommand(program: Command): void {
  program
    .command('backup <file>')
    .description(
      'Copies an SQLite database into a new file, while services use it, and checks the pages and every law of the copy. ' +
        'The file has its name only when it is whole. Exits 1, without a file, when a law is broken.',
    )
    .addOption(settingOption('store'))
    .addOption(jsonOption())
    .action(async (file: string, flags: BackupFlags) => {
      const store = readSetting('store', flags, process.env)
      const { backupLedger } = await import('../../ledger.ts')
      const { bytes, checks, broken } = await backupLedger(store, file, (what, share) =>
        showBar(share, `${Math.round(share * 100)} % ${what}`),
      ).finally(eraseBar)
      const [ok, shown] = [broken.length === 0, withoutPassword(store)]
      print(flags, {
        wire: {
          store: shown,
          file,
          ok,
          bytes,
          checks: checks.map(({ id }) => id),
          broken: broken.map(({ id }) => id),
        },
        view: ok ? `${file} has ${bytes.toLocaleString('en')} bytes. Every law holds in it.` : notCopied(shown, broken),
      })
      if (!ok) process.exitCode = EXIT.refused
    })
}

function notCopied(store: string, broken: readonly { readonly id: string; readonly title: string }[]): string {
  const lines = broken.map(({ id, title }) => `  ${id}  ${title}`)
  return `There is no copy, because laws are broken in ${store}:\n${lines.join('\n')}\nholdfast verify shows the rows. To keep the file as it is, stop its services and copy it.`
}
