/**
 * Runs the tests behind docs/reliability.md for a long time and writes the figures into it: `npm run reliability -- …`
 *
 *   --minutes N   total duration, 25 by default; below 15 the slowest faults are left out
 *   --only TEXT   only suites whose path contains TEXT; prints the tables and leaves the document unchanged
 *   --json        prints the run as one JSON object and leaves the document unchanged
 *   --check       only checks that the document has a place for the figures
 *
 * Uses the databases in `HOLDFAST_TEST_…_URL` and the installed servers, as `npm test` does. If a promise was broken, it
 * exits 1, prints the tables and leaves the document unchanged.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { textBetween, withTextBetween } from '../bench/reporting/marks.ts'
import { runReliability } from './reliability-run.ts'
import { MARKS, reliabilityTables } from './reliability-table.ts'

const PATH = 'docs/reliability.md'
const MINUTES_DEFAULT = '25'
const MINUTES_MAX = 24 * 60

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: MINUTES_DEFAULT },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
  },
})
const file = resolve(import.meta.dirname, '..', PATH)
try {
  if (values.check) await check()
  else await main(Number(values.minutes))
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`)
  process.exitCode = 1
}

async function main(minutes: number): Promise<void> {
  if (!(minutes > 0 && minutes <= MINUTES_MAX)) throw new RangeError(`--minutes must be a number up to ${MINUTES_MAX}.`)
  const report = (line: string): void => void process.stderr.write(`${line}\n`)
  const document = await readFile(file, 'utf8')
  const run = await runReliability(minutes, values.only, report)
  const broken = [
    ...run.suites.filter(({ ok }) => !ok).map(({ name }) => name),
    ...run.simulation.failedSeeds.map((seed) => `seed ${seed}`),
  ]
  const mayWrite = broken.length === 0 && values.only === '' && !values.json
  if (mayWrite) await writeFile(file, withTextBetween(document, MARKS, reliabilityTables(run), PATH))
  else console.log(values.json ? JSON.stringify(run) : reliabilityTables(run))
  if (broken.length > 0) throw new Error(`Broken: ${broken.join(', ')}.`)
}

async function check(): Promise<void> {
  textBetween(await readFile(file, 'utf8'), MARKS, PATH)
}
