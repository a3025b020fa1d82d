/** Movements without a hold: `deposit`, `charge`, `transfer`. */
import type { Command } from 'commander'
import type { Answered } from '../../api/ledger.ts'
import type { CommandKind } from '../../domain/command.ts'
import type { Entry } from '../../domain/journal.ts'
import type { Metadata } from '../../domain/metadata.ts'
import { addWriteCommand, shownAnswer, type WriteFlags } from '../answers.ts'
import { given, readAmountText, readMetadata, readShare, type AmountText, type Share } from '../arguments.ts'
import { ifVersionOption } from '../conditions.ts'
import { show, type Answered as Output } from '../target.ts'
import { entryView } from '../views.ts'

interface MovementFlags extends WriteFlags {
  readonly requestId?: string
  readonly asset?: string
  readonly payee?: string
  readonly overdraft?: boolean
  readonly toAsset?: string
  readonly memo?: string
  readonly metadata?: Metadata
  readonly ifVersion?: number
}

export function addMovementCommands(program: Command): void {
  const attach = (command: Command): Command =>
    command
      .option('--asset <code>', 'asset (default: credit)')
      .option('--request-id <id>', 'idempotency key: one id has one effect, forever (default: a new id)')
      .option('--memo <text>', 'note for people')
      .option('--metadata <json>', 'flat JSON object', readMetadata)

  attach(addWriteCommand(program, 'deposit', 'Deposits coins from @issuer to an account.'))
    .argument('<account>', 'account that receives the coins, such as user:8')
    .argument('<amount>', 'amount, in the decimal places of the asset', readAmountText)
    .addOption(ifVersionOption())
    .action((account: string, text: AmountText, flags: MovementFlags) =>
      show(flags, 'write', async (ledger, scales) => {
        const amount = (await scales()).amount(text, 'amount', flags.asset)
        return shown('deposit', await ledger.deposit({ account, amount, ...attached(flags) }))
      }),
    )

  attach(addWriteCommand(program, 'charge', 'Charges an account without a hold.'))
    .argument('<account>', 'account that pays')
    .argument('<amount>', 'amount, in the decimal places of the asset', readAmountText)
    .option('--payee <account>', 'account that receives the coins (default: @revenue)')
    .option(
      '--overdraft',
      'allow the charge to take the account below its floor; what is paid in then pays the debt first',
    )
    .addOption(ifVersionOption())
    .action((account: string, text: AmountText, flags: MovementFlags) =>
      show(flags, 'write', async (ledger, scales) => {
        const { payee, overdraft } = flags
        const amount = (await scales()).amount(text, 'amount', flags.asset)
        return shown(
          'charge',
          await ledger.charge({ account, amount, ...attached(flags), ...given({ payee, overdraft }) }),
        )
      }),
    )

  attach(addWriteCommand(program, 'transfer', 'Transfers coins from one account to others: all or none.'))
    .argument('<from>', 'account that pays')
    .argument('<to=amount...>', 'receivers and amounts: user:9=20 user:10=30', readShare)
    .option(
      '--to-asset <code>',
      'asset that the receivers get, at the newest rate; with user:9=20:2, the receiver gets 2',
    )
    .addOption(ifVersionOption('the payer'))
    .action((from: string, shares: readonly Share[], flags: MovementFlags) =>
      show(flags, 'write', async (ledger, scales) => {
        const { requestId, asset, toAsset, ifVersion, memo, metadata, ifReplayed } = flags
        const legs = (await scales()).legs(from, shares, { asset, toAsset, ifVersion })
        return shown('transfer', await ledger.transfer({ legs, ...given({ requestId, memo, metadata, ifReplayed }) }))
      }),
    )
}

function attached({ requestId, asset, memo, metadata, ifVersion, ifReplayed }: MovementFlags) {
  return given({ requestId, asset, memo, metadata, ifVersion, ifReplayed })
}

function shown(kind: CommandKind, entry: Answered<Entry>): Output {
  return shownAnswer(kind, entry, (scales) => entryView(entry, scales))
}
