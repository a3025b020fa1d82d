/**
 * Old code and Holdfast on the same rows, joined by a bridge:
 *
 *   npm run -s coexist -- --store mariadb://root@127.0.0.1
 *   npm run -s coexist -- --store mysql://root@127.0.0.1 --store postgres://root@127.0.0.1/postgres --strategies cas --shares 0,50,100
 *
 * A share of the callers uses Holdfast, the others a strategy of the write-ups, on one hot user and on many. Where there is one side only,
 * the same is measured without a bridge, in turns. `--save bench/report/coexist.json` keeps the rows for the report, where
 * `npm run bench:report -- --draw` puts them. Exits 1 when books are wrong.
 */
import { Command } from 'commander'
import { listTable, styled } from '../../src/cli/tables.ts'
import { withoutPassword } from '../../src/config.ts'
import { decimal, listOf, oneOf, serversOption, trialOf, UsageError, whole } from '../command-line.ts'
import { openScratchServer, type ScratchServer } from '../databases/scratch.ts'
import { SERVER_NAMES } from '../output/headline.ts'
import { complain, endWithReader, EXIT, exitCodeOf } from '../trouble.ts'
import type { Trial } from '../run/strategy-run.ts'
import { measureMix, mixesOf, OLD_STRATEGIES, SHARES, type Mix, type MixSeen, type OldStrategy } from './coexist.ts'
import { coexistRow, saveCoexist, type CoexistRow } from './figures.ts'
import { COEXIST_COLUMNS, coexistCells } from './table.ts'

interface Flags {
  readonly store: readonly string[]
  readonly seconds: number
  readonly warmup: number
  readonly rounds: number
  readonly callers: number
  readonly users: number
  readonly strategies: readonly OldStrategy[]
  readonly shares: readonly number[]
  readonly only: readonly Place[]
  readonly seed: number
  readonly json?: boolean
  readonly save?: string
}

/** One hot user, or many by Zipf's law. */
type Place = 'hot' | 'spread'
const PLACES: readonly Place[] = ['hot', 'spread']

endWithReader()

try {
  process.exitCode = await main(commandLine().parse().opts<Flags>())
} catch (error) {
  process.exitCode = exitCodeOf(error)
}

function commandLine(): Command {
  return new Command('npm run -s coexist --')
    .exitOverride()
    .description('Measures old code and Holdfast on the same rows, joined by a bridge.')
    .addOption(serversOption())
    .option('--strategies <names>', 'of the old side', listOf(oneOf('Old strategies', OLD_STRATEGIES)), OLD_STRATEGIES)
    .option('--shares <percent>', 'of the callers, those that use Holdfast', listOf(whole(0, 100)), SHARES)
    .option('--only <places>', PLACES.join(', '), listOf(oneOf('Places', PLACES)), PLACES)
    .option('--callers <count>', 'calls in flight of both sides together', whole(2, 10_000), 100)
    .option('--users <count>', 'accounts of spread', whole(2, 100_000), 1_000)
    .option('--seconds <count>', 'measured time per row', decimal(0.1, 3_600), 2)
    .option('--warmup <seconds>', 'warm-up before it', decimal(0, 600), 0.5)
    .option('--rounds <count>', 'rounds of everything; the median is shown', whole(1, 99), 1)
    .option('--seed <number>', 'seed of all random choices', whole(0, 0x7fff_ffff), 1)
    .option('--json', 'one JSON document per row')
    .option('--save <file>', 'adds the rows to this file, for the report')
}

async function main(flags: Flags): Promise<number> {
  for (const store of flags.store) {
    if (store.startsWith('sqlite:')) {
      throw new UsageError('coexist needs a bridge, and SQLite has none: use MySQL, MariaDB or PostgreSQL.')
    }
  }
  const interruption = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort())
  let areWrong = false
  for (const store of flags.store) {
    await using server = await openScratchServer(store)
    for (const place of flags.only) {
      if (interruption.signal.aborted) continue
      const rows = await runAt(place, { server, store, flags, signal: interruption.signal })
      areWrong ||= rows.some(({ consistent }) => !consistent)
    }
  }
  if (interruption.signal.aborted) complain('Interrupted; the scratch databases are removed.')
  if (areWrong) return EXIT.wrongBooks
  return interruption.signal.aborted ? EXIT.trouble : EXIT.ok
}

interface Run {
  readonly server: ScratchServer
  readonly store: string
  readonly flags: Flags
  readonly signal: AbortSignal
}

async function runAt(place: Place, { server, store, flags, signal }: Run): Promise<readonly CoexistRow[]> {
  const { seconds, warmup, seed, callers: inFlight, users, strategies, shares, rounds, json, save } = flags
  const common = { store, seconds, warmup, seed, inFlight }
  const trial: Trial =
    place === 'hot' ? trialOf('life', common) : trialOf('spread', { ...common, users, distribution: 'zipf' })
  const { flavour, version } = server.facts
  if (json !== true) {
    const where = place === 'hot' ? 'one user' : `${users} users by Zipf’s law`
    const headline = `${SERVER_NAMES[flavour]} ${version}: ${inFlight} callers on ${where}, ${seconds} s per row`
    process.stdout.write(`${styled('bold', headline)}\n`)
  }
  const mixes = mixesOf(strategies, shares)
  const seen = new Map<Mix, MixSeen[]>(mixes.map((mix) => [mix, []]))
  for (let round = 0; round < rounds; round++) {
    for (const mix of mixes) {
      if (signal.aborted) return []
      process.stderr.write(`${flavour}, ${place}, round ${round + 1}: ${nameOf(mix)}\n`)
      try {
        seen.get(mix)!.push(await measureMix(server, mix, trial, signal))
      } catch (error) {
        if (!signal.aborted) throw error
      }
    }
  }
  if (signal.aborted) return []
  const setting = { store: withoutPassword(store), server: server.facts, trial }
  const rows = mixes.map((mix) => coexistRow(mix, seen.get(mix)!, setting))
  if (json === true) for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`)
  else {
    process.stdout.write(
      `${listTable(
        COEXIST_COLUMNS,
        rows.map((row) => coexistCells(row, rows)),
      )}\n\n`,
    )
  }
  for (const { findings } of rows) for (const finding of findings.slice(0, 3)) complain(finding)
  if (save !== undefined) await saveCoexist(save, rows)
  return rows
}

function nameOf({ old, share, bridged }: Mix): string {
  return `${old ?? 'holdfast alone'}, ${share} %${bridged ? '' : ', no bridge'}`
}
