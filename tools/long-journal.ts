/**
 * Generates a long journal in an SQLite file and measures how long its pages take:
 *
 *   node tools/long-journal.ts FILE [--postings COUNT] [--seconds LIMIT]
 *
 * An existing file is extended, so a very long journal can be generated in several runs. `--postings` counts those of the busy
 * user (1,000,000 by default); `--seconds` limits the generation, not the measurement.
 */
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { parseArgs } from 'node:util'
import type { HoldQuery, Page, PageQuery, PostingQuery, Reader } from '../src/engine/reader.ts'
import { openSqliteStorage } from '../src/stores/sqlite/storage.ts'
import {
  beginningSql,
  BUSY,
  HOLD_EVERY_MS,
  HOLDS_PER_STEP,
  holdsSql,
  JOURNAL_BEGINS_AT,
} from '../harness/long-journal.ts'

/** Pages to read at most until one has a match. */
const PAGES_MAX = 20
const REPEATS = 5

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { postings: { type: 'string', default: '1000000' }, seconds: { type: 'string', default: '150' } },
})
const [file] = positionals
if (file === undefined) throw new Error('Name the file: node tools/long-journal.ts FILE')
const stepsWanted = Math.ceil(Number(values.postings) / (2 * HOLDS_PER_STEP))
const isNew = !existsSync(file)
await using storage = await openSqliteStorage(file)
const steps = make(file, stepsWanted)
process.stdout.write(`${(2 * steps * HOLDS_PER_STEP + 2).toLocaleString('en')} postings of ${BUSY}.\n`)
if (steps === stepsWanted) await printTimes(storage.reader, steps)
else process.stdout.write('Run it again to continue.\n')

/** Returns the number of steps in the file. */
function make(path: string, wanted: number): number {
  using database = new DatabaseSync(path)
  // A journal for measurements need not survive a crash.
  database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -262144')
  if (isNew) for (const sql of beginningSql('sqlite')) database.exec(sql)
  const row = database.prepare(`SELECT version FROM balances WHERE account = '${BUSY}'`).get()!
  let done = (Number(row['version']) - 2) / (2 * HOLDS_PER_STEP)
  const endsAt = Date.now() + Number(values.seconds) * 1_000
  while (done < wanted && Date.now() < endsAt) {
    database.exec(`BEGIN; ${holdsSql(done, 'sqlite').join('; ')}; COMMIT`)
    done += 1
  }
  return done
}

async function printTimes(reader: Reader, done: number): Promise<void> {
  const holds = done * HOLDS_PER_STEP
  const middle = JOURNAL_BEGINS_AT + Math.floor(holds / 2) * HOLD_EVERY_MS
  const postings = { account: BUSY, asset: 'credit', kind: null } as const
  const holdsOf = { account: BUSY, asset: 'credit', state: null } as const
  const lines = (filters: Partial<PostingQuery>) => (page: PageQuery) =>
    reader.postings({ ...postings, ...filters, ...page })
  const listed = (filters: Partial<HoldQuery>) => (page: PageQuery) => reader.holds({ ...holdsOf, ...filters, ...page })
  await time('newest 50 lines', lines({}))
  await time('50 lines in the middle of time', lines({ until: middle }))
  await time('lines of one second in the middle', lines({ from: middle, until: middle + 1_000 }))
  await time('lines of one hold', lines({ hold: `h${Math.floor(holds / 2)}` }))
  await time('kind settle, in the middle', lines({ kind: 'settle', until: middle }))
  await time('kind charge, without a match', lines({ kind: 'charge' }))
  await time('rare metadata', lines({ metadata: { rare: true } }))
  await time('newest 50 holds', listed({}))
  await time('open holds: one, the oldest', listed({ state: 'open' }))
  await time('expired holds, without a match', listed({ state: 'expired' }))
  for (const [name, at] of [
    ['now', middle * 2],
    ['in the middle of time', middle],
    ['at the beginning', JOURNAL_BEGINS_AT],
  ] as const) {
    await time(`account as of a moment: ${name}`, async () => {
      return { items: (await reader.accountAt(BUSY, at))?.balances ?? [], next: null }
    })
  }
}

/** Reads pages until one has items. Reports medians: the first read comes from disk. */
async function time<Item>(name: string, read: (page: PageQuery) => Promise<Page<Item>>): Promise<void> {
  const taken: number[] = []
  let pages = 0
  let rows = 0
  let isAll = true
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    let cursor: string | null = null
    pages = 0
    do {
      const startedAt = performance.now()
      const page: Page<Item> = await read({ limit: 50, cursor })
      taken.push(performance.now() - startedAt)
      pages += 1
      rows = page.items.length
      cursor = page.next
    } while (rows === 0 && cursor !== null && pages < PAGES_MAX)
    isAll = cursor === null
  }
  const median = taken.toSorted((left, right) => left - right)[Math.floor(taken.length / 2)]!
  const most = Math.max(...taken)
  const found = `${rows} rows on page ${pages}${isAll ? ', the last' : ''}`
  process.stdout.write(
    `${name.padEnd(42)} ${median.toFixed(1).padStart(7)} ms per page, at most ${most.toFixed(1)}; ${found}\n`,
  )
}
