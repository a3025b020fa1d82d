/**
 * The questions of docs/guides/logs.md, asked by its own one-liners of the log of a real service, after load and provoked trouble: a
 * stranger holds rows of the ledger. The answers are compared with what the test did itself, and with the metrics of the service.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, describe, test } from 'node:test'
import { runChild } from '../../harness/children.ts'
import { mysqlServers } from '../../harness/mysql-servers.ts'
import { ServiceProcess } from '../../harness/service-process.ts'
import { MysqlLedger } from '../support/mysql-ledger.ts'

const GUIDE = resolve(import.meta.dirname, '../../docs/guides/logs.md')
const HOUR_MS = 3_600_000
/** Rows that a stranger writes before a deadlock: InnoDB ends it at the cost of the transaction that has written least. */
const STRANGE_ROWS = 2_000

const folder = mkdtempSync(join(tmpdir(), 'holdfast-log-questions-'))
after(() => rmSync(folder, { recursive: true }))

/** The scripts of the guide by the comment in their first line. */
function questions(): ReadonlyMap<string, string> {
  const blocks = readFileSync(GUIDE, 'utf8').matchAll(/^```bash\n# (.+)\n([^]+?)^```$/gm)
  return new Map([...blocks].map(([, question, script]) => [question!, script!]))
}

/** What came of the commands that the test sent. */
class Truth {
  readonly codes: string[] = []
  readonly accounts: string[] = []
  commands = 0
  sumMs = 0

  codesCounted(): ReadonlyMap<string, number> {
    return counted(this.codes)
  }
}

