/** Accounts and entries: `open`, `account`, `entry`. */
import type { Command } from 'commander'
import { accountToWire } from '../../api/account.ts'
import { balanceToWire } from '../../api/balance.ts'
import { entryToWire } from '../../api/entry.ts'
import type { Instant } from '../../domain/ids.ts'
import type { Metadata } from '../../domain/metadata.ts'
import { given, readAmount, readInstant, readMetadata, readWholeNumber } from '../arguments.ts'
import { addLedgerCommand, show, type TargetFlags } from '../target.ts'
import { accountView, balanceView, entryView } from '../views.ts'

interface OpenFlags extends TargetFlags {
  readonly requestId?: string
  readonly asset?: string
  readonly floor?: bigint
  readonly metadata?: Metadata
}

interface AccountFlags extends TargetFlags {
  readonly at?: Instant
  readonly limit?: number
  readonly cursor?: string
}

export function addAccountCommands(program: Command): void {
  addLedgerCommand(program, 'open', 'Sets the floor and metadata of an account. Not needed before its first coin.')
    .argument('<account>', 'the account, such as user:8')
    .option(
      '--floor <amount>',
      'lowest value that available may reach; negative for a credit limit (default: 0)',
      readAmount,
    )
    .option('--asset <code>', 'asset of the floor (default: credit)')
    .option('--metadata <json>', 'flat JSON object that replaces the metadata of the account', readMetadata)
    .option('--request-id <id>', 'idempotency key: one id has one effect, forever (default: a new id)')
    .action((account: string, flags: OpenFlags) =>
      show(flags, 'write', async (ledger) => {
        const { requestId, asset, floor, metadata } = flags
        const balance = await ledger.open({ account, ...given({ requestId, asset, floor, metadata }) })
        return { wire: balanceToWire(balance), view: balanceView(balance) }
      }),
    )

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
        return { wire: accountToWire(account), view: accountView(account) }
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
        return { wire: entryToWire(entry), view: entryView(entry) }
      }),
    )
}
