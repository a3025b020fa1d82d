/**
 * What quiet users experience beside a noisy one:
 *
 *   npm run -s fairness
 *   npm run -s fairness -- --store mariadb://root@127.0.0.1 --store postgres://root@127.0.0.1/postgres --only batches-30,new-100
 *
 * 100 users freeze once a second each, beside one noise at a time (`noises.ts`), each on a service and a scratch database of its own. Then
 * the hot user has a service alone, so that two checkouts can be compared. `--save bench/report/fairness.json` keeps the rows for the
 * report, where `npm run bench:report -- --draw` puts them. Exits 1 when a bound (`bounds.ts`) is broken.
 */
import { Command } from 'commander'
import { listTable, styled } from '../../src/cli/tables.ts'
import { withoutPassword } from '../../src/config.ts'
import { ServiceProcess } from '../../harness/service-process.ts'
import { migrateLedger } from '../../src/ledger.ts'
import { collected, decimal, listOf, oneOf, whole } from '../command-line.ts'
import { openScratchServer, type ScratchServer } from '../databases/scratch.ts'
import { SERVER_NAMES } from '../output/headline.ts'
import { rateText, shareText } from '../output/numbers.ts'
import { endWithReader, exitCodeOf } from '../trouble.ts'
import { findingsOf, type Finding } from './bounds.ts'
import {
  fundAccounts,
  measureAlone,
  measureFairness,
  medianOf,
  type FairnessOptions,
  type FairnessResult,
} from './fairness.ts'
import { saveFairness, type FairnessRow } from './figures.ts'
import { baseOf, NOISE_NAMES, NOISES, type Noise, type NoiseName } from './noises.ts'

interface Flags {
  readonly store: readonly string[]
  readonly seconds: number
  readonly users: number
  readonly rounds: number
  readonly only: readonly Part[]
  readonly json?: boolean
  readonly save?: string
}

const ALONE = 'alone'
type Part = NoiseName | typeof ALONE
const PARTS: readonly Part[] = [...NOISE_NAMES, ALONE]
/** What the hot user does alone. */
const HOT: readonly NoiseName[] = ['kept', 'client']
const WARM_UP_SECONDS = 2
/** As services start in use: /readyz says no until their code is compiled. */
const WARMED_UP = ['--warm-up-ms', '2000']
const STORES = 'sqlite:[FOLDER], mysql://USER@HOST, mariadb://USER@HOST, postgres://USER@HOST/postgres; can be repeated'
const DEFAULT_STORE = 'sqlite:'
const COLUMNS = [
  'noise',
  'connections',
  'failed',
  'p50 ms',
  'p99 ms',
  'max ms',
  'noise served/s',
  'noise refused/s',
  '/healthz ms',
  'commit ms',
  'verdict',
] as const

endWithReader()

try {
  const flags = commandLine().parse().opts<Flags>()
  const stores = flags.store.length > 0 ? flags.store : [DEFAULT_STORE]
  let isBroken = false
  for (const store of stores) isBroken = (await runOn(store, flags)) || isBroken
  if (isBroken) process.exitCode = 1
} catch (error) {
  process.exitCode = exitCodeOf(error)
}

function commandLine(): Command {
  return new Command('npm run -s fairness --')
    .exitOverride()
    .description('Measures quiet users of the service beside a noisy one.')
    .option('--store <url>', STORES, collected, [])
    .option('--seconds <count>', 'measured time per row', decimal(1, 3_600), 10)
    .option('--rounds <count>', 'of all rows; the one with the median p99 counts', whole(1, 99), 3)
    .option('--users <count>', 'quiet users, each with one freeze per second', whole(1, 400), 100)
    .option(
      '--only <names>',
      `some of ${PARTS.join(', ')}; the rows to compare with are measured too`,
      listOf(oneOf('Noises', PARTS)),
      PARTS,
    )
    .option('--json', 'one JSON document per row')
    .option('--save <file>', 'adds the rows to this file, for the report')
}

