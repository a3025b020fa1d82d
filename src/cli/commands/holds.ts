/** Coins set aside: `freeze`, `settle`, `release`, `hold`, `holds`. */
import { Option, type Command } from 'commander'
import { holdToWire } from '../../api/wire.ts'
import type { Overage } from '../../domain/command.ts'
import type { Hold, HoldState } from '../../domain/hold.ts'
import type { Instant } from '../../domain/ids.ts'
import type { Metadata } from '../../domain/metadata.ts'
import { given, readAmount, readDurationMs, readInstant, readMetadata, readWholeNumber } from '../arguments.ts'
import { addLedgerCommand, show, type Shown, type TargetFlags } from '../target.ts'
import { holdsView, holdView } from '../views.ts'

interface FreezeFlags extends TargetFlags {
  readonly requestId?: string
  readonly asset?: string
  readonly payee?: string
  readonly expiresIn?: number
  readonly metadata?: Metadata
}

interface SettleFlags extends TargetFlags {
  readonly overage?: Overage
}

interface HoldsFlags extends TargetFlags {
  readonly account?: string
  readonly asset?: string
  readonly state?: HoldState
  readonly from?: Instant
  readonly until?: Instant
  readonly metadata?: Metadata
  readonly limit?: number
  readonly cursor?: string
}

export function addHoldCommands(program: Command): void {
  addLedgerCommand(program, 'freeze', 'Coins are set aside: a hold is opened.')
    .argument('<account>', 'whose coins')
    .argument('<amount>', 'how much, in minor units', readAmount)
    .option('--asset <code>', 'kind of coin (default: credit)')
    .option('--request-id <id>', 'idempotency key, and the id of the hold (default: a new one)')
    .option('--payee <account>', 'who gets what is settled (default: @revenue)')
    .option('--expires-in <duration>', 'life of the hold: 90s, 10m, 2h, 1d (default: 15m)', readDurationMs)
    .option('--metadata <json>', 'a flat JSON object to attach', readMetadata)
    .action((account: string, amount: bigint, flags: FreezeFlags) =>
      show(flags, 'write', async (ledger) => {
        const { requestId, asset, payee, metadata, expiresIn: expiresInMs } = flags
        const options = given({ requestId, asset, payee, metadata, expiresInMs })
        return shown(await ledger.freeze({ account, amount, ...options }))
      }),
    )

  addLedgerCommand(program, 'settle', 'The actual cost is taken out of a hold, the rest goes back.')
    .argument('<hold>', 'the id of the hold')
    .argument('<amount>', 'the actual cost, in minor units; 0 or more', readAmount)
    .addOption(
      new Option(
        '--overage <what>',
        'when the cost is more than is held: refuse, take what is held, or draw the rest from available (default: reject)',
      ).choices(['reject', 'cap', 'draw']),
    )
    .action((hold: string, amount: bigint, flags: SettleFlags) =>
      show(flags, 'write', async (ledger) =>
        shown(await ledger.settle(hold, { amount, ...given({ overage: flags.overage }) })),
      ),
    )

  addLedgerCommand(program, 'release', 'A hold is given back untouched.')
    .argument('<hold>', 'the id of the hold')
    .action((hold: string, flags: TargetFlags) =>
      show(flags, 'write', async (ledger) => shown(await ledger.release(hold))),
    )

  addLedgerCommand(program, 'hold', 'Shows one hold.')
    .argument('<hold>', 'the id of the hold')
    .action((hold: string, flags: TargetFlags) => show(flags, 'read', async (ledger) => shown(await ledger.hold(hold))))

  addLedgerCommand(program, 'holds', "Lists holds: an account's, newest first, or everybody's.")
    .option('--account <account>', 'whose holds (default: everybody’s)')
    .option('--asset <code>', 'kind of coin (default: credit)')
    .addOption(
      new Option('--state <state>', 'only those in this state').choices(['open', 'settled', 'released', 'expired']),
    )
    .option('--from <instant>', 'only those frozen then or later: 2030-01-31T12:00:00Z, or a day', readInstant)
    .option('--until <instant>', 'only those frozen before', readInstant)
    .option('--metadata <json>', 'only those that carry these keys with these values', readMetadata)
    .option('--limit <count>', 'rows, 1 to 1000 (default: 50)', readWholeNumber)
    .option('--cursor <cursor>', 'where the page before ended')
    .action((flags: HoldsFlags) =>
      show(flags, 'read', async (ledger) => {
        const { account, asset, state, from, until, metadata, limit, cursor } = flags
        const filters = given({ account, asset, state, from, until, metadata, limit, cursor })
        const page = await ledger.holds(filters)
        return { wire: { items: page.items.map(holdToWire), next: page.next }, view: holdsView(page) }
      }),
    )
}

function shown(hold: Hold): Shown {
  return { wire: holdToWire(hold), view: holdView(hold) }
}
