/** Accounts and entries: `open`, `account`, `entry`. */
import { Option, type Command } from 'commander'
import { accountToWire } from '../../api/account.ts'
import { entryToWire } from '../../api/entry.ts'
import { SettingError } from '../../config.ts'
import type { Instant } from '../../domain/ids.ts'
import type { Metadata } from '../../domain/metadata.ts'
import { addWriteCommand, shownAnswer, type WriteFlags } from '../answers.ts'
import { given, readAmountText, readInstant, readMetadata, readWholeNumber, type AmountText } from '../arguments.ts'
import { ifVersionOption } from '../conditions.ts'
import { addLedgerCommand, show, type TargetFlags } from '../target.ts'
import { accountView, entryView, houseView, openedView } from '../views.ts'

interface OpenFlags extends WriteFlags {
  readonly requestId?: string
  readonly asset?: string
  readonly floor?: AmountText
  readonly metadata?: Metadata
  readonly ifVersion?: number
  readonly house?: true
}

interface AccountFlags extends TargetFlags {
  readonly at?: Instant
  readonly limit?: number
  readonly cursor?: string
}

export function addAccountCommands(program: Command): void {
  addWriteCommand(program, 'open', 'Sets the floor and metadata of an account. Not needed before its first coin.')
    .argument('<account>', 'the account, such as user:8')
    .option(
      '--floor <amount>',
      'lowest value that available may reach; negative for a credit limit (default: it is kept; of a new balance 0)',
      readAmountText,
    )
    .option('--asset <code>', 'balance to open or to change (default: credit with --floor, otherwise none)')
    .option('--metadata <json>', 'flat JSON object that replaces the metadata of the account', readMetadata)
    .option('--request-id <id>', 'idempotency key: one id has one effect, forever (default: a new id)')
    .addOption(ifVersionOption())
    .addOption(
      new Option(
        '--house',
        'declares a house account, such as @promo: it has no floor, so it is a source of coins',
      ).conflicts(['floor', 'asset', 'metadata', 'requestId', 'ifVersion']),
    )
    .action(async (account: string, flags: OpenFlags) => {
      const { house, asset, floor, metadata } = flags
      if (Object.keys(given({ house, asset, floor, metadata })).length === 0) {
        throw new SettingError('Give --floor, --asset or --metadata; or --house for a house account.')
      }
      await show(flags, 'write', async (ledger, scales) => {
        if (flags.house === true) {
          const house = await ledger.house({ account, ...given({ ifReplayed: flags.ifReplayed }) })
          return shownAnswer('house', house, () => houseView(house))
        }
        const { requestId, asset, metadata, ifVersion, ifReplayed } = flags
        const floor = flags.floor === undefined ? undefined : (await scales()).whole(flags.floor, '--floor', asset)
        const opened = await ledger.open({
          account,
          ...given({ requestId, asset, floor, metadata, ifVersion, ifReplayed }),
        })
        return shownAnswer('open', opened, (scales) => openedView(opened, scales))
      })
    })

  addLedgerCommand(program, 'account', 'Shows an account and its balances.')
    .argument('<account>', 'the account')
    .option(
      '--at <instant>',
      'balances as of this instant: 2030-01-31T12:00:00Z; metadata and floors are current',
      readInstant,
    )
    .option('--limit <count>', 'balances, 1 to 1000 (default: 1000)', readWholeNumber)
    .option('--cursor <cursor>', 'cursor from the previous page')
    .action((name: string, flags: AccountFlags) =>
      show(flags, 'read', async (ledger) => {
        const { at, limit, cursor } = flags
        const account = await ledger.account(name, given({ at, limit, cursor }))
        return { wire: accountToWire(account), view: (scales) => accountView(account, scales) }
      }),
    )

  addLedgerCommand(program, 'entry', 'Shows one entry of the journal with its postings.')
    .argument(
      '<entry>',
      'the request id; HOLD~settle or HOLD~release for the end of a hold, HOLD~late for a late settle',
    )
    .action((id: string, flags: TargetFlags) =>
      show(flags, 'read', async (ledger) => {
        const entry = await ledger.entry(id)
        return { wire: entryToWire(entry), view: (scales) => entryView(entry, scales) }
      }),
    )
}
