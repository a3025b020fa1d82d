/** Coins that come, go and move: `deposit`, `charge`, `transfer`. */
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
      .option('--asset <code>', 'kind of coin (default: credit)')
      .option('--request-id <id>', 'idempotency key: the same id has one effect, for ever (default: a new one)')
      .option('--memo <text>', 'a note for people')
      .option('--metadata <json>', 'a flat JSON object to attach', readMetadata)

  attach(addLedgerCommand(program, 'deposit', 'Coins enter from @issuer.'))
    .argument('<account>', 'who gets them, such as user:8')
    .argument('<amount>', 'how much, in minor units', readAmount)
    .action((account: string, amount: bigint, flags: MovementFlags) =>
      show(flags, 'write', async (ledger) => shown(await ledger.deposit({ account, amount, ...attached(flags) }))),
    )

  attach(addLedgerCommand(program, 'charge', 'Coins leave without a hold.'))
    .argument('<account>', 'who pays')
    .argument('<amount>', 'how much, in minor units', readAmount)
    .option('--payee <account>', 'who gets them (default: @revenue)')
    .action((account: string, amount: bigint, flags: MovementFlags) =>
      show(flags, 'write', async (ledger) => {
        const { payee } = flags
        return shown(await ledger.charge({ account, amount, ...attached(flags), ...given({ payee }) }))
      }),
    )

  attach(addLedgerCommand(program, 'transfer', 'Coins move from one account to others: all or none.'))
    .argument('<from>', 'who pays')
    .argument('<to=amount...>', 'who gets how much: user:9=20 user:10=30', readShare)
    .option('--to-asset <code>', 'kind of coin that arrives, at the declared rate; user:9=20:2 asks for 2 to arrive')
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
