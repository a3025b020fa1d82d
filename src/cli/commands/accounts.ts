/** Accounts and their journal: `open`, `account`, `postings`, `entry`. */
import { Option, type Command } from 'commander'
import { accountToWire, balanceToWire, entryToWire, postingToWire } from '../../api/wire.ts'
import type { EntryKind } from '../../domain/journal.ts'
import type { Metadata } from '../../domain/metadata.ts'
import { given, readAmount, readMetadata, readWholeNumber } from '../arguments.ts'
import { addLedgerCommand, show, type TargetFlags } from '../target.ts'
import { accountView, balanceView, entryView, postingsView } from '../views.ts'

interface OpenFlags extends TargetFlags {
  readonly requestId?: string
  readonly asset?: string
  readonly floor?: bigint
  readonly metadata?: Metadata
}

interface PostingsFlags extends TargetFlags {
  readonly asset?: string
  readonly kind?: EntryKind
  readonly limit?: number
  readonly cursor?: string
}

const ENTRY_KINDS: readonly EntryKind[] = ['open', 'deposit', 'charge', 'transfer', 'freeze', 'settle', 'release']

export function addAccountCommands(program: Command): void {
  addLedgerCommand(program, 'open', 'Sets the floor and the metadata of an account. Not needed before its first coin.')
    .argument('<account>', 'which account, such as user:8')
    .option('--floor <amount>', 'how low available may go; negative for a credit limit (default: 0)', readAmount)
    .option('--asset <code>', 'kind of coin that the floor is for (default: credit)')
    .option('--metadata <json>', 'a flat JSON object, in place of what is attached', readMetadata)
    .option('--request-id <id>', 'idempotency key: the same id has one effect, for ever (default: a new one)')
    .action((account: string, flags: OpenFlags) =>
      show(flags, 'write', async (ledger) => {
        const { requestId, asset, floor, metadata } = flags
        const balance = await ledger.open({ account, ...given({ requestId, asset, floor, metadata }) })
        return { wire: balanceToWire(balance), view: balanceView(balance) }
      }),
    )

  addLedgerCommand(program, 'account', 'Shows an account and its balances.')
    .argument('<account>', 'which account')
    .action((name: string, flags: TargetFlags) =>
      show(flags, 'read', async (ledger) => {
        const account = await ledger.account(name)
        return { wire: accountToWire(account), view: accountView(account) }
      }),
    )

  addLedgerCommand(program, 'postings', "Lists the journal of an account's balance, newest first.")
    .argument('<account>', 'which account')
    .option('--asset <code>', 'kind of coin (default: credit)')
    .addOption(new Option('--kind <kind>', 'only lines of such entries').choices(ENTRY_KINDS))
    .option('--limit <count>', 'rows, 1 to 1000 (default: 50)', readWholeNumber)
    .option('--cursor <cursor>', 'where the page before ended')
    .action((account: string, flags: PostingsFlags) =>
      show(flags, 'read', async (ledger) => {
        const { asset, kind, limit, cursor } = flags
        const page = await ledger.postings(account, given({ asset, kind, limit, cursor }))
        return { wire: { items: page.items.map(postingToWire), next: page.next }, view: postingsView(page) }
      }),
    )

  addLedgerCommand(program, 'entry', 'Shows one entry of the journal with its postings.')
    .argument('<entry>', 'its request id; HOLD~settle or HOLD~release for the end of a hold')
    .action((id: string, flags: TargetFlags) =>
      show(flags, 'read', async (ledger) => {
        const entry = await ledger.entry(id)
        return { wire: entryToWire(entry), view: entryView(entry) }
      }),
    )
}
