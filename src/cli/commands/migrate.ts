/** `migrate`: migrates the tables of a database to this version. */
import type { Command } from 'commander'
import { withoutPassword } from '../../config.ts'
import { configOption, jsonOption, print, readStore, sayNewFile, settingOption } from '../target.ts'

interface MigrateFlags {
  readonly store?: string
  readonly config?: string
  readonly json?: boolean
}

export function addMigrateCommand(program: Command): void {
  program
    .command('migrate')
    .description(
      'Migrates the tables of a database to this version. Embedded databases are also migrated by every write.',
    )
    .addOption(settingOption('store'))
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (flags: MigrateFlags) => {
      const store = readStore(flags)
      const { migrateLedger } = await import('../../ledger.ts')
      const { applied, version, newFile } = await migrateLedger(store)
      sayNewFile(newFile)
      const done = applied.length === 0 ? 'Nothing to do' : `Applied ${applied.join(', ')}`
      const shown = withoutPassword(store)
      print(flags, { wire: { store: shown, applied, version }, view: `${done}. ${shown} is at version ${version}.` })
    })
}
