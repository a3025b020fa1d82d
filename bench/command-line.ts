/** Parses and validates the command line: a plan, or a one-line error. */
import { randomInt } from 'node:crypto'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { ID_KINDS, type IdKind } from './load/request-ids.ts'
import { DISTRIBUTIONS, type Distribution } from './load/users.ts'
import type { Trial } from './run/strategy-run.ts'
import { isScenarioName, SCENARIO_NAMES, SCENARIOS, type ScenarioName } from './scenarios/catalogue.ts'
import { TRANSFER_USERS_MIN } from './scenarios/transfer.ts'
import {
  isStrategyName,
  STRATEGIES,
  strategiesThatPlay,
  STRATEGY_NAMES,
  type StrategyName,
} from './strategies/catalogue.ts'

export interface Plan {
  readonly store: string
  readonly strategies: readonly StrategyName[]
  readonly trial: Trial
  /** Rounds by default. */
  readonly rounds: number
  readonly json: boolean
}

/** Contradictory arguments; the message is one line. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const IN_FLIGHT_OPEN_LOOP = 1_000
/** InnoDB's default. */
const LOCK_TIMEOUT_MS_DEFAULT = 50_000
/** Longer than a lock timeout. */
const DRAIN_MS_MAX = 60_000
const SEED_MAX = 0x7fff_ffff

export interface TrialFlags {
  readonly store: string
  readonly users?: number
  readonly distribution?: Distribution
  readonly ids?: IdKind
  readonly inFlight?: number
  readonly connections?: number
  readonly processes?: number
  readonly rate?: number
  readonly seconds?: number
  readonly warmup?: number
  readonly lockTimeoutMs?: number
  readonly statementPauseMs?: number
  readonly seed?: number
}

interface Flags extends TrialFlags {
  readonly strategies?: readonly StrategyName[]
  readonly rounds?: number
  readonly json?: boolean
}

/** @throws CommanderError when commander has printed an error or the help; UsageError */
export function readPlan(words: readonly string[]): Plan {
  const command = commandLine()
  command.parse([...words], { from: 'user' })
  const [scenario] = command.processedArgs as [ScenarioName]
  return planOf(scenario, command.opts<Flags>())
}

export { CommanderError }

function commandLine(): Command {
  return (
    new Command('npm run -s bench --')
      .exitOverride()
      // The error is one line, without the usage.
      .showSuggestionAfterError(false)
      .configureOutput({ outputError: (text, write) => write(`${text.trimEnd()} (see --help)\n`) })
      .description(
        'Compares strategies under contention on one database: throughput, latency and errors, side by side.',
      )
      .argument('<scenario>', SCENARIO_NAMES.join(', '), readScenario)
      .option(
        '--store <url>',
        'sqlite:[FOLDER], mysql://USER@HOST, mariadb://USER@HOST, postgres://USER@HOST/postgres',
        'sqlite:',
      )
      .option(
        '--strategies <names>',
        'comma-separated (default: all that support the scenario’s commands)',
        readStrategies,
      )
      .option('--users <count>', 'number of accounts', whole(1, 100_000))
      .addOption(
        new Option('--distribution <name>', 'distribution of calls over users')
          .choices(DISTRIBUTIONS)
          .default('uniform'),
      )
      .addOption(
        new Option('--ids <kind>', 'request ids: random UUIDs (v4), UUIDs by time (v7), or counted')
          .choices(ID_KINDS)
          .default('v4'),
      )
      .option('--in-flight <count>', 'calls in flight in total; with --rate the maximum', whole(1, 10_000))
      .option(
        '--connections <count>',
        'database connections of a write-up’s strategy in total (default: as in its code)',
        whole(1, 1_000),
      )
      .option('--processes <count>', 'number of processes that make the calls', whole(1, 32))
      .option('--rate <calls>', 'open loop: calls per second at a fixed rate', whole(1, 1_000_000))
      .option('--seconds <count>', 'measured time per strategy', decimal(0.1, 3_600))
      .option('--warmup <seconds>', 'warm-up before it (default: a fifth of it, between 1 and 2)', decimal(0, 600))
      .option('--lock-timeout-ms <ms>', 'lock timeout of a statement', whole(1_000, 600_000), LOCK_TIMEOUT_MS_DEFAULT)
      .option(
        '--statement-pause-ms <ms>',
        'pause after each statement of the write-ups’ transactions, as with a distant database (default: 0)',
        whole(0, 10_000),
      )
      .option('--rounds <count>', 'rounds per strategy; the median one is shown', whole(1, 99), 1)
      .option('--seed <number>', 'seed of all random choices (default: random)', whole(0, SEED_MAX))
      .option('--json', 'print one JSON object per strategy and nothing else')
      .configureHelp({ sortOptions: false })
      .addHelpText(
        'after',
        () => `\n${catalogue('Scenarios', SCENARIOS)}\n\n${catalogue('Strategies', STRATEGIES)}\n\n${EXAMPLES}`,
      )
  )
}

