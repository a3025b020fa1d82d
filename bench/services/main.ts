/**
 * One service and several on one database, for many users:
 *
 *   npm run -s bench:services -- --store mariadb://root@127.0.0.1
 *   npm run -s bench:services -- --store postgres://root@127.0.0.1/postgres --services 1,2,4 --callers 100,400 --users 100000
 *
 * Each row is the median of rounds that take turns. Everything shares the machine. Exits 1 when books are wrong.
 */
import { Command } from 'commander'
import { listTable, styled } from '../../src/cli/tables.ts'
import { decimal, listOf, oneOf, serversOption, whole } from '../command-line.ts'
import { openScratchServer } from '../databases/scratch.ts'
import { SERVER_NAMES } from '../output/headline.ts'
import { rateText, shareText } from '../output/numbers.ts'
import { complain, endWithReader, EXIT, exitCodeOf } from '../trouble.ts'
import { measureServices, ROUTINGS, type Routing, type ServicesResult } from './services.ts'

interface Flags {
  readonly store: readonly string[]
  readonly services: readonly number[]
  readonly callers: readonly number[]
  readonly routings: readonly Routing[]
  readonly users: number
  readonly seconds: number
  readonly warmup: number
  readonly rounds: number
  readonly json?: boolean
}

interface Row {
  readonly services: number
  readonly callers: number
  readonly routing: Routing
}

const COLUMNS = ['services', 'callers', 'routing', 'commands/s', 'p50 ms', 'p99 ms', 'batch', 'conflicts'] as const

endWithReader()

try {
  process.exitCode = await main(commandLine().parse().opts<Flags>())
} catch (error) {
  process.exitCode = exitCodeOf(error)
}

function commandLine(): Command {
  return new Command('npm run -s bench:services --')
    .exitOverride()
    .description('Measures one service and several on one database.')
    .addOption(serversOption())
    .option('--services <counts>', 'how many', listOf(whole(1, 16)), [1, 4])
    .option('--callers <counts>', 'of all services together', listOf(whole(1, 2_000)), [100])
    .option(
      '--routings <names>',
      'any: every service is called about every user; home: each user has one',
      listOf(oneOf('Routings', ROUTINGS)),
      ROUTINGS,
    )
    .option('--users <count>', 'accounts', whole(16, 100_000), 10_000)
    .option('--seconds <count>', 'measured time per row and round', decimal(0.1, 3_600), 4)
    .option('--warmup <seconds>', 'warm-up before it', decimal(0, 600), 4)
    .option('--rounds <count>', 'rounds; the median is shown', whole(1, 99), 3)
    .option('--json', 'one JSON document per row')
}

async function main({ store: stores, users, seconds, warmup, rounds, json, ...flags }: Flags): Promise<number> {
  let areWrong = false
  for (const store of stores) {
    await using server = await openScratchServer(store)
    const { flavour, version } = server.facts
    const rows = rowsOf(flags)
    const seen = new Map<Row, ServicesResult[]>(rows.map((row) => [row, []]))
    for (let round = 1; round <= rounds; round++) {
      for (const row of rows) {
        process.stderr.write(`${flavour}, round ${round}: ${row.services}, ${row.callers} callers, ${row.routing}\n`)
        seen.get(row)!.push(await measureServices(server, { ...row, users, seconds, warmUpSeconds: warmup }))
      }
    }
    const results = rows.map((row) => ({ ...row, ...middleOf(seen.get(row)!) }))
    for (const { findings } of results) for (const finding of findings) complain(finding)
    areWrong ||= results.some(({ findings }) => findings.length > 0)
    if (json === true)
      for (const result of results) process.stdout.write(`${JSON.stringify({ flavour, users, ...result })}\n`)
    else {
      process.stdout.write(`${styled('bold', `${SERVER_NAMES[flavour]} ${version}: ${users} users`)}\n`)
      process.stdout.write(`${listTable(COLUMNS, results.map(cellsOf))}\n\n`)
    }
  }
  return areWrong ? EXIT.wrongBooks : EXIT.ok
}

/** With one service there is nothing to choose. */
function rowsOf({ services, callers, routings }: Pick<Flags, 'services' | 'callers' | 'routings'>): readonly Row[] {
  return callers.flatMap((each) =>
    services.flatMap((count) =>
      (count === 1 ? (['any'] as const) : routings).map((routing) => ({ services: count, callers: each, routing })),
    ),
  )
}

/** The result with the median rate, and everybody's findings. */
function middleOf(results: readonly ServicesResult[]): ServicesResult {
  const sorted = results.toSorted((left, right) => left.commandsPerSecond - right.commandsPerSecond)
  return { ...sorted[sorted.length >> 1]!, findings: results.flatMap(({ findings }) => findings) }
}

function cellsOf({ services, callers, routing, ...result }: Row & ServicesResult): readonly string[] {
  const { commandsPerSecond, p50Ms, p99Ms, commandsPerBatch, conflictShare } = result
  return [
    String(services),
    String(callers),
    services === 1 ? '' : routing,
    rateText(commandsPerSecond),
    p50Ms.toFixed(1),
    p99Ms.toFixed(1),
    commandsPerBatch.toFixed(1),
    shareText(conflictShare),
  ]
}
