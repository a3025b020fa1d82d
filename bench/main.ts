/**
 * The lab's command line: runs strategies side by side on one database. See `npm run -s bench -- --help`.
 *
 * Exit codes: 0 everything ran and all books are exact; 1 books are wrong; 2 the command line is wrong; 3 the store cannot be used, or a
 * strategy could not be run.
 */
import { withoutPassword } from '../src/config.ts'
import { readPlan, type Plan } from './command-line.ts'
import { openScratchServer } from './databases/scratch.ts'
import { headline } from './output/headline.ts'
import { LiveLine } from './output/live-line.ts'
import { resultsOf } from './output/result.ts'
import { resultTable } from './output/table.ts'
import { timeline } from './output/timeline.ts'
import { runContest, type Announce, type Dropout } from './run/contest.ts'
import { complain, endWithReader, EXIT, exitCodeOf } from './trouble.ts'

endWithReader()

try {
  process.exitCode = await main(readPlan(process.argv.slice(2)))
} catch (error) {
  process.exitCode = exitCodeOf(error)
}

async function main(plan: Plan): Promise<number> {
  const { trial, rounds, strategies, store, json } = plan
  const interruption = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort())
  await using server = await openScratchServer(store)
  const setting = { store: withoutPassword(store), server: server.facts, trial }
  if (!json) process.stdout.write(`${headline(setting)}\n\n`)
  const announce: Announce = ({ strategy, number, total }) => {
    const title = `${number}/${total} ${strategy}`
    const line = new LiveLine({ title, seconds: trial.seconds, stream: process.stderr })
    return { watch: (phase, progress) => line.show(phase, progress), end: () => line.end() }
  }
  const { entrants, dropouts } = await runContest(server, { strategies, trial, rounds }, announce, interruption.signal)
  const results = resultsOf(entrants, setting)
  if (json) for (const result of results) process.stdout.write(`${JSON.stringify(result)}\n`)
  else if (results.length > 0) process.stdout.write(`${resultTable(results)}\n`)
  if (!json && trial.scenario === 'soak') {
    for (const result of results) process.stdout.write(`\n${timeline(result)}\n`)
  }
  for (const dropout of dropouts) complain(reasonOf(dropout))
  if (interruption.signal.aborted) complain('Interrupted; the scratch databases are removed.')
  if (results.some(({ consistent }) => !consistent)) return EXIT.wrongBooks
  return dropouts.length > 0 || interruption.signal.aborted ? EXIT.trouble : EXIT.ok
}

function reasonOf({ strategy, error }: Dropout): string {
  const message = error instanceof Error ? error.message : String(error)
  return `${strategy} could not be run: ${message}`
}
