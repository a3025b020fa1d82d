/**
 * Generates documents from the report: `npm run bench:documents` writes docs/seeds-measured.md and the figures in README.md; with `--check`
 * it compares them with the report.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { EXPERIMENTS_FILE, readExperiments } from '../experiments/figures.ts'
import { withFigures } from './readme-figures.ts'
import { readReport, RESULTS_FILE } from './report.ts'
import { seedsMeasured } from './seeds-measured.ts'

const ROOT = resolve(import.meta.dirname, '../..')

const report = await readReport(resolve(ROOT, 'bench/report', RESULTS_FILE)).catch(() => null)
const experiments = await readExperiments(resolve(ROOT, 'bench/report', EXPERIMENTS_FILE)).catch(() => null)
if (report === null) {
  complain('bench/report has no report; create it with: npm run bench:report')
} else if (report.quick) {
  complain('The report in bench/report is a smoke run; create one with: npm run bench:report')
} else if (experiments === null) {
  complain(`bench/report has no experiments; npm run bench:experiments -- --save bench/report/${EXPERIMENTS_FILE}`)
} else {
  await provide('docs/seeds-measured.md', () => seedsMeasured(report, experiments))
  await provide('README.md', (present) => withFigures(present, report))
}

async function provide(path: string, textOf: (present: string) => string): Promise<void> {
  const file = resolve(ROOT, path)
  const present = await readFile(file, 'utf8').catch(() => '')
  try {
    const text = textOf(present)
    if (text === present) return
    if (process.argv.includes('--check')) complain(`${path} does not match the report; run: npm run bench:documents`)
    else await writeFile(file, text)
  } catch (error) {
    complain((error as Error).message)
  }
}

function complain(message: string): void {
  process.stderr.write(`${message}\n`)
  process.exitCode = 1
}
