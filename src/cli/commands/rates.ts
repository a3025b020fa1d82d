/** What coins come to in each other: `rate put`, `rate list`. */
import { Option, type Command } from 'commander'
import { rateToWire } from '../../api/rate.ts'
import type { Rounding } from '../../domain/rate.ts'
import { given, readFraction, readWholeNumber } from '../arguments.ts'
import { addLedgerCommand, show, type TargetFlags } from '../target.ts'
import { ratesView } from '../views.ts'

interface PutFlags extends TargetFlags {
  readonly rounding?: Rounding
  readonly tolerancePpm?: number
}

interface ListFlags extends TargetFlags {
  readonly limit?: number
  readonly cursor?: string
}

const ROUNDINGS: readonly Rounding[] = ['down', 'up', 'half-even']

export function addRateCommands(program: Command): void {
  const rate = program.command('rate').description('What coins of one asset come to in another.')
  addLedgerCommand(rate, 'put', 'Declares a rate, which counts from here on.')
    .argument('<from>', 'the asset that one gives')
    .argument('<to>', 'the asset that one gets')
    .argument('<rate>', 'how many one gets for how many, in minor units: 1:10', readFraction)
    .addOption(
      new Option('--rounding <how>', 'what becomes of a fraction of a unit (default: down)').choices(ROUNDINGS),
    )
    .option(
      '--tolerance-ppm <count>',
      'how far a named amount may lie from what the rate gives, in millionths (default: 0)',
      readWholeNumber,
    )
    .action((from: string, to: string, fraction: ReturnType<typeof readFraction>, flags: PutFlags) =>
      show(flags, 'write', async (ledger) => {
        const { rounding, tolerancePpm } = flags
        const declared = await ledger.rate({ from, to, ...fraction, ...given({ rounding, tolerancePpm }) })
        return { wire: rateToWire(declared), view: ratesView({ items: [declared], next: null }) }
      }),
    )

  addLedgerCommand(rate, 'list', 'Lists the newest rate of every pair, or every rate that one pair had.')
    .argument('[from]', 'of this pair only, newest first')
    .argument('[to]')
    .option('--limit <count>', 'rows, 1 to 1000 (default: 50)', readWholeNumber)
    .option('--cursor <cursor>', 'where the page before ended')
    .action((from: string | undefined, to: string | undefined, flags: ListFlags) =>
      show(flags, 'read', async (ledger) => {
        const query = given({ limit: flags.limit, cursor: flags.cursor })
        // With one of the two alone, the ledger says what is wrong with the other.
        const page = from === undefined ? await ledger.rates(query) : await ledger.rateHistory(from, to ?? '', query)
        return { wire: { items: page.items.map(rateToWire), next: page.next }, view: ratesView(page) }
      }),
    )
}
