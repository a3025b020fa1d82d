/** Every panel and every rule, asked of a real Prometheus that watches a real service. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { Prometheus, prometheusUnderTest } from '../../harness/prometheus.ts'
import { runHoldfast, ServiceProcess } from '../../harness/service-process.ts'
import { TextExporter } from '../../harness/text-exporter.ts'
import { panelQueries, readDashboard, readRules, runbookQueries } from '../support/ops-files.ts'

/** Panels that show nothing for a healthy service on SQLite. */
const EMPTY: ReadonlySet<string> = new Set(['Alerts that fire', 'Connections'])
/** Long enough for a busy machine; usually a few seconds are needed. */
const DATA_MS_MAX = 120_000

const SKIPPED = prometheusUnderTest()

async function post(url: string, path: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  await (await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })).text()
}

/** A little of everything: deposits, holds that are settled, released or expire, a transfer, a refusal, a read. */
async function work(url: string): Promise<void> {
  const [account, other] = ['user:8', 'user:9']
  await post(url, '/v1/deposits', { account, amount: '1000' })
  await Promise.all(
    Array.from({ length: 10 }, async (_, index) => {
      const requestId = randomUUID()
      await post(url, '/v1/holds', { requestId, account, amount: '10', ...(index < 2 ? { expiresInMs: 1_000 } : {}) })
      if (index > 5) await post(url, `/v1/holds/${requestId}/settle`, { amount: '5' })
      else if (index > 1) await post(url, `/v1/holds/${requestId}/release`, {})
    }),
  )
  await post(url, '/v1/transfers', { legs: [{ from: account, to: other, amount: '1' }] })
  await post(url, '/v1/holds', { account: 'user:poor', amount: '1000' })
  await (await fetch(`${url}/v1/accounts/${account}`)).text()
}

describe('the dashboard and the rules, on a real Prometheus', { skip: SKIPPED }, () => {
  const closing = new AsyncDisposableStack()
  const working = new AbortController()
  let prometheus: Prometheus

  before(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-dashboard-'))
    closing.defer(() => rm(folder, { recursive: true }))
    const store = `sqlite:${join(folder, 'ledger.db')}`
    const service = closing.use(await ServiceProcess.start(store))
    await post(service.url, '/v1/deposits', { account: 'user:8', amount: '1000' })
    const file = join(folder, 'ledger.prom')
    assert.equal((await runHoldfast(['verify', '--store', store, '--metrics', file])).exitCode, 0)
    const exporter = closing.use(await TextExporter.start(file))
    const jobs = [
      { job: 'holdfast', target: new URL(service.url).host },
      { job: 'node', target: exporter.target },
    ]
    prometheus = closing.use(await Prometheus.start(jobs, { everySeconds: 1 }))
    const worker = keepWorking(service.url)
    closing.defer(async () => {
      working.abort()
      await worker
    })
  })
  after(() => closing.disposeAsync())

  async function keepWorking(url: string): Promise<void> {
    while (!working.signal.aborted) {
      await work(url)
      await sleep(200)
    }
  }

  /** Asks until there is a number; false if there is none in time. */
  async function hasData(expression: string, untilMs: number): Promise<boolean> {
    for (;;) {
      if ((await prometheus.query(expression)).some(({ value }) => Number.isFinite(value))) return true
      if (performance.now() > untilMs) return false
      await sleep(500)
    }
  }

  test('every panel has data, except those that are empty for a healthy service', async () => {
    const until = performance.now() + DATA_MS_MAX
    const queries = panelQueries().map(({ title, expr }) => ({
      title,
      // What Grafana puts in: all instances, and a range of several scrapes.
      expression: expr.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '10s'),
    }))
    assert.ok(queries.length > 40, String(queries.length))
    const empty: string[] = []
    for (const { title, expression } of queries) {
      assert.doesNotMatch(expression, /\$/, title)
      if (EMPTY.has(title)) assert.deepEqual(await prometheus.query(expression), [], title)
      else if (!(await hasData(expression, until))) empty.push(`${title}: ${expression}`)
    }
    assert.deepEqual(empty, [])
  })

  test('every query of the runbook is one that Prometheus understands', async () => {
    const queries = runbookQueries()
    assert.ok(queries.length > 40, String(queries.length))
    for (const query of queries) await prometheus.query(query)
    await assert.rejects(prometheus.query('rate(holdfast_commits_total)'), /expected type range vector/)
  })

  test('every recorded series has data, every rule is evaluated, and no alert fires', async () => {
    const until = performance.now() + DATA_MS_MAX
    const { records, alerts } = readRules()
    for (const { name } of records) assert.ok(await hasData(name, until), name)
    const loaded = await prometheus.rules()
    assert.deepEqual(
      loaded.map(({ name }) => name).toSorted(),
      [...records, ...alerts].map(({ name }) => name).toSorted(),
    )
    assert.deepEqual(
      loaded.filter(({ health }) => health !== 'ok').map(({ name, lastError }) => `${name}: ${lastError}`),
      [],
    )
    assert.deepEqual(await prometheus.query('ALERTS{alertstate="firing"}'), [])
  })
})

test('the dashboard asks the chosen data source, for the chosen instances', () => {
  const { panels, templating } = readDashboard()
  assert.deepEqual(
    templating.list.map(({ name, type }) => [name, type]),
    [
      ['datasource', 'datasource'],
      ['instance', 'query'],
    ],
  )
  const ids = panels.map(({ id }) => id)
  assert.equal(new Set(ids).size, ids.length)
  const titles = panels.filter(({ type }) => type === 'row').map(({ title }) => title)
  assert.deepEqual(titles, [
    'Traffic',
    'Latency',
    'Commits and conflicts',
    'Queue and capacity',
    'Holds and expiry',
    'Database',
    'Process',
  ])
  for (const { title, targets = [], datasource } of panels) {
    for (const target of targets) {
      for (const source of [datasource, target.datasource])
        assert.deepEqual(source, { type: 'prometheus', uid: '${datasource}' }, title)
      const isOfInstances = target.expr.includes('instance=~"$instance"')
      assert.ok(isOfInstances || /ALERTS|holdfast_verify_/.test(target.expr), title)
    }
  }
})
