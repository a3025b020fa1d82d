/**
 * The simulation, for longer runs than the tests: `npm run simulate -- …`
 *
 *   --minutes N              the duration (or --seconds N), one minute by default
 *   --seed S                 starts at seed S; without a duration, plays only that seed
 *   --intents … --faults …   only these requests and faults of the seed, as a failure prints them: 0-3,7
 *   --trace                  prints every event of the one seed
 *   --bugs                   looks for every deliberate bug instead, and prints how long each took
 *   --bug NAME               looks for that bug; may be repeated
 *   --json                   prints the totals as one JSON object instead of text
 *
 * The same workload and audit on a real database, with several processes and real faults (test/live/live-run.ts):
 *
 *   --store URL              on a scratch database of this server, or sqlite: for a file; may be repeated for servers of the same rows
 *   --processes N            the number of processes with an engine of their own, 3 by default; a service and the command line are added
 *
 * A live run cannot be replayed exactly: a failure leaves the database and a file with the whole history.
 *
 * The progress is printed during the run. The run ends at the first failure with exit code 1. A simulation's failure is reduced as far
 * as possible and printed with the command line that replays it.
 */
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { listTable, styled } from '../../src/cli/tables.ts'
import { keepHistory, runLiveCampaign } from '../live/campaign.ts'
import type { LiveReport } from '../live/live-run.ts'
import { lineOf, liveJsonOf, liveTextOf } from '../live/sums.ts'
import { hunt } from './bug-hunt.ts'
import { runCampaign, type Tally } from './campaign.ts'
import { DELIBERATE_BUGS } from './deliberate-bugs.ts'
import { makeScenario } from './scenario.ts'
import { parseRanges, replayCommand, shrink } from './shrinking.ts'
import { simulate, type Report } from './simulation.ts'

