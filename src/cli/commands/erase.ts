/** `erase`: removes what the requests of an account say about a person. */
import type { Command } from 'commander'
import { SettingError, withoutPassword } from '../../config.ts'
import { eraseBar, showBar } from '../progress.ts'
import { configOption, jsonOption, print, readStore, settingOption } from '../target.ts'

interface EraseFlags {
  readonly store?: string
  readonly config?: string
  readonly yes?: true
  readonly json?: boolean
}

export function addEraseCommand(program: Command): void {
  program
    .command('erase <account>')
    .description(
      'Erases the memos and metadata of all requests of an account, and the metadata of the account. Amounts, times and names stay, ' +
        'and so does every law. It cannot be undone. Can be stopped and run again. Needs the rights of the owner of the tables.',
    )
    .addOption(settingOption('store'))
    .addOption(configOption())
    .option('--yes', 'erase; without it, nothing is done')
    .addOption(jsonOption())
    .action(async (account: string, flags: EraseFlags) => {
      const store = readStore(flags)
      const shown = withoutPassword(store)
      if (flags.yes !== true) {
        throw new SettingError(`This erases memos and metadata of ${account} in ${shown} for good. Add --yes to do it.`)
      }
      const { eraseAccount } = await import('../../ledger.ts')
      const report = await eraseAccount(store, account, (share) =>
        showBar(share, `${Math.round(share * 100)} % of the journal`),
      ).finally(eraseBar)
      const { requests, erased, hadMetadata } = report
      const own = hadMetadata ? ' The metadata of the account is erased too.' : ''
      print(flags, {
        wire: { store: shown, account, ...report },
        view: `Erased the memo and metadata of ${count(erased)} of the ${count(requests)} requests of ${account}.${own}`,
      })
    })
}

function count(number: number): string {
  return number.toLocaleString('en')
}
