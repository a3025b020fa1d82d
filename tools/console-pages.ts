/**
 * Measures how long a service takes to answer what the views of the console ask, on a large ledger:
 * `npm run -s console:pages -- --store sqlite:/tmp/large.db --make`, then without `--make`. Fails when a view takes longer than `--ms-max`.
 *
 * `--make` fills the ledger through the library: `--accounts` users with a deposit, and `--holds` holds, of which one in ten stays open.
 */
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { ServiceProcess } from '../harness/service-process.ts'
import { migrateLedger, openLedger } from '../src/ledger.ts'

const { values } = parseArgs({
  options: {
    store: { type: 'string' },
    make: { type: 'boolean', default: false },
    accounts: { type: 'string', default: '100000' },
    holds: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '15' },
    'ms-max': { type: 'string', default: '300' },
  },
})
const { store } = values
const accounts = Number(values.accounts)
const USER = `user:${Math.floor(accounts / 2)}`
/** One that is settled. */
const HOLD = `job-${Math.floor(Number(values.holds) / 2) + 1}`
/** Commands that are sent at once. */
const CHUNK = 5_000

async function make(store: string, holds: number): Promise<void> {
  await migrateLedger(store)
  await using ledger = await openLedger(store, { sweep: false, limits: { queueCommandsMax: 2 * CHUNK } })
  const all = async (count: number, what: (index: number) => Promise<unknown>): Promise<void> => {
    for (let first = 0; first < count; first += CHUNK) {
      await Promise.all(Array.from({ length: Math.min(CHUNK, count - first) }, (_, index) => what(first + index)))
    }
  }
  await all(accounts, (index) => ledger.deposit({ account: `user:${index}`, amount: BigInt(10_000 + (index % 977)) }))
  await all(holds, async (index) => {
    const account = `user:${(index * 7_919) % accounts}`
    const { id } = await ledger.freeze({
      requestId: `job-${index}`,
      account,
      amount: BigInt(1 + (index % 90)),
      expiresInMs: 86_400_000,
    })
    if (index % 10 !== 0) await ledger.settle(id, { amount: BigInt(index % 2) })
  })
}

/** What each view asks when it is opened. */
const VIEWS: Readonly<Record<string, readonly string[]>> = {
  overview: ['/readyz', '/metrics', '/v1/stats?days=14', '/v1/assets'],
  accounts: ['/v1/accounts?limit=50', '/v1/assets'],
  'accounts, by a beginning': ['/v1/accounts?prefix=user:12&limit=50'],
  'accounts, most available': ['/v1/accounts?asset=credit&order=available-desc&limit=50'],
  'accounts below a bound': ['/v1/accounts?asset=credit&availableBelow=10000&limit=50'],
  'one account': [`/v1/accounts/${USER}`, `/v1/accounts/${USER}/postings?asset=credit&limit=50`],
  'holds of an account': [`/v1/holds?account=${USER}&asset=credit&limit=50`],
  'a house account': ['/v1/accounts/@revenue', '/v1/accounts/@revenue/postings?asset=credit&limit=50'],
  'open holds': ['/v1/holds?state=open&limit=50'],
  'due holds': ['/v1/holds?state=open&limit=200'],
  'all holds': ['/v1/holds?limit=50'],
  'released holds': ['/v1/holds?state=released&limit=50'],
  'one hold': [`/v1/holds/${HOLD}`, `/v1/holds/${HOLD}/history?limit=100`],
  entries: ['/v1/entries?start=end&limit=50'],
  'entries from the beginning': ['/v1/entries?limit=50'],
  'one entry': [`/v1/entries/${HOLD}~settle`],
  assets: ['/v1/assets', '/v1/stats?days=0', '/v1/rates?limit=100'],
}

async function measure(store: string, rounds: number, msMax: number): Promise<void> {
  await using service = await ServiceProcess.start(store)
  process.stdout.write(
    `${'view'.padEnd(28)} ${'first'.padStart(8)} ${'median'.padStart(8)} ${'most'.padStart(8)}  ms\n`,
  )
  for (const [view, paths] of Object.entries(VIEWS)) {
    const times: number[] = []
    for (let round = 0; round < rounds; round++) times.push(await timeOf(service.url, paths))
    const sorted = times.toSorted((one, other) => one - other)
    const shown = [times[0]!, sorted[Math.floor(rounds / 2)]!, sorted.at(-1)!]
    process.stdout.write(`${view.padEnd(28)} ${shown.map((ms) => ms.toFixed(1).padStart(8)).join(' ')}\n`)
    if (shown[1]! <= msMax) continue
    process.stderr.write(`${view} takes longer than ${msMax} ms.\n`)
    process.exitCode = 1
  }
}

/** A view asks for everything at once; it is complete with the last answer. */
async function timeOf(url: string, paths: readonly string[]): Promise<number> {
  const since = performance.now()
  await Promise.all(
    paths.map(async (path) => {
      const response = await fetch(url + path)
      await response.text()
      if (!response.ok) throw new Error(`${path} was answered with ${response.status}.`)
    }),
  )
  return performance.now() - since
}

if (store === undefined) {
  process.stderr.write('--store says which ledger to measure, such as sqlite:/tmp/large.db.\n')
  process.exitCode = 1
} else if (values.make) await make(store, Number(values.holds))
else await measure(store, Number(values.rounds), Number(values['ms-max']))
