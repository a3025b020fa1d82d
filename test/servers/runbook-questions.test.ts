/**
 * The questions that an incident asks (docs/runbook.md), each answered by the queries and commands that stand there: on live servers, by a
 * Prometheus that watches a service under load, after a deadlock and a lock timeout that the test has provoked.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { mysqlServers } from '../../harness/mysql-servers.ts'
import { Prometheus, prometheusUnderTest } from '../../harness/prometheus.ts'
import { runHoldfast, ServiceProcess } from '../../harness/service-process.ts'
import { TextExporter } from '../../harness/text-exporter.ts'
import { connect } from '../../src/client/index.ts'
import { Deadlocks } from '../../harness/deadlocks.ts'
import { MysqlLedger, until } from '../support/mysql-ledger.ts'

const RUNBOOK = readFileSync(resolve(import.meta.dirname, '../../docs/runbook.md'), 'utf8')
const PROMQL = /\b(?:holdfast_|instance\w*:)/

/** The answers by question: what stands in code there. */
function questions(): ReadonlyMap<string, readonly string[]> {
  const [, section = ''] = /^## Questions that an incident asks$([^]*?)^## /m.exec(RUNBOOK) ?? []
  const rows = [...section.matchAll(/^\| (.+?\?) \| (.+) \|$/gm)]
  return new Map(
    rows.map(([, question, answer]) => [question!, [...answer!.matchAll(/`([^`]+)`/g)].map(([, code]) => code!)]),
  )
}

/** What the first query of a question must find. */
const EXPECTED: Readonly<Record<string, (value: number) => boolean>> = {
  'How often was something tried again?': (attempts) => attempts > 1,
  'Did a lock time out?': (timeouts) => timeouts > 0.5,
  'Did a caller see it?': (refused) => refused === 0,
  'How many deadlocks?': (deadlocks) => deadlocks > 0.5,
  'What is the success rate of compare-and-swap?': (ratio) => ratio > 0 && ratio < 1,
  'What is the success rate for callers?': (ratio) => ratio === 1,
  'What is the average latency?': (seconds) => seconds > 0 && seconds < 10,
  'How many commands share a transaction?': (commands) => commands >= 1,
  'Was a command applied twice?': (repeats) => repeats > 0.5,
}

class Incident {
  readonly #ledger: ReturnType<typeof connect>
  readonly #working = new AbortController()

  constructor(url: string) {
    this.#ledger = connect(url)
  }

  async work(): Promise<void> {
    await this.#ledger.deposit({ requestId: 'first', account: 'user:8', amount: 1_000_000n })
    while (!this.#working.signal.aborted) {
      const requestId = randomUUID()
      await this.#ledger.freeze({ requestId, account: 'user:8', amount: 10n })
      await this.#ledger.settle(requestId, { amount: 7n })
      await this.#ledger.deposit({ requestId: 'first', account: 'user:8', amount: 1_000_000n })
    }
    await this.#ledger.freeze({ requestId: 'hold-8', account: 'user:8', amount: 10n })
    await this.#ledger.close()
  }

  end(): void {
    this.#working.abort()
  }
}

for (const { name, url, reason } of mysqlServers()) {
  const skip = url === null ? reason : prometheusUnderTest()
  test(`the questions that an incident asks are answered on ${name}`, { skip, timeout: 300_000 }, async () => {
    await using books = await MysqlLedger.create(url!)
    const store = books.database.url({ parameters: '?lock_timeout_ms=1000' })
    await using folder = await mkdtempDisposable(join(tmpdir(), 'holdfast-questions-'))
    await using service = await ServiceProcess.start(store)
    const incident = new Incident(service.url)
    const working = incident.work()
    const file = join(folder.path, 'ledger.prom')
    assert.equal((await runHoldfast(['verify', '--store', store, '--metrics', file])).exitCode, 0)
    await using exporter = await TextExporter.start(file)
    const jobs = [
      { job: 'holdfast', target: new URL(service.url).host },
      { job: 'node', target: exporter.target },
    ]
    await using prometheus = await Prometheus.start(jobs, { everySeconds: 1 })
    const value = async (query: string): Promise<number> => (await prometheus.query(query))[0]?.value ?? Number.NaN
    const counted = (kind: string, least: number): Promise<void> =>
      until(async () => (await value(`holdfast_conflicts_total{kind="${kind}"}`)) >= least, `${kind} is ${least}`)

    await counted('deadlock', 0)
    const rival = await books.rival()
    await rival.query(`BEGIN; SELECT * FROM balances WHERE account = 'user:8' FOR UPDATE`)
    await counted('lock_timeout', 1)
    await rival.query('ROLLBACK')
    // The server remembers the last deadlock of all its databases, so another test can come between.
    const deadlocks = new Deadlocks(service.url, books.database.url())
    let said = ''
    await until(async () => /over balances/.test((said = await deadlocks.provoke())), 'doctor explains the deadlock')
    assert.match(said, /user:left[^]*The server rolled back transaction \d/)
    await counted('deadlock', 1)

    const asked = questions()
    assert.ok(asked.size >= 15, String(asked.size))
    assert.deepEqual(
      Object.keys(EXPECTED).filter((question) => !asked.has(question)),
      [],
    )
    for (const [question, answers] of asked) {
      const queries = answers.filter((code) => PROMQL.test(code) && /[(:]|_ratio$/.test(code))
      for (const [index, query] of queries.entries()) {
        const isExpected = index === 0 ? (EXPECTED[question] ?? Number.isFinite) : Number.isFinite
        await until(async () => isExpected(await value(query)), `${question} ${query}`)
      }
    }
    incident.end()
    await working
    for (const command of [...asked.values()].flat().filter((code) => code.startsWith('holdfast '))) {
      const words = command.replace('STORE', store).replace('HOLD', 'hold-8').split(' ').slice(1)
      const { exitCode, stdout, stderr } = await runHoldfast(words)
      // doctor finds that the stranger's table, and how this server is set up, are not as an expert would have them.
      assert.ok(exitCode === 0 || (words[0] === 'doctor' && exitCode === 1), `${command}: ${stderr}${stdout}`)
    }
  })
}
