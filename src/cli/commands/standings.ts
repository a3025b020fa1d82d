/** The standing of an account: `block`, `unblock`, `merge`. */
import type { Command } from 'commander'
import type { Metadata } from '../../domain/metadata.ts'
import { addWriteCommand, shownAnswer, type WriteFlags } from '../answers.ts'
import { given, readMetadata } from '../arguments.ts'
import { show } from '../target.ts'
import { entryView } from '../views.ts'

interface StandingFlags extends WriteFlags {
  readonly requestId?: string
  readonly memo?: string
  readonly metadata?: Metadata
}

export function addStandingCommands(program: Command): void {
  const attach = (command: Command): Command =>
    command
      .option('--request-id <id>', 'idempotency key: one id has one effect, forever (default: a new id)')
      .option('--memo <text>', 'note for people')
      .option('--metadata <json>', 'flat JSON object', readMetadata)
  const attached = ({ requestId, memo, metadata, ifReplayed }: StandingFlags) =>
    given({ requestId, memo, metadata, ifReplayed })

  attach(addWriteCommand(program, 'block', 'Blocks an account: nothing can be frozen, charged or transferred from it.'))
    .argument('<account>', 'the account; it still receives coins, and its holds are settled and released')
    .action((account: string, flags: StandingFlags) =>
      show(flags, 'write', async (ledger) => {
        const entry = await ledger.block({ account, ...attached(flags) })
        return shownAnswer('block', entry, (scales) => entryView(entry, scales))
      }),
    )

  attach(addWriteCommand(program, 'unblock', 'Makes a blocked account active again.'))
    .argument('<account>', 'the account')
    .action((account: string, flags: StandingFlags) =>
      show(flags, 'write', async (ledger) => {
        const entry = await ledger.unblock({ account, ...attached(flags) })
        return shownAnswer('unblock', entry, (scales) => entryView(entry, scales))
      }),
    )

  attach(addWriteCommand(program, 'merge', 'Closes an account, for good, and merges what is left into another.'))
    .argument('<account>', 'the account to close; what its holds and refunds return later goes to the other one too')
    .argument('<into>', 'the account that receives what is left, and pays what the closed one owes')
    .action((account: string, into: string, flags: StandingFlags) =>
      show(flags, 'write', async (ledger) => {
        const entry = await ledger.merge({ account, into, ...attached(flags) })
        return shownAnswer('merge', entry, (scales) => entryView(entry, scales))
      }),
    )
}
