/** Rates: `rate put`, `rate list`. */
import { Option, type Command } from 'commander'
import { rateToWire } from '../../api/rate.ts'
import { ROUNDINGS, type Rounding } from '../../domain/rate.ts'
import { addWriteCommand, shownAnswer, type WriteFlags } from '../answers.ts'
import { given, readFraction, readWholeNumber } from '../arguments.ts'
import { addLedgerCommand, show, type TargetFlags } from '../target.ts'
import { ratesView } from '../views.ts'

interface PutFlags extends WriteFlags {
  readonly rounding?: Rounding
  readonly tolerancePpm?: number
}

interface ListFlags extends TargetFlags {
  readonly limit?: number
  readonly cursor?: string
}

export function addRateCommands(program: Command): void {
  const rate = program.command('rate').description('Declares and lists rates: the price of one asset in another.')
  addWriteCommand(rate, 'put', 'Declares a rate. It is in force at once.')
    .argument('<from>', 'asset that the sender pays')
    .argument('<to>', 'asset that the receiver gets')
    .argument(
      '<rate>',
      'NUMERATOR:DENOMINATOR, in minor units: with 1:10, 10 units of <from> buy 1 unit of <to>',
      readFraction,
    )
    .addOption(new Option('--rounding <how>', 'rounding of fractions of a unit (default: down)').choices(ROUNDINGS))
    .option(
      '--tolerance-ppm <count>',
      'largest difference between a given amount and the converted amount, in parts per million (default: 0)',
      readWholeNumber,
    )
    .action((from: string, to: string, fraction: ReturnType<typeof readFraction>, flags: PutFlags) =>
      show(flags, 'write', async (ledger) => {
        const { rounding, tolerancePpm, ifReplayed } = flags
        const declared = await ledger.rate({ from, to, ...fraction, ...given({ rounding, tolerancePpm, ifReplayed }) })
        return shownAnswer('rate', declared, () => ratesView({ items: [declared], next: null }))
      }),
    )

  addLedgerCommand(rate, 'list', 'Lists the newest rate of every pair, or all rates of one pair.')
    .argument('[from]', 'only rates of this pair, newest first')
    .argument('[to]')
    .option('--limit <count>', 'rows, 1 to 1000 (default: 50)', readWholeNumber)
    .option('--cursor <cursor>', 'cursor from the previous page')
    .action((from: string | undefined, to: string | undefined, flags: ListFlags) =>
      show(flags, 'read', async (ledger) => {
        const query = given({ limit: flags.limit, cursor: flags.cursor })
        // If only one of the two is given, the ledger refuses the other.
        const page = from === undefined ? await ledger.rates(query) : await ledger.rateHistory(from, to ?? '', query)
        return { wire: { items: page.items.map(rateToWire), next: page.next }, view: () => ratesView(page) }
      }),
    )
}
