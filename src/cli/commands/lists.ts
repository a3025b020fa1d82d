/** Lists of everything: `accounts`, `stats`, `entries`. */
import { Option, type Command } from 'commander'
import { balanceToWire } from '../../api/balance.ts'
import { entryToWire, feedPageToWire } from '../../api/entry.ts'
import type { BalanceOrder, FeedInput, FeedStart, Ledger } from '../../api/ledger.ts'
import { BALANCE_ORDERS, FEED_STARTS } from '../../api/list-queries.ts'
import { statsToWire } from '../../api/stats.ts'
import { given, readAmountText, readWholeNumber, type AmountText } from '../arguments.ts'
import { accountsView, entryLine, feedView, statsView } from '../list-views.ts'
import { Scales } from '../scales.ts'
import { addLedgerCommand, show, stream, type TargetFlags } from '../target.ts'

interface AccountsFlags extends TargetFlags {
  readonly prefix?: string
  readonly asset?: string
  readonly below?: AmountText
  readonly above?: AmountText
  readonly heldBelow?: AmountText
  readonly heldAbove?: AmountText
  readonly order?: BalanceOrder
  readonly limit?: number
  readonly cursor?: string
}

interface StatsFlags extends TargetFlags {
  readonly days?: number
  readonly cursor?: string
}

interface EntriesFlags extends TargetFlags {
  readonly start?: FeedStart
  readonly limit?: number
  readonly cursor?: string
  readonly follow?: boolean
}

/** How long `--follow` waits when there is nothing more. */
const FOLLOW_PAUSE_MS = 1_000

const NO_SCALES = new Scales([])

/** Entries as lines, until the process is ended. */
async function* followed(ledger: Ledger, input: FeedInput, isJson: boolean): AsyncGenerator<string> {
  for (let from = input; ;) {
    const { items, next, more } = await ledger.entries(from)
    // Other assets may have been declared meanwhile.
    const scales = isJson || items.length === 0 ? NO_SCALES : await Scales.of(ledger)
    for (const entry of items) yield `${isJson ? JSON.stringify(entryToWire(entry)) : entryLine(entry, scales)}\n`
    from = { ...given({ limit: input.limit }), cursor: next }
    if (!more) await new Promise((resolve) => setTimeout(resolve, FOLLOW_PAUSE_MS))
  }
}

export function addListCommands(program: Command): void {
  addLedgerCommand(program, 'entries', 'Lists all entries in the order of the feed, which nothing is inserted into.')
    .addOption(new Option('--start <where>', 'without a cursor, begin here (default: beginning)').choices(FEED_STARTS))
    .option('--follow', 'go on until ended: each entry as a line, with --json a JSON document per line')
    .option('--limit <count>', 'rows, 1 to 1000 (default: 50)', readWholeNumber)
    .option('--cursor <cursor>', 'cursor from the previous page')
    .action(async (flags: EntriesFlags) => {
      const { start, limit, cursor, follow = false, json = false } = flags
      const input: FeedInput = given({ start, limit, cursor })
      if (follow) return await stream(flags, (ledger) => followed(ledger, input, json))
      await show(flags, 'read', async (ledger) => {
        const page = await ledger.entries(input)
        return { wire: feedPageToWire(page), view: (scales) => feedView(page, scales) }
      })
    })

  addLedgerCommand(program, 'accounts', 'Lists the balances of all accounts.')
    .option('--prefix <text>', 'only accounts whose name begins with this text, such as user:')
    .option('--asset <code>', 'only this asset (default: all; with a bound or an order by an amount, credit)')
    .option('--below <amount>', 'only balances with less available', readAmountText)
    .option('--above <amount>', 'only balances with more available', readAmountText)
    .option('--held-below <amount>', 'only balances with less held', readAmountText)
    .option('--held-above <amount>', 'only balances with more held', readAmountText)
    .addOption(
      new Option('--order <order>', 'by name, or by an amount, with -desc the largest first (default: name)').choices(
        BALANCE_ORDERS,
      ),
    )
    .option('--limit <count>', 'rows, 1 to 1000 (default: 50)', readWholeNumber)
    .option('--cursor <cursor>', 'cursor from the previous page')
    .action((flags: AccountsFlags) =>
      show(flags, 'read', async (ledger, scales) => {
        const { prefix, asset, order, limit, cursor } = flags
        const bound = async (text: AmountText | undefined, option: string): Promise<bigint | undefined> =>
          text === undefined ? undefined : (await scales()).whole(text, option, asset)
        const bounds = {
          availableBelow: await bound(flags.below, '--below'),
          availableAbove: await bound(flags.above, '--above'),
          heldBelow: await bound(flags.heldBelow, '--held-below'),
          heldAbove: await bound(flags.heldAbove, '--held-above'),
        }
        const page = await ledger.accounts(given({ prefix, asset, ...bounds, order, limit, cursor }))
        return {
          wire: { items: page.items.map(balanceToWire), next: page.next },
          view: (scales) => accountsView(page, scales),
        }
      }),
    )

  addLedgerCommand(program, 'stats', 'Shows every asset in figures: accounts, coins, open holds, and the last days.')
    .option('--days <count>', 'days in UTC, the last one is today: 0 to 31 (default: 7)', readWholeNumber)
    .option('--cursor <cursor>', 'cursor from the previous page')
    .action((flags: StatsFlags) =>
      show(flags, 'read', async (ledger) => {
        const page = await ledger.stats(given({ days: flags.days, cursor: flags.cursor }))
        return {
          wire: { items: page.items.map(statsToWire), next: page.next },
          view: (scales) => statsView(page, scales),
        }
      }),
    )
}
