/** `backup`: a verified copy of an SQLite file that services may be using. */
import type { Command } from 'commander'
import { withoutPassword } from '../../config.ts'
import { EXIT } from '../exit-codes.ts'
import { eraseBar, showBar } from '../progress.ts'
import { configOption, jsonOption, print, readStore, settingOption } from '../target.ts'

interface BackupFlags {
  readonly store?: string
  readonly config?: string
  readonly json?: boolean
}

export function addBackupCommand(program: Command): void {
  program
    .command('backup <file>')
    .description(
      'Copies an SQLite database to a new file while services use it, and checks the pages and every law of the copy. ' +
        'The file gets its name when it is complete. If a law is broken, no file is written and the exit code is 1.',
    )
    .addOption(settingOption('store'))
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (file: string, flags: BackupFlags) => {
      const store = readStore(flags)
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
        view: ok ? `Wrote ${file}, ${bytes.toLocaleString('en')} bytes. All laws hold.` : notCopied(shown, broken),
      })
      if (!ok) process.exitCode = EXIT.refused
    })
}

function notCopied(store: string, broken: readonly { readonly id: string; readonly title: string }[]): string {
  const lines = broken.map(({ id, title }) => `  ${id}  ${title}`)
  return `No copy was written, because laws are broken in ${store}:\n${lines.join('\n')}\nholdfast verify shows the rows. To keep the file as it is, stop its services and copy it.`
}
