/** Movements without a hold: `deposit`, `charge`, `transfer`. */
import type { Command } from 'commander'
import { entryToWire } from '../../api/entry.ts'
import type { Entry } from '../../domain/journal.ts'
import type { Metadata } from '../../domain/metadata.ts'
import { given, legsOf, readAmount, readMetadata, readShare, type Share } from '../arguments.ts'
import { addLedgerCommand, show, type Shown, type TargetFlags } from '../target.ts'
import { entryView } from '../views.ts'

interface MovementFlags extends TargetFlags {
  readonly requestId?: string
  readonly asset?: string
  readonly payee?: string
  readonly toAsset?: string
  readonly memo?: string
  readonly metadata?: Metadata
}

export function addMovementCommands(program: Command): void {
  const attach = (command: Command): Command =>
    command
      .option('--asset <code>', 'asset (default: credit)')
      .option('--request-id <id>', 'idempotency key: one id has one effect, forever (default: a new id)')
      .option('--memo <text>', 'note for people')
      .option('--metadata <json>', 'flat JSON object', readMetadata)

  attach(addLedgerCommand(program, 'deposit', 'Deposits coins from @issuer to an account.'))
    .argument('<account>', 'account that receives the coins, such as user:8')
    .argument('<amount>', 'amount, in minor units', readAmount)
    .action((account: string, amount: bigint, flags: MovementFlags) =>
      show(flags, 'write', async (ledger) => shown(await ledger.deposit({ account, amount, ...attached(flags) }))),
    )

  attach(addLedgerCommand(program, 'charge', 'Charges an account without a hold.'))
    .argument('<account>', 'account that pays')
    .argument('<amount>', 'amount, in minor units', readAmount)
    .option('--payee <account>', 'account that receives the coins (default: @revenue)')
    .action((account: string, amount: bigint, flags: MovementFlags) =>
      show(flags, 'write', async (ledger) => {
        const { payee } = flags
        return shown(await ledger.charge({ account, amount, ...attached(flags), ...given({ payee }) }))
      }),
    )

  attach(addLedgerCommand(program, 'transfer', 'Transfers coins from one account to others: all or none.'))
    .argument('<from>', 'account that pays')
    .argument('<to=amount...>', 'receivers and amounts: user:9=20 user:10=30', readShare)
    .option(
      '--to-asset <code>',
      'asset that the receivers get, at the newest rate; with user:9=20:2, the receiver gets 2',
    )
    .action((from: string, shares: readonly Share[], flags: MovementFlags) =>
      show(flags, 'write', async (ledger) => {
        const { requestId, memo, metadata } = flags
        const legs = legsOf(from, shares, { asset: flags.asset, toAsset: flags.toAsset })
        return shown(await ledger.transfer({ legs, ...given({ requestId, memo, metadata }) }))
      }),
    )
}

function attached({ requestId, asset, memo, metadata }: MovementFlags) {
  return given({ requestId, asset, memo, metadata })
}

function shown(entry: Entry): Shown {
  return { wire: entryToWire(entry), view: entryView(entry) }
}