/** True when a bound is broken. */
async function runOn(store: string, { seconds, users, rounds, only, json, save }: Flags): Promise<boolean> {
  await using server = await openScratchServer(store)
  const { flavour, version } = server.facts
  const where = { store: withoutPassword(store), server: { flavour, version } }
  if (json !== true) {
    const headline = `${SERVER_NAMES[flavour]} ${version}: ${users} users freeze once a second each, ${rounds} × ${seconds} s per row`
    process.stdout.write(`${styled('bold', headline)}\n`)
  }
  const names = rowsOf(only)
  const measured = new Map<NoiseName, FairnessResult[]>(names.map((name) => [name, []]))
  for (let round = 1; round <= rounds; round++) {
    for (const name of names) {
      const noise = NOISES[name]
      const result = await onService(server, users, seconds, (options) => measureFairness(noise, options))
      measured.get(name)!.push(result)
      if (json !== true)
        process.stderr.write(
          `${noise.text} (${noise.connecting}), round ${round}: p99 ${ms(result.quiet.p99Ms)} ms, ${late([result])}\n`,
        )
    }
  }
  const results = new Map([...measured].map(([name, all]) => [name, medianOf(all)]))
  const rows: (readonly string[])[] = []
  const kept: FairnessRow[] = []
  let isBroken = false
  for (const [name, result] of results) {
    const noise: Noise = NOISES[name]
    const findings = findingsOf(result, results.get(baseOf(noise))!)
    isBroken ||= findings.some(({ ok }) => !ok)
    rows.push(rowOf(noise, result, findings))
    const madeAt = new Date().toISOString()
    kept.push({ flavour, version, seconds, rounds, noise: name, ...result, findings, madeAt })
    if (json === true) process.stdout.write(`${JSON.stringify({ ...where, noise: name, ...result, findings })}\n`)
  }
  if (json !== true && rows.length > 0)
    process.stdout.write(`${listTable(COLUMNS, rows)}\n${late([...results.values()])}\n`)
  if (save !== undefined) await saveFairness(save, kept)
  const alone = only.includes(ALONE) ? HOT : []
  for (const name of alone) {
    const perSecond = await onService(server, users, seconds, (options) => measureAlone(NOISES[name], options))
    if (json === true)
      process.stdout.write(`${JSON.stringify({ ...where, alone: name, freezesPerSecond: perSecond })}\n`)
    else process.stdout.write(`the hot user alone, ${NOISES[name].text}: ${rateText(perSecond)} freezes/s\n`)
  }
  return isBroken
}

/** In the order of the catalogue, in which the row to compare with comes first. */
function rowsOf(only: readonly Part[]): readonly NoiseName[] {
  const wanted = NOISE_NAMES.filter((name) => only.includes(name))
  const needed = new Set([...wanted, ...wanted.map((name) => baseOf(NOISES[name]))])
  return NOISE_NAMES.filter((name) => needed.has(name))
}

async function onService<Measured>(
  server: ScratchServer,
  quietUsersCount: number,
  seconds: number,
  measure: (options: FairnessOptions) => Promise<Measured>,
): Promise<Measured> {
  const database = await server.create()
  try {
    await migrateLedger(database.url)
    await using service = await ServiceProcess.start(database.url, WARMED_UP)
    await service.ready()
    const options = {
      port: Number(new URL(service.url).port),
      quietUsersCount,
      seconds,
      warmUpSeconds: WARM_UP_SECONDS,
    }
    await fundAccounts(options)
    const measured = await measure(options)
    // What is still in the queue is nobody's any more.
    await service.kill()
    return measured
  } finally {
    await database.drop()
  }
}

function rowOf(
  noise: Noise,
  { quiet, noisy, health, commitMs }: FairnessResult,
  findings: readonly Finding[],
): string[] {
  const broken = findings.filter(({ ok }) => !ok)
  const verdict = broken.map(({ what, found, bound }) => `${what} ${found}, ${bound}`).join('; ')
  return [
    noise.text,
    noise.connecting === 'kept' ? 'kept' : 'new for each request',
    shareText(quiet.failedShare),
    ms(quiet.p50Ms),
    ms(quiet.p99Ms),
    ms(quiet.maxMs),
    rateText(noisy.servedPerSecond),
    rateText(noisy.refusedPerSecond),
    ms(health.longestMs),
    ms(commitMs),
    broken.length === 0 ? styled('green', 'ok') : styled('red', `BROKEN: ${verdict}`),
  ]
}

function ms(value: number | null): string {
  return value === null ? '—' : value.toFixed(1)
}

/** Latencies are exact only to so much. */
function late(results: readonly FairnessResult[]): string {
  const most = Math.max(...results.map(({ measuringLateMs }) => measuringLateMs))
  return `the measuring process itself was late by at most ${ms(most)} ms`
}
