/**
 * How the cost of a life grows with the ledger:
 *
 *   npm run -s bench:growth -- --store mariadb://root@127.0.0.1 --lives 1250000
 *
 * One line per step: the rate, the latencies and the size at that many lives. `--json` prints a JSON document per step.
 */
import { Command, Option } from 'commander'
import { withoutPassword } from '../../src/config.ts'
import { listTable } from '../../src/cli/tables.ts'
import { openScratchServer } from '../databases/scratch.ts'
import { whole } from '../command-line.ts'
import { ID_KINDS, type IdKind } from '../load/request-ids.ts'
import { count, SERVER_NAMES, settingsText } from '../output/headline.ts'
import { STRATEGIES, strategiesThatPlay, type StrategyName } from '../strategies/catalogue.ts'
import { EXIT, exitCodeOf } from '../trouble.ts'
import { grow, type GrowthStep } from './growth.ts'

interface Flags {
  readonly store: string
  readonly strategy: StrategyName
  readonly lives: number
  readonly steps: number
  readonly users: number
  readonly inFlight: number
  readonly ids: IdKind
  readonly json?: boolean
}

const COLUMNS = ['lives', 'commands/s', 'p50 ms', 'p99 ms', 'MB', 'bytes per life'] as const

// The reader of the output, `head` for example, has closed the pipe.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(EXIT.ok)
})

try {
  await main(commandLine().parse().opts<Flags>())
} catch (error) {
  process.exitCode = exitCodeOf(error)
}

function commandLine(): Command {
  return new Command('npm run -s bench:growth --')
    .exitOverride()
    .description('Fills a scratch database with lives of holds, and measures each step.')
    .option(
      '--store <url>',
      'sqlite:[FOLDER], mysql://USER@HOST, mariadb://USER@HOST, postgres://USER@HOST/postgres',
      'sqlite:',
    )
    .addOption(
      new Option('--strategy <name>', 'a strategy of the lab').choices(strategiesThatPlay('lives')).default('holdfast'),
    )
    .option('--lives <count>', 'lives in total', whole(1, 1_000_000_000), 1_000_000)
    .option('--steps <count>', 'measured steps', whole(1, 1_000), 10)
    .option('--users <count>', 'number of accounts', whole(1, 100_000), 1)
    .option('--in-flight <count>', 'calls in flight', whole(1, 10_000), 1_000)
    .addOption(
      new Option('--ids <kind>', 'request ids: random UUIDs (v4), UUIDs by time (v7), or counted')
        .choices(ID_KINDS)
        .default('v4'),
    )
    .option('--json', 'one JSON document per step')
}

async function main({ store, strategy: name, json, ...options }: Flags): Promise<void> {
  const interruption = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort())
  await using server = await openScratchServer(store)
  const { flavour, version, settings } = server.facts
  const { users, inFlight, ids } = options
  if (json !== true) {
    process.stdout.write(
      `growth of ${name} on ${SERVER_NAMES[flavour]} ${version} (${withoutPassword(store)}): ${count(users, 'user')}, ${count(inFlight, 'call')} in flight, ` +
        `${ids} ids\nNode ${process.version}; ${settingsText(settings)}\n\n`,
    )
  }
  const steps: GrowthStep[] = []
  await grow(server, STRATEGIES[name], { ...options, signal: interruption.signal }, (step) => {
    steps.push(step)
    if (json === true)
      process.stdout.write(
        `${JSON.stringify({ store: withoutPassword(store), strategy: name, users, inFlight, ids, ...step })}\n`,
      )
    else process.stderr.write(`${step.lives.toLocaleString('en-US')} lives: ${rate(step)} commands/s\n`)
  })
  if (json !== true) process.stdout.write(`${listTable([...COLUMNS], steps.map(cellsOf))}\n`)
}

function cellsOf(step: GrowthStep): readonly string[] {
  const { lives, p50Ms, p99Ms, bytes, bytesPerLife } = step
  return [
    lives.toLocaleString('en-US'),
    rate(step),
    p50Ms.toFixed(2),
    p99Ms.toFixed(2),
    (bytes / 1_000_000).toFixed(0),
    bytesPerLife.toFixed(0),
  ]
}

function rate({ commandsPerSecond }: GrowthStep): string {
  return Math.round(commandsPerSecond).toLocaleString('en-US')
}
