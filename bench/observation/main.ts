/**
 * What it costs to look at an engine at work:
 *
 *   npm run -s bench:observation [-- --only metrics,observer] [--stretches N] [--commands N]
 *
 * One account of an embedded ledger on SQLite with 1,000 calls in flight. A ledger without the thing and one with it are busy in turn, in
 * one process; the changes are the medians over the pairs of stretches. Measure on a machine that does nothing else.
 */
import { Command } from 'commander'
import { listTable } from '../../src/cli/tables.ts'
import { listOf, oneOf, whole } from '../command-line.ts'
import { rateText } from '../output/numbers.ts'
import { endWithReader, exitCodeOf } from '../trouble.ts'
import { CASE_NAMES, CASES, type CaseName } from './cases.ts'
import { measureCosts, type Extent } from './observation.ts'

endWithReader()

try {
  const command = new Command('npm run -s bench:observation --')
    .exitOverride()
    .description('What metrics, observers, the log of commands and traces cost.')
    .option('--only <names>', `some of ${CASE_NAMES.join(', ')}`, listOf(oneOf('Cases', CASE_NAMES)), CASE_NAMES)
    .option('--stretches <count>', 'pairs of stretches of each case', whole(1, 999), 31)
    .option('--commands <count>', 'commands of each stretch', whole(100, 10_000_000), 8_000)
  const { only, ...extent } = command.parse().opts<Extent & { readonly only: readonly CaseName[] }>()
  const costs = await measureCosts({ ...extent, cases: only }, () => void process.stderr.write('.'))
  process.stderr.write('\n')
  const rows = costs.map(({ name, without, with: observed, rateChange, cpuChange }) => [
    name,
    rateText(without.commandsPerSecond),
    rateText(observed.commandsPerSecond),
    changeText(rateChange),
    without.cpuUs.toFixed(2),
    observed.cpuUs.toFixed(2),
    changeText(cpuChange),
    CASES[name].summary,
  ])
  const head = ['', 'commands/s without', 'with', 'change', 'CPU µs per command without', 'with', 'change', '']
  process.stdout.write(`${listTable(head, rows)}\n`)
} catch (error) {
  process.exitCode = exitCodeOf(error)
}

function changeText(part: number): string {
  return `${part > 0 ? '+' : ''}${(part * 100).toFixed(1)} %`
}
