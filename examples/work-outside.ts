/**
 * Work that spans the ledger and an external system: freeze, do the work with the hold's id as its idempotency key, then settle or
 * release. The job is killed between any two steps, and recovers by running again.
 *
 *   node examples/work-outside.ts
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openLedger } from '../src/index.ts' // outside this repository: from 'holdfast'

const PRICE_MAX = 616n

/** The external system: it stores its result under the idempotency key, and returns the same answer for the same key. */
class Provider implements Disposable {
  readonly #database: DatabaseSync

  constructor(folder: string) {
    this.#database = new DatabaseSync(join(folder, 'provider.db'))
    this.#database.exec('CREATE TABLE IF NOT EXISTS jobs (key TEXT PRIMARY KEY, cost INTEGER) STRICT')
  }

  /** The cost of the work; null if it failed. */
  work(key: string, prompt: string): bigint | null {
    const cost = prompt === 'nonsense' ? null : prompt.length * 100
    this.#database.prepare('INSERT OR IGNORE INTO jobs VALUES (?, ?)').run(key, cost)
    const job = this.#database.prepare('SELECT cost FROM jobs WHERE key = ?').get(key)!
    return job['cost'] === null ? null : BigInt(Number(job['cost']))
  }

  get jobsCount(): number {
    return Number(this.#database.prepare('SELECT count(*) AS jobs FROM jobs').get()!['jobs'])
  }

  [Symbol.dispose](): void {
    this.#database.close()
  }
}

/** Kills this process, as a power failure would, at the chosen point. */
function mayDie(point: string): void {
  if (process.env['DIE'] === point) process.kill(process.pid, 'SIGKILL')
}

/** The job. Every step can be repeated: under the same id, the ledger and the provider act once. */
async function runJob(folder: string, id: string, prompt: string): Promise<void> {
  await using ledger = await openLedger(`sqlite:${join(folder, 'ledger.db')}`)
  using provider = new Provider(folder)
  mayDie('before the freeze')
  const frozen = await ledger.freeze({ requestId: id, account: 'user:8', amount: PRICE_MAX, expiresInMs: 3_600_000 })
  mayDie('after the freeze')
  // A repeat shows the hold as it is now. If it has ended, the work is done, or its coins are gone: no work is begun.
  const hold = frozen.current ?? frozen
  if (hold.state !== 'open') {
    console.log(`  ended before, ${hold.state}: ${hold.settled} settled, ${hold.released} released`)
    return
  }
  const cost = provider.work(hold.id, prompt)
  mayDie('after the work')
  const done = cost === null ? await ledger.release(hold.id) : await ledger.settle(hold.id, { amount: cost })
  mayDie('after the end')
  console.log(`  ${done.state}: ${done.settled} settled, ${done.released} released`)
}

/** Runs the job in a separate process, which may die. */
function inProcess(job: { folder: string; id: string; prompt: string }, die: string): void {
  const { folder, id, prompt } = job
  const environment = { ...process.env, DIE: die }
  const { signal, stdout, stderr } = spawnSync(process.execPath, [import.meta.filename, folder, id, prompt], {
    env: environment,
    encoding: 'utf8',
  })
  process.stderr.write(stderr)
  process.stdout.write(signal === null ? stdout : `  killed ${die}\n`)
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-example-'))
  try {
    {
      await using ledger = await openLedger(`sqlite:${join(folder, 'ledger.db')}`)
      await ledger.deposit({ requestId: 'top-up-1', account: 'user:8', amount: 10_000n })
    }
    const points = ['before the freeze', 'after the freeze', 'after the work', 'after the end']
    for (const [index, point] of points.entries()) {
      const job = { folder, id: `job-${index}`, prompt: index === 2 ? 'nonsense' : 'hello' }
      console.log(`${job.id}, ${job.prompt}`)
      inProcess(job, point)
      inProcess(job, '')
    }
    using provider = new Provider(folder)
    await using ledger = await openLedger(`sqlite:${join(folder, 'ledger.db')}`)
    const [balance] = (await ledger.account('user:8')).balances
    console.log(`${provider.jobsCount} jobs; user:8 has ${balance!.available} available, ${balance!.held} held`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const [folder, id, prompt] = process.argv.slice(2)
if (folder === undefined) await main()
else await runJob(folder, id!, prompt!)
