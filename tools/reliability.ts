/**
 * Puts what docs/reliability.md promises to the test for a long time, and writes the figures into it: `npm run reliability -- …`
 *
 *   --minutes N   for the whole, 25 by default; below 15 the faults that take long are left out
 *   --only TEXT   of the suites, those whose path has this text; the tables are printed, and the document stays as it is
 *   --json        the run as one JSON object on stdout, in place of the document
 *   --check       only sees whether the document has a place for the figures
 *
 * It takes the databases that `HOLDFAST_TEST_…_URL` name and the servers that are installed, as `npm test` does. Exits 1 when a
 * promise was broken; then the tables are printed, and the document stays as it is.
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
  if (!(minutes > 0 && minutes <= MINUTES_MAX)) throw new RangeError(`--minutes takes a number up to ${MINUTES_MAX}.`)
  const tell = (line: string): void => void process.stderr.write(`${line}\n`)
  const document = await readFile(file, 'utf8')
  const run = await runReliability(minutes, values.only, tell)
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