function counted(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

/** Lines such as `  12 name`, as `uniq -c` writes them. */
function countsIn(text: string): ReadonlyMap<string, number> {
  const rows = text
    .trim()
    .split('\n')
    .filter((line) => line !== '')
  return new Map(rows.map((line) => [line.trim().replace(/^\d+ /, ''), Number.parseInt(line, 10)]))
}

class Run {
  readonly truth = new Truth()
  readonly #service: ServiceProcess
  #number = 0

  constructor(service: ServiceProcess) {
    this.#service = service
  }

  /** Sends a command; `account` is the one that its line has, if it has one. */
  async send(path: string, body: object, account: string | null, requestId = `r-${++this.#number}`): Promise<string> {
    const headers = { 'content-type': 'application/json' }
    const since = performance.now()
    const text = JSON.stringify(path.includes('settle') ? body : { requestId, ...body })
    const response = await fetch(this.#service.url + path, { method: 'POST', headers, body: text })
    this.truth.sumMs += performance.now() - since
    this.truth.commands++
    if (account !== null) this.truth.accounts.push(account)
    const answer = (await response.json()) as { readonly code?: string }
    if (!response.ok) this.truth.codes.push(answer.code!)
    return requestId
  }

  async metrics(): Promise<string> {
    return await (await fetch(`${this.#service.url}/metrics`)).text()
  }

  async load(): Promise<void> {
    for (const user of [8, 9, 10])
      await this.send('/v1/deposits', { account: `user:${user}`, amount: '100000' }, `user:${user}`)
    const freeze = async (index: number): Promise<void> => {
      const account = index % 3 === 0 ? 'user:9' : 'user:8'
      const id = await this.send('/v1/holds', { account, amount: '10' }, account)
      await this.send(`/v1/holds/${id}/settle`, { amount: '7' }, account)
    }
    for (let round = 0; round < 5; round++) await Promise.all(Array.from({ length: 20 }, (_, index) => freeze(index)))
    // One after the other: each is a batch that writes nothing.
    await this.send('/v1/deposits', { account: 'user:8', amount: '1' }, 'user:8', 'twice')
    await this.send('/v1/deposits', { account: 'user:8', amount: '1' }, 'user:8', 'twice')
    for (const _ of [1, 2, 3]) await this.send('/v1/holds', { account: 'user:poor', amount: '10' }, 'user:poor')
    for (const _ of [1, 2]) await this.send('/v1/holds/nowhere/settle', { amount: '7' }, null)
  }
}

async function provoke(run: Run, books: MysqlLedger): Promise<{ readonly slowest: string }> {
  const stranger = await books.rival()
  const lock = (account: string): Promise<unknown> =>
    stranger.query(`SELECT * FROM balances WHERE account = '${account}' FOR UPDATE`)
  await stranger.query('CREATE TABLE strange (n INT PRIMARY KEY) ENGINE=InnoDB')
  // A deadlock: the transfer has locked user:8 and waits for user:9, which the stranger has, who then wants user:8.
  await stranger.query('BEGIN')
  await stranger.query(
    `INSERT INTO strange VALUES ${Array.from({ length: STRANGE_ROWS }, (_, n) => `(${n})`).join(',')}`,
  )
  await lock('user:9')
  const legs = [{ from: 'user:8', to: 'user:9', amount: '5' }]
  const transfer = run.send('/v1/transfers', { legs }, 'user:8')
  await books.waiting(/balances/)
  await lock('user:8')
  await stranger.query('COMMIT')
  await transfer
  // A lock timeout: the stranger keeps a row until the freeze has waited for it in vain.
  await stranger.query('BEGIN')
  await lock('user:10')
  const freeze = run.send('/v1/holds', { account: 'user:10', amount: '1' }, 'user:10')
  while (conflicts(await run.metrics(), 'lock_timeout') === 0) await new Promise((resolve) => setTimeout(resolve, 50))
  await stranger.query('COMMIT')
  return { slowest: await freeze }
}

function conflicts(metrics: string, kind: string): number {
  return Number(new RegExp(`^holdfast_conflicts_total\\{kind="${kind}"\\} (\\d+)$`, 'm').exec(metrics)![1])
}

interface Line {
  readonly msg: string
  readonly batch: number
  readonly attempts: number
  readonly elapsedMs: number
}

function describeQuestions(server: string): void {
  test('the one-liners of the guide answer what the test knows', { timeout: 300_000 }, async () => {
    await using books = await MysqlLedger.create(server)
    const store = books.database.url({ parameters: '?lock_timeout_ms=1000' })
    await using service = await ServiceProcess.start(store, ['--log-commands', 'all'])
    const run = new Run(service)
    await run.load()
    const { slowest } = await provoke(run, books)
    const metrics = await run.metrics()
    assert.equal(await service.stop(), 0)
    // Older lines of the same file, which the last hour does not have.
    const old = { level: 40, time: Date.now() - 2 * HOUR_MS, trouble: 'deadlock', count: 1_000, msg: 'old' }
    const lines = service.log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line)
    const commands = lines.filter(({ msg }) => msg === 'command')
    writeFileSync(join(folder, 'holdfast.log'), `${JSON.stringify(old)}\n${service.log}`)

    const { truth } = run
    assert.equal(commands.length, truth.commands)
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
    const attempts = new Map(commands.map(({ batch, attempts }) => [batch, attempts]))
    const committed = [...metrics.matchAll(/^holdfast_commits_total\{.*\} (\d+)$/gm)].reduce(
      (sum, [, n]) => sum + Number(n),
      0,
    )
    const writtenNothing = truth.codes.length + 1
    // The attempt that met the locked row answered nobody: the freeze was parked, and is in a later batch.
    const parked = 1
    assert.equal([...attempts.values()].reduce((sum, each) => sum + each, 0) + parked, committed + writtenNothing)

    const meanMs = mean(commands.map(({ elapsedMs }) => elapsedMs))
    assert.ok(meanMs > 0 && meanMs <= truth.sumMs / truth.commands, `${meanMs} ms in the service`)
    const sorted = commands.map(({ elapsedMs }) => elapsedMs).sort((a, b) => a - b)
    const good = truth.commands - truth.codes.length
    const checks: Readonly<Record<string, (answer: string) => void>> = {
      'average attempts': (answer) => {
        const expected = mean(commands.map(({ attempts }) => attempts))
        assert.ok(expected > 1)
        assert.equal(answer, expected.toFixed(3))
      },
      'average latency': (answer) => assert.equal(answer, `${meanMs.toFixed(3)} ms`),
      'p99 latency': (answer) => assert.equal(answer, `${sorted[Math.ceil((sorted.length * 99) / 100) - 1]} ms`),
      'success rate': (answer) => assert.equal(answer, `${((100 * good) / truth.commands).toFixed(2)} %`),
      'failures by code': (answer) => {
        assert.deepEqual(countsIn(answer), truth.codesCounted())
        assert.deepEqual(
          truth.codesCounted(),
          new Map([
            ['hold_not_found', 2],
            ['insufficient_funds', 3],
          ]),
        )
      },
      'lock trouble of the last hour': (answer) => {
        const found = new Map(answer.split('\n').map((line) => line.split(' ') as [string, string]))
        const known = { deadlock: conflicts(metrics, 'deadlock'), lock_timeout: conflicts(metrics, 'lock_timeout') }
        assert.ok(known.deadlock > 0 && known.lock_timeout > 0, JSON.stringify(known))
        assert.deepEqual(found, new Map(Object.entries(known).map(([kind, count]) => [kind, String(count)])))
      },
      'slowest commands': (answer) => {
        const rows = answer.split('\n')
        assert.equal(rows.length, 10)
        assert.match(rows[0]!, new RegExp(`^[0-9.]+ ms \\{.*"requestId":"${slowest}"`))
        assert.ok(Number.parseFloat(rows[0]!) >= 1_000, rows[0])
      },
      'busiest accounts': (answer) => {
        assert.deepEqual(countsIn(answer), counted(truth.accounts))
        assert.match(answer.split('\n')[0]!, /user:8$/)
      },
    }
    const scripts = questions()
    assert.deepEqual([...scripts.keys()].sort(), Object.keys(checks).sort())
    for (const [question, script] of scripts) {
      const { exitCode, stdout, stderr } = await runChild('bash', ['-c', script], {
        cwd: folder,
        env: { PATH: process.env['PATH'] ?? '' },
      })
      assert.deepEqual([exitCode, stderr], [0, ''], question)
      checks[question]!(stdout.trim())
    }
  })
}

for (const { name, url, reason } of mysqlServers()) {
  if (url === null) test(`questions to the log on ${name}`, { skip: reason }, () => {})
  else describe(`questions to the log on ${name}`, () => describeQuestions(url))
}
