/**
 * How the cost of a life grows with the ledger:
 *
 *   npm run -s bench:growth -- --store mariadb://root@127.0.0.1 --lives 1250000
 *   npm run -s bench:growth -- --store mariadb://root@127.0.0.1 --loads 0,1000000,10000000 --ids v4,v7 --pools-mb 1024,128
 *
 * One line per step: the rate, the latencies and the size at that many lives. `--json` prints a JSON document per step. `--save` keeps
 * the medians of the steps in a file, in place of those that it has of the same measurement; the report draws those of its own folder.
 */
import { Command, Option } from 'commander'
import { withoutPassword } from '../../src/config.ts'
import { listTable } from '../../src/cli/tables.ts'
import { openScratchServer } from '../databases/scratch.ts'
import { decimal, listOf, oneOf, UsageError, whole } from '../command-line.ts'
import { ID_KINDS, type IdKind } from '../load/request-ids.ts'
import { count, SERVER_NAMES, settingsText } from '../output/headline.ts'
import { msText } from '../output/numbers.ts'
import { STRATEGIES, STRATEGY_NAMES, strategiesThatPlay, type StrategyName } from '../strategies/catalogue.ts'
import { endWithReader, exitCodeOf } from '../trouble.ts'
import { grow, type Extent, type GrowthReads, type GrowthStep } from './growth.ts'
import { figuresOf, saveFigures } from './figures.ts'

interface Flags {
  readonly store: string
  readonly strategy: StrategyName
  readonly loads: readonly number[]
  readonly lives?: number
  readonly seconds?: number
  readonly steps?: number
  readonly users: number
  readonly inFlight: number
  readonly ids: readonly IdKind[]
  readonly poolsMb: readonly (number | null)[]
  readonly json?: boolean
  readonly save?: string
}

const STEP_COLUMNS = ['lives', 'pool MB', 'ids', 'commands/s', 'p50 ms', 'p99 ms', 'MB', 'bytes per life'] as const
const READ_COLUMNS = ['loaded', 'pool MB', 'statement ms', 'open holds ms', 'search ms', 'hold ms'] as const

const LOADABLE: readonly StrategyName[] = STRATEGY_NAMES.filter((name) => 'loading' in STRATEGIES[name])
const LIVES = 1_000_000
const LIVES_MAX = 1_000_000_000
const STEPS = 10
const STEPS_OF_SECONDS = 3
const STORES = 'sqlite:[FOLDER], mysql://USER@HOST, mariadb://USER@HOST, postgres://USER@HOST/postgres'
/** Between two lines about the loading. */
const LIVES_PER_LINE = 1_000_000

endWithReader()

try {
  await main(commandLine().parse().opts<Flags>())
} catch (error) {
  process.exitCode = exitCodeOf(error)
}

function commandLine(): Command {
  return new Command('npm run -s bench:growth --')
    .exitOverride()
    .description('Measures lives of holds in a scratch database that grows.')
    .option('--store <url>', STORES, 'sqlite:')
    .addOption(
      new Option('--strategy <name>', 'a strategy of the lab').choices(strategiesThatPlay('lives')).default('holdfast'),
    )
    .option(
      '--loads <list>',
      'lives that SQL writes before the steps, ascending; with several, the steps are taken at each',
      listOf(whole(0, LIVES_MAX)),
      [0],
    )
    .option(
      '--steps <count>',
      `measured steps (default: ${STEPS}; ${STEPS_OF_SECONDS} with --seconds)`,
      whole(1, 1_000),
    )
    .option('--lives <count>', 'lives of all steps together (default: 1000000)', whole(1, LIVES_MAX))
    .addOption(
      new Option('--seconds <count>', 'length of a step, in place of --lives')
        .argParser(decimal(0.1, 3_600))
        .conflicts('lives'),
    )
    .option('--users <count>', 'number of accounts', whole(1, 100_000), 1)
    .option('--in-flight <count>', 'calls in flight', whole(1, 10_000), 1_000)
    .option(
      '--ids <kinds>',
      `request ids, ${ID_KINDS.join(', ')}: random UUIDs, UUIDs by time, or counted; with several, each step is taken with each`,
      listOf(oneOf('Kinds of ids', ID_KINDS)),
      ['v4' as IdKind],
    )
    .option(
      '--pools-mb <list>',
      'sizes of the buffer pool of MySQL or MariaDB; with several, the steps are taken with each (default: the server’s)',
      listOf<number | null>(whole(8, 1_000_000)),
      [null],
    )
    .option('--save <file>', 'keeps the medians of the steps in a JSON file')
    .option('--json', 'one JSON document per step')
}

