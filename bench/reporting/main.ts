/**
 * Measures the report: a set of runs on every available store, as a page, charts, and the JSON that they are made from.
 *
 *   npm run bench:report                      the whole report, about half an hour with four stores, into bench/report/
 *   npm run bench:report -- --quick           a smoke run into a temporary folder
 *   npm run bench:report -- --rounds 3        three rounds per strategy in every chapter
 *   npm run bench:report -- --draw            redraws the page and the charts from bench/report/results.json, without a run
 *
 * `npm run bench:growth -- --save bench/report/growth.json`, `npm run fairness -- --save bench/report/fairness.json` and
 * `npm run coexist -- --save bench/report/coexist.json` measure further sections of the page, which `--draw` puts there.
 *
 * Stores are SQLite and the servers in HOLDFAST_TEST_MYSQL_URL, HOLDFAST_TEST_MARIADB_URL and HOLDFAST_TEST_POSTGRES_URL.
 */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { styledError } from '../../src/cli/tables.ts'
import { StoreUrlError } from '../../src/stores/store-url-error.ts'
import { StoreTrouble } from '../databases/scratch.ts'
import { COEXIST_FILE, readCoexist } from '../coexist/figures.ts'
import { FAIRNESS_FILE, readFairness } from '../fairness/figures.ts'
import { GROWTH_FILE, readFigures } from '../growth/figures.ts'
import { LiveLine } from '../output/live-line.ts'
import { labStores } from '../stores.ts'
import { CHAPTER_IDS, isChapterId } from './chapters.ts'
import { chartsOf } from './charts.ts'
import { pageOf } from './page.ts'
import { readReport, reportText, RESULTS_FILE, type Report } from './report.ts'
import { runReport } from './run.ts'

/** Long enough for a steady state, and short enough for two hundred runs. */
const SECONDS = 1.5
const SECONDS_QUICK = 0.2
const SEED = 1
const OWN_FOLDER = resolve(import.meta.dirname, '../report')

class UsageError extends Error {
  override readonly name = 'UsageError'
}

try {
  process.exitCode = await main()
} catch (error) {
  process.exitCode = exitCodeOf(error)
}

async function main(): Promise<number> {
  const options = readOptions()
  const folder = options.out ?? (options.quick ? await mkdtemp(join(tmpdir(), 'holdfast-report-')) : OWN_FOLDER)
  const report = options.draw ? await readReport(join(folder, RESULTS_FILE)) : await run(options)
  if (report === null) return 3
  await write(folder, report)
  process.stdout.write(`${join(relative(process.cwd(), folder) || '.', 'index.html')}\n`)
  const wrong = report.sections.flatMap(({ results }) => results).filter(({ consistent }) => !consistent)
  for (const { strategy, scenario, store } of wrong)
    complain(`${strategy}: the books are wrong (${scenario}, ${store})`)
  return wrong.length > 0 ? 1 : 0
}

interface Options {
  readonly quick: boolean
  readonly draw: boolean
  readonly seconds: number
  readonly rounds: number | null
  readonly stores: readonly string[] | null
  readonly chapters: readonly string[] | null
  readonly out: string | null
}

/** @throws UsageError */
function readOptions(): Options {
  const { values } = parseStrictly()
  const quick = values.quick === true
  return {
    quick,
    draw: values.draw === true,
    seconds: numberOf('seconds', values.seconds ?? String(quick ? SECONDS_QUICK : SECONDS)),
    rounds: values.rounds === undefined ? null : Math.round(numberOf('rounds', values.rounds)),
    stores: values.stores?.split(',') ?? null,
    chapters: values.chapters?.split(',') ?? null,
    out: values.out === undefined ? null : resolve(values.out),
  }
}

function parseStrictly() {
  try {
    return parseArgs({
      options: {
        quick: { type: 'boolean' },
        draw: { type: 'boolean' },
        seconds: { type: 'string' },
        rounds: { type: 'string' },
        stores: { type: 'string' },
        chapters: { type: 'string' },
        out: { type: 'string' },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function numberOf(name: string, text: string): number {
  const value = Number(text)
  if (value > 0 && value <= 600) return value
  throw new UsageError(`--${name} must be a number above 0, at most 600.`)
}

/** Null when it was interrupted: a partial report is not written. */
async function run({ seconds, rounds, quick, ...asked }: Options): Promise<Report | null> {
  const there = labStores()
  const stores = there.filter(({ name }) => asked.stores?.includes(name) ?? true)
  const missing = asked.stores?.find((name) => !there.some((store) => store.name === name))
  if (missing !== undefined) {
    throw new UsageError(`No store ${missing}; available: ${there.map(({ name }) => name).join(', ')}.`)
  }
  const chapters = (asked.chapters ?? CHAPTER_IDS).map((name) => {
    if (isChapterId(name)) return name
    throw new UsageError(`No chapter ${name}; available: ${CHAPTER_IDS.join(', ')}.`)
  })
  const interruption = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort())
  const report = await runReport({
    stores,
    chapters,
    seconds,
    rounds,
    quick,
    seed: SEED,
    announce: ({ store, title }) => {
      if (!process.stderr.isTTY) process.stderr.write(`${store}: ${title}\n`)
      return ({ strategy, number, total }) => {
        const line = new LiveLine({
          title: `${store}: ${title}, ${number}/${total} ${strategy}`,
          seconds,
          stream: process.stderr,
        })
        return { watch: (phase, progress) => line.show(phase, progress), end: () => line.end() }
      }
    },
    signal: interruption.signal,
  })
  if (!interruption.signal.aborted) return report
  complain('Interrupted; nothing was written.')
  return null
}

async function write(folder: string, report: Report): Promise<void> {
  await mkdir(folder, { recursive: true })
  // Removes the charts of an earlier report.
  for (const file of await readdir(folder)) if (file.endsWith('.svg')) await rm(join(folder, file))
  const growth = await readFigures(join(folder, GROWTH_FILE))
  const fairness = await readFairness(join(folder, FAIRNESS_FILE))
  const coexist = await readCoexist(join(folder, COEXIST_FILE))
  const charts = await chartsOf(report, growth)
  for (const { name, svg } of charts) await writeFile(join(folder, `${name}.svg`), `${svg}\n`)
  await writeFile(join(folder, 'index.html'), pageOf(report, charts, { growth, fairness, coexist }))
  await writeFile(join(folder, RESULTS_FILE), reportText(report))
}

function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError || error instanceof StoreUrlError) {
    complain(error.message)
    return 2
  }
  if (error instanceof StoreTrouble) {
    complain(error.message)
    return 3
  }
  throw error
}

function complain(message: string): void {
  process.stderr.write(`${styledError('red', 'error:')} ${message}\n`)
}
