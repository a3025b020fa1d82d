/** The reads of holds: `hold`, `history`, `holds`. */
import { Option, type Command } from 'commander'
import type { Ledger, PageView } from '../../api/ledger.ts'
import { holdEventToWire, holdToWire } from '../../api/hold.ts'
import { SettingError } from '../../config.ts'
import { HOLD_STATES, type Hold, type HoldState } from '../../domain/hold.ts'
import type { Instant } from '../../domain/ids.ts'
import type { Metadata } from '../../domain/metadata.ts'
import { given, readDurationMs, readInstant, readMetadata, readWholeNumber } from '../arguments.ts'
import { holdHistoryView, holdsView, holdView, stuckHoldsView } from '../hold-views.ts'
import { OPEN_FOR_MS_DEFAULT, stuckHolds } from '../stuck-holds.ts'
import { addLedgerCommand, show, type Answered, type TargetFlags } from '../target.ts'

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
        return { wire: holdToWire(hold), view: (scales) => holdView(hold, scales) }
      }),
    )

  addLedgerCommand(program, 'history', 'Shows the history of a hold, oldest event first.')
    .argument('<hold>', 'the id of the hold')
    .option('--limit <count>', 'rows, 1 to 1000 (default: 50)', readWholeNumber)
    .option('--cursor <cursor>', 'cursor from the previous page')
    .action((hold: string, flags: PageFlags) =>
      show(flags, 'read', async (ledger) => {
        const page = await ledger.holdHistory(hold, given({ limit: flags.limit, cursor: flags.cursor }))
        return {
          wire: { items: page.items.map(holdEventToWire), next: page.next },
          view: (scales) => holdHistoryView(page, scales),
        }
      }),
    )

  addLedgerCommand(program, 'holds', 'Lists the holds of one account, newest first, or of all accounts.')
    .option('--account <account>', 'only holds of this account')
    .option('--asset <code>', 'with --account: asset (default: credit)')
    .addOption(new Option('--state <state>', 'only holds in this state').choices(HOLD_STATES))
    .option(
      '--from <instant>',
      'only holds created at or after this instant: 2030-01-31T12:00:00Z, or a day',
      readInstant,
    )
    .option('--until <instant>', 'only holds created before this instant', readInstant)
    .option('--metadata <json>', 'only holds whose metadata has these keys with these values', readMetadata)
    .option('--stuck', 'open holds of all accounts that are due or have been open for long, by expiry')
    .option(
      '--open-for <duration>',
      'with --stuck: minimum time that a hold has been open (default: 1d)',
      readDurationMs,
    )
    .option('--limit <count>', 'rows, 1 to 1000 (default: 50)', readWholeNumber)
    .option('--cursor <cursor>', 'cursor from the previous page')
    .action(async (flags: HoldsFlags) => {
      const { account, asset, state, from, until, metadata, limit, cursor } = flags
      if (flags.stuck === true) return await showStuck(flags)
      if (flags.openFor !== undefined) throw new SettingError('--open-for is only possible with --stuck.')
      const filters = given({ account, asset, state, from, until, metadata, limit, cursor })
      await show(flags, 'read', async (ledger) => {
        const page = await ledger.holds(filters)
        return pageShown(page, (scales) => holdsView(page, scales))
      })
    })
}

async function showStuck(flags: HoldsFlags): Promise<void> {
  const { account, asset, state, from, until, metadata, limit, cursor } = flags
  if (Object.keys(given({ account, asset, state, from, until })).length > 0) {
    throw new SettingError(
      '--stuck lists open holds of all accounts. It is not possible with --account, --asset, --state, --from or --until.',
    )
  }
  const openForMs = flags.openFor ?? OPEN_FOR_MS_DEFAULT
  await show(flags, 'read', async (ledger: Ledger) => {
    const now = Date.now()
    const page = await stuckHolds(ledger, { now, openForMs, ...given({ metadata, limit, cursor }) })
    return pageShown(page, (scales) => stuckHoldsView(page, now, scales))
  })
}

function pageShown(page: PageView<Hold>, view: Answered['view']): Answered {
  return { wire: { items: page.items.map(holdToWire), next: page.next }, view }
}
