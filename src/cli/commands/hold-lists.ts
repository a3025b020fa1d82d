/** Looking at holds: `hold`, `history`, `holds`. */
import { Option, type Command } from 'commander'
import type { Ledger, PageView } from '../../api/ledger.ts'
import { holdEventToWire, holdToWire } from '../../api/hold.ts'
import { SettingError } from '../../config.ts'
import type { Hold, HoldState } from '../../domain/hold.ts'
import type { Instant } from '../../domain/ids.ts'
import type { Metadata } from '../../domain/metadata.ts'
import { given, readDurationMs, readInstant, readMetadata, readWholeNumber } from '../arguments.ts'
import { holdHistoryView, holdsView, holdView, stuckHoldsView } from '../hold-views.ts'
import { OPEN_FOR_MS_DEFAULT, stuckHolds } from '../stuck-holds.ts'
import { addLedgerCommand, show, type Shown, type TargetFlags } from '../target.ts'

interface PageFlags extends TargetFlags {
  readonly limit?: number
  readonly cursor?: string
}

interface HoldsFlags extends PageFlags {
  readonly account?: string
  readonly asset?: string
  readonly state?: HoldState
  readonly from?: Instant
  readonly until?: Instant
  readonly metadata?: Metadata
  readonly stuck?: boolean
  readonly openFor?: number
}

export function addHoldLists(program: Command): void {
  addLedgerCommand(program, 'hold', 'Shows one hold.')
    .argument('<hold>', 'the id of the hold')
    .action((id: string, flags: TargetFlags) =>
      show(flags, 'read', async (ledger) => {
        const hold = await ledger.hold(id)
        return { wire: holdToWire(hold), view: holdView(hold) }
      }),
    )

  addLedgerCommand(program, 'history', 'Shows what happened to a hold, the freeze first.')
    .argument('<hold>', 'the id of the hold')
    .option('--limit <count>', 'rows, 1 to 1000 (default: 50)', readWholeNumber)
    .option('--cursor <cursor>', 'where the page before ended')
    .action((hold: string, flags: PageFlags) =>
      show(flags, 'read', async (ledger) => {
        const page = await ledger.holdHistory(hold, given({ limit: flags.limit, cursor: flags.cursor }))
        return { wire: { items: page.items.map(holdEventToWire), next: page.next }, view: holdHistoryView(page) }
      }),
    )

  addLedgerCommand(program, 'holds', "Lists holds: an account's, newest first, or everybody's.")
    .option('--account <account>', 'whose holds (default: everybody’s)')
    .option('--asset <code>', 'kind of coin (default: credit)')
    .addOption(
      new Option('--state <state>', 'only those in this state').choices(['open', 'settled', 'released', 'expired']),
    )
    .option('--from <instant>', 'only those frozen then or later: 2030-01-31T12:00:00Z, or a day', readInstant)
    .option('--until <instant>', 'only those frozen before', readInstant)
    .option('--metadata <json>', 'only those that carry these keys with these values', readMetadata)
    .option('--stuck', "everybody's open holds whose expiry has passed, or that are open for long; by expiry")
    .option('--open-for <duration>', 'with --stuck: how long is long (default: 1d)', readDurationMs)
    .option('--limit <count>', 'rows, 1 to 1000 (default: 50)', readWholeNumber)
    .option('--cursor <cursor>', 'where the page before ended')
    .action(async (flags: HoldsFlags) => {
      const { account, asset, state, from, until, metadata, limit, cursor } = flags
      if (flags.stuck === true) return await showStuck(flags)
      if (flags.openFor !== undefined) throw new SettingError('--open-for goes with --stuck.')
      const filters = given({ account, asset, state, from, until, metadata, limit, cursor })
      await show(flags, 'read', async (ledger) => {
        const page = await ledger.holds(filters)
        return pageShown(page, holdsView(page))
      })
    })
}

async function showStuck(flags: HoldsFlags): Promise<void> {
  const { account, asset, state, from, until, metadata, limit, cursor } = flags
  if (Object.keys(given({ account, asset, state, from, until })).length > 0) {
    throw new SettingError(
      '--stuck goes through everybody’s open holds: without --account, --asset, --state, --from and --until.',
    )
  }
  const openForMs = flags.openFor ?? OPEN_FOR_MS_DEFAULT
  await show(flags, 'read', async (ledger: Ledger) => {
    const now = Date.now()
    const page = await stuckHolds(ledger, { now, openForMs, ...given({ metadata, limit, cursor }) })
    return pageShown(page, stuckHoldsView(page, now))
  })
}

function pageShown(page: PageView<Hold>, view: string): Shown {
  return { wire: { items: page.items.map(holdToWire), next: page.next }, view }
}