/** How often the progress is printed: on a terminal it overwrites itself. */
const TOLD_EVERY_MS = process.stdout.isTTY ? 500 : 60_000
const SHRINKING_MS = 60_000
const BUG_SEEDS_MAX = 5_000
/** A first seed that is not given is chosen at random below this number. */
const SEEDS = 2 ** 31

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seconds: { type: 'string' },
    seed: { type: 'string' },
    intents: { type: 'string' },
    faults: { type: 'string' },
    trace: { type: 'boolean', default: false },
    bugs: { type: 'boolean', default: false },
    bug: { type: 'string', multiple: true, default: [] },
    json: { type: 'boolean', default: false },
    store: { type: 'string', multiple: true, default: [] },
    processes: { type: 'string', default: '3' },
  },
})
try {
  await main()
} catch (error) {
  if (!(error instanceof RangeError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 2
}

async function main(): Promise<void> {
  const seed = options.seed === undefined ? null : numberOf('--seed', options.seed)
  const msMax = timeOf()
  if (options.store.length > 0) return await playLive(seed ?? randomInt(SEEDS), msMax ?? 60_000)
  if (options.bugs || options.bug.length > 0) return await huntAll(options.bug)
  if (seed !== null && msMax === null) return await playOne(seed)
  await playMany(seed ?? randomInt(SEEDS), msMax ?? 60_000)
}

async function playMany(firstSeed: number, msMax: number): Promise<void> {
  const startedAt = performance.now()
  if (!options.json) console.log(`Seeds from ${firstSeed} upwards, for ${Math.round(msMax / 1000)} s.`)
  let toldAt = startedAt
  let lines = 0
  const tell = (tally: Tally): void => {
    if (options.json) return
    const text = textOf(tally, firstSeed, performance.now() - startedAt)
    if (process.stdout.isTTY && lines > 0) process.stdout.write(`\u001b[${lines}A\u001b[J`)
    process.stdout.write(text)
    lines = text.split('\n').length - 1
  }
  const onSeed = (tally: Tally): void => {
    if (performance.now() - toldAt < TOLD_EVERY_MS) return
    toldAt = performance.now()
    tell(tally)
  }
  const { tally, failure } = await runCampaign({ firstSeed, msMax, onSeed })
  tell(tally)
  if (options.json) console.log(jsonOf(tally, { firstSeed, ms: performance.now() - startedAt, failure }))
  if (failure === null) return
  await tellFailure(failure)
}

async function playLive(firstSeed: number, loadMs: number): Promise<void> {
  const engines = numberOf('--processes', options.processes)
  if (!Number.isInteger(engines) || engines < 3) throw new RangeError('--processes takes a whole number, 3 or more.')
  const startedAt = performance.now()
  if (!options.json) console.log(`Seeds from ${firstSeed} upwards, ${Math.round(loadMs / 1000)} s of load.`)
  const onRun = (report: LiveReport): void => {
    if (!options.json) process.stdout.write(lineOf(report))
  }
  const { tally, failure } = await runLiveCampaign({ stores: options.store, engines, firstSeed, loadMs, onRun })
  if (options.json) console.log(liveJsonOf(tally, { firstSeed, failedSeed: failure?.seed ?? null }))
  else process.stdout.write(liveTextOf(tally, performance.now() - startedAt))
  if (failure === null) return
  const file = await keepHistory(failure)
  tellViolations(failure)
  console.error(`\nThe history is in ${file}, the rows are in ${failure.database}.`)
}

async function playOne(seed: number): Promise<void> {
  const intents = options.intents === undefined ? undefined : parseRanges(options.intents)
  const faults = options.faults === undefined ? undefined : parseRanges(options.faults)
  const report = await simulate(makeScenario(seed, { intents, faults }), { traced: true })
  if (options.trace) console.log(report.trace.join('\n'))
  console.log(`Seed ${seed}: ${report.calls} calls, ${report.commits} commits, ${report.events} events`)
  console.log(`SHA-256 of the run: ${report.digest}`)
  if (report.violations.length === 0) return console.log(styled('green', 'Every promise was kept.'))
  if (intents === undefined && faults === undefined) return await tellFailure(report)
  tellViolations(report)
}

async function tellFailure(failure: Report): Promise<void> {
  if (!options.json) console.log(`Seed ${failure.seed} fails. Looking for the smallest part of it that still fails.`)
  const { kept, report } = await shrink(failure, SHRINKING_MS)
  tellViolations(report)
  console.error(`\nReplay it with: ${replayCommand(failure.seed, kept)}`)
}

function tellViolations({ violations }: Pick<Report, 'violations'>): void {
  for (const { law, what } of violations) console.error(styled('red', `${lawName(law)}: ${what}`))
  process.exitCode = 1
}

/** @param names the bugs to look for; an empty list means all */
async function huntAll(names: readonly string[]): Promise<void> {
  const known = new Set(DELIBERATE_BUGS.map(({ name }) => name))
  for (const name of names) if (!known.has(name)) throw new RangeError(`There is no deliberate bug "${name}".`)
  const rows: string[][] = []
  for (const bug of DELIBERATE_BUGS) {
    if (names.length > 0 && !names.includes(bug.name)) continue
    const startedAt = performance.now()
    const { seeds, seed, what } = await hunt(bug, BUG_SEEDS_MAX)
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
    const found = what === null ? styled('red', 'NOT CAUGHT') : what.split('\n')[0]!.slice(0, 60)
    rows.push([
      bug.name,
      bug.caughtBy,
      seeds === 0 ? '' : String(seeds),
      seed === null ? '' : String(seed),
      `${seconds} s`,
      found,
    ])
    process.stdout.write(`${what === null ? 'MISSED' : 'caught'} ${bug.name} (${seconds} s)\n`)
    if (what === null) process.exitCode = 1
  }
  console.log(`\n${listTable(['bug', 'caught by', 'seeds', 'last', 'time', 'finding'], rows)}`)
}

function textOf(tally: Tally, firstSeed: number, ms: number): string {
  const { seeds, calls, commits, events } = tally
  const clock = `${Math.floor(ms / 60_000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, '0')}`
  const sums = [
    `${count(seeds)} seeds (the last ${firstSeed + seeds - 1})`,
    `${count(calls)} commands`,
    `${count(commits)} commits`,
    `${count(events)} events`,
    `${(tally.ms / 3_600_000).toFixed(1)} simulated hours`,
  ]
  const faults = sorted(tally.hits).map(([kind, hits]) => `${kind} ${count(hits)}`)
  const answers = sorted(tally.answers).map(([code, answered]) => `${code} ${count(answered)}`)
  const applied = sorted(tally.applied).map(([kind, effects]) => `${kind} ${count(effects)}`)
  const checks = sorted(tally.checks).map(([law, checked]) => `${lawName(law)} ${count(checked)}`)
  const told = [`${styled('bold', clock)}  ${sums.join(', ')}`]
  told.push(`  faults: ${faults.join(', ')}`, `  answers: ${answers.join(', ')}`)
  told.push(`  effects: ${applied.join(', ')}`, `  checks: ${checks.join(', ')}`)
  return `${told.join('\n')}\n`
}

function jsonOf(tally: Tally, run: { firstSeed: number; ms: number; failure: Report | null }): string {
  const { seeds, calls, commits, events, ms } = tally
  return JSON.stringify({
    firstSeed: run.firstSeed,
    seconds: Math.round(run.ms / 1000),
    seeds,
    commands: calls,
    commits,
    events,
    simulatedHours: Math.round(ms / 360_000) / 10,
    faults: Object.fromEntries(sorted(tally.hits)),
    answers: Object.fromEntries(sorted(tally.answers)),
    effects: Object.fromEntries(sorted(tally.applied)),
    checks: Object.fromEntries(sorted(tally.checks)),
    failedSeed: run.failure?.seed ?? null,
  })
}

function sorted<Key extends string | number>(counts: ReadonlyMap<Key, number>): readonly [Key, number][] {
  return [...counts].sort(([left], [right]) => (left < right ? -1 : 1))
}

function lawName(law: number): string {
  return law === 0 ? 'linearizable' : `law ${law}`
}

function count(number: number): string {
  return number.toLocaleString('en')
}

/** Null when no time was given. */
function timeOf(): number | null {
  if (options.minutes !== undefined) return numberOf('--minutes', options.minutes) * 60_000
  return options.seconds === undefined ? null : numberOf('--seconds', options.seconds) * 1_000
}

function numberOf(name: string, text: string): number {
  const number = Number(text)
  if (!Number.isFinite(number) || number < 0 || text.trim() === '') throw new RangeError(`${name} takes a number.`)
  return number
}