const EXAMPLES = `Examples:
  npm run -s bench -- life --store sqlite:
  npm run -s bench -- freeze --store mysql://root@127.0.0.1 --strategies update-first,cas,holdfast
  npm run -s bench -- life --rate 500 --strategies update-first,holdfast --seconds 20
  npm run -s bench -- spread --distribution zipf --users 10000 --json

Strategies of the write-ups beside Holdfast on the same rows: npm run -s coexist -- --help

Every strategy gets a scratch database, which the lab creates and drops.`

function catalogue(title: string, all: Readonly<Record<string, { readonly summary: string }>>): string {
  const lines = Object.entries(all).map(([name, { summary }]) => `  ${name.padEnd(24)}${summary}`)
  return `${title}:\n${lines.join('\n')}`
}

/** @throws UsageError */
function planOf(scenario: ScenarioName, flags: Flags): Plan {
  const { commands } = SCENARIOS[scenario]
  const strategies = flags.strategies ?? strategiesThatPlay(commands)
  const stranger = strategies.find((name) => !strategiesThatPlay(commands).includes(name))
  if (stranger !== undefined) {
    const known = strategiesThatPlay(commands).join(', ')
    throw new UsageError(`${stranger} does not support ${scenario}; these do: ${known}.`)
  }
  const trial = trialOf(scenario, flags)
  const { users, processes, inFlight } = trial
  if (commands === 'transfers' && users < TRANSFER_USERS_MIN) {
    throw new UsageError(`One pays ten others: --users must be at least ${TRANSFER_USERS_MIN}.`)
  }
  if (inFlight < processes) {
    throw new UsageError(`${processes} processes need at least as many calls in flight; --in-flight is ${inFlight}.`)
  }
  return { store: flags.store, strategies, trial, rounds: flags.rounds ?? 1, json: flags.json === true }
}

/** The options for every strategy; defaults come from the scenario. */
export function trialOf(scenario: ScenarioName, flags: TrialFlags): Trial {
  const { defaults } = SCENARIOS[scenario]
  const processes = flags.processes ?? defaults.processes
  const rate = flags.rate ?? null
  const inFlight = flags.inFlight ?? (rate === null ? defaults.inFlight : IN_FLIGHT_OPEN_LOOP)
  const seconds = flags.seconds ?? defaults.seconds
  return {
    scenario,
    users: flags.users ?? defaults.users,
    distribution: flags.distribution ?? 'uniform',
    ids: flags.ids ?? 'v4',
    inFlight,
    connections: connectionsOf(flags, { inFlight, processes, perProcess: SCENARIOS[scenario].connections }),
    processes,
    rate,
    warmupSeconds: flags.warmup ?? Math.min(2, Math.max(1, seconds / 5)),
    seconds,
    lockTimeoutMs: flags.lockTimeoutMs ?? LOCK_TIMEOUT_MS_DEFAULT,
    statementPauseMs: flags.statementPauseMs ?? 0,
    drainMsMax: DRAIN_MS_MAX,
    seed: flags.seed ?? randomInt(SEED_MAX),
  }
}

/** At least one per process. SQLite has no use for a second connection, see databases/sqlite.ts. */
function connectionsOf(
  { store, connections }: TrialFlags,
  { inFlight, processes, perProcess }: Record<'inFlight' | 'processes' | 'perProcess', number>,
): number {
  if (store.startsWith('sqlite:')) return processes
  return Math.max(processes, connections ?? Math.min(inFlight, perProcess * processes))
}

function readScenario(text: string): ScenarioName {
  if (isScenarioName(text)) return text
  throw new InvalidArgumentError(`Scenarios are ${SCENARIO_NAMES.join(', ')}.`)
}

function readStrategies(text: string): readonly StrategyName[] {
  const names = text.split(',').map((name) => name.trim())
  const known = names.filter(isStrategyName)
  if (known.length < names.length) {
    throw new InvalidArgumentError(`Strategies are ${STRATEGY_NAMES.join(', ')}.`)
  }
  return [...new Set(known)]
}

export function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return value
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`)
  }
}

export function decimal(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^[0-9]{1,6}(\.[0-9]{1,3})?$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return value
    throw new InvalidArgumentError(`It must be a number from ${least} to ${most}.`)
  }
}

/** Items that are separated by commas, each once. */
export function listOf<Item>(read: (text: string) => Item): (text: string) => readonly Item[] {
  return (text) => [...new Set(text.split(',').map((item) => read(item.trim())))]
}

/** @param what the names are, in the plural and with a capital */
export function oneOf<Name extends string>(what: string, names: readonly Name[]): (text: string) => Name {
  return (text) => {
    const found = names.find((name) => name === text)
    if (found === undefined) throw new InvalidArgumentError(`${what} are ${names.join(', ')}.`)
    return found
  }
}

/** An option that can be repeated. */
export function collected(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text]
}

/** Of measurements that need a server. */
export function serversOption(): Option {
  const servers = 'mysql://USER@HOST, mariadb://USER@HOST, postgres://USER@HOST/postgres; can be repeated'
  return new Option('--store <url>', servers).argParser(collected).makeOptionMandatory()
}
