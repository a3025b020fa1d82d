/**
 * Measures how long large reads delay other requests to a service on SQLite:
 *
 *   node tools/reads-under-load.ts FILE
 *
 * FILE was made by tools/long-journal.ts. An account with many assets is added to it.
 */
import { DatabaseSync } from 'node:sqlite'
import { BUSY } from '../harness/long-journal.ts'
import { answeredDuring, fill, pipelined, RICH, RICH_AT, richAccountSql } from '../harness/reading-load.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const ASSETS = 20_000
const PIPELINED = 600
const IDLE_MS = 3_000

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('Name the file: node tools/reads-under-load.ts FILE')
addRichAccount(file)

await using service = await ServiceProcess.start(`sqlite:${file}`)
const { url } = service
await measure('nothing', () => new Promise((resolve) => setTimeout(resolve, IDLE_MS)))
await measure('a statement is exported', () => drained(`/v1/accounts/${BUSY}/postings/export?format=csv`))
await measure(`${PIPELINED} pages are requested at once`, () =>
  pipelined(url, `/v1/accounts/${BUSY}/postings?limit=1000`, PIPELINED),
)
await measure(`an account with ${ASSETS} assets is read at a past moment`, () =>
  drained(`/v1/accounts/${RICH}?at=${RICH_AT}`),
)

async function drained(path: string): Promise<void> {
  const answer = await fetch(`${url}${path}`)
  for await (const part of answer.body!) void part
}

async function measure(what: string, work: () => Promise<unknown>): Promise<void> {
  const since = performance.now()
  const { answered, longestMs } = await answeredDuring(url, work())
  const tookMs = performance.now() - since
  process.stdout.write(
    `${what.padEnd(50)} ${(tookMs / 1_000).toFixed(1).padStart(5)} s; ${answered} other requests answered, the longest took ${longestMs.toFixed(1)} ms\n`,
  )
}

function addRichAccount(path: string): void {
  using database = new DatabaseSync(path)
  const row = database.prepare(`SELECT count(*) AS count FROM balances WHERE account = '${RICH}'`).get()
  if (row?.['count'] === 0) fill(database, richAccountSql(ASSETS))
}