async function main({ store, strategy: name, json, save, ...flags }: Flags): Promise<void> {
  const { users, inFlight, ids, poolsMb } = flags
  const loads = flags.loads.toSorted((left, right) => left - right)
  if (loads.some((lives) => lives > 0) && !LOADABLE.includes(name)) {
    throw new UsageError(`--loads fills the tables of ${LOADABLE.join(', ')}, not those of ${name}.`)
  }
  const steps = flags.steps ?? (flags.seconds === undefined ? STEPS : STEPS_OF_SECONDS)
  const interruption = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort())
  await using server = await openScratchServer(store)
  const { flavour, version, settings } = server.facts
  const where = { store: withoutPassword(store), strategy: name, users, inFlight }
  if (json !== true) {
    process.stdout.write(
      `growth of ${name} on ${SERVER_NAMES[flavour]} ${version} (${where.store}): ${count(users, 'user')}, ${count(inFlight, 'call')} in flight\n` +
        `Node ${process.version}; ${settingsText(settings)}\n\n`,
    )
  }
  const taken: GrowthStep[] = []
  const read: GrowthReads[] = []
  const tell = (line: object, text: string): void => {
    if (json === true) process.stdout.write(`${JSON.stringify({ ...where, ...line })}\n`)
    else process.stderr.write(`${text}\n`)
  }
  await grow(
    server,
    STRATEGIES[name],
    { loads, steps, extent: extentOf(flags, steps), ids, poolsMb, users, inFlight, signal: interruption.signal },
    {
      onStep(step) {
        taken.push(step)
        tell(step, `${whole3(step.lives)} lives: ${whole3(step.commandsPerSecond)} commands/s`)
      },
      onReads(reads) {
        read.push(reads)
        tell(reads, `${whole3(reads.loaded)} lives: a page of a statement in ${msText(reads.statementMs)} ms`)
      },
      onLoaded(lives) {
        if (lives % LIVES_PER_LINE === 0) process.stderr.write(`${whole3(lives)} lives loaded\n`)
      },
    },
  )
  if (json !== true) process.stdout.write(tables(taken, read))
  if (save !== undefined && !interruption.signal.aborted) {
    await saveFigures(save, figuresOf({ ...where, flavour, version }, taken, read))
  }
}

function extentOf({ lives, seconds }: Pick<Flags, 'lives' | 'seconds'>, steps: number): Extent {
  return seconds === undefined ? { lives: Math.max(1, Math.round((lives ?? LIVES) / steps)) } : { seconds }
}

function tables(steps: readonly GrowthStep[], reads: readonly GrowthReads[]): string {
  const shown = [listTable([...STEP_COLUMNS], steps.map(stepCells))]
  if (reads.length > 0) shown.push(listTable([...READ_COLUMNS], reads.map(readCells)))
  return `${shown.join('\n\n')}\n`
}

function stepCells({ lives, poolMb, ids, ...step }: GrowthStep): readonly string[] {
  return [
    whole3(lives),
    poolText(poolMb),
    ids,
    whole3(step.commandsPerSecond),
    step.p50Ms.toFixed(2),
    step.p99Ms.toFixed(2),
    (step.bytes / 1_000_000).toFixed(0),
    step.bytesPerLife.toFixed(0),
  ]
}

function readCells({ loaded, poolMb, ...ms }: GrowthReads): readonly string[] {
  const times = [ms.statementMs, ms.openHoldsMs, ms.searchMs, ms.holdMs]
  return [whole3(loaded), poolText(poolMb), ...times.map(msText)]
}

function poolText(mb: number | null): string {
  return mb === null ? '' : whole3(mb)
}

function whole3(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
