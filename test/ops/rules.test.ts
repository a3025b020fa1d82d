/** The rules of ops/prometheus: their syntax, their tests, and that every metric in them exists. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, test } from 'node:test'
import { runChild } from '../../harness/children.ts'
import { prometheusUnderTest, RULES } from '../../harness/prometheus.ts'
import { runHoldfast, ServiceProcess } from '../../harness/service-process.ts'
import { Engine } from '../../src/engine/engine.ts'
import { metricsOf } from '../../src/metrics/registry.ts'
import { openMemoryStorage } from '../../src/stores/memory/storage.ts'
import { metricNamesIn, panelQueries, readRules, runbookQueries } from '../support/ops-files.ts'

const SKIPPED = prometheusUnderTest()
const FOLDER = resolve(import.meta.dirname, '../../ops/prometheus')

async function promtool(...parameters: readonly string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await runChild('promtool', parameters)
  assert.equal(exitCode, 0, stdout + stderr)
}

describe('the rules for Prometheus', { skip: SKIPPED }, () => {
  test('are correct, and so is the example of a configuration', async () => {
    await promtool('check', 'rules', RULES)
    await promtool('check', 'config', join(FOLDER, 'prometheus.yml'))
  })

  test('fire when they should, and are silent beside a healthy service', async () => {
    await promtool('test', 'rules', join(FOLDER, 'rules.test.yml'))
  })
})

test('every alert fires in one of the tests of the rules', async () => {
  const tests = await readFile(join(FOLDER, 'rules.test.yml'), 'utf8')
  const fired = new Set([...tests.matchAll(/alertname="(\w+)"[^}]*\}'\s*,?\s*value: 1/g)].map(([, name]) => name))
  const { alerts } = readRules()
  assert.ok(alerts.length > 20, String(alerts.length))
  assert.deepEqual(
    alerts.map(({ name }) => name).filter((name) => !fired.has(name)),
    [],
  )
})

test('every metric in the rules, the dashboard and the runbook is one that a service, a pool or verify answers', async () => {
  const { alerts, records } = readRules()
  const answered = await answeredNames()
  const known = new Set([...answered, ...records.map(({ name }) => name), 'up', 'ALERTS'])
  const used = [...alerts, ...records]
    .map(({ expression }) => expression)
    .concat(
      panelQueries().map(({ expr }) => expr),
      runbookQueries(),
    )
  const unknown = used.flatMap(metricNamesIn).filter((name) => !known.has(name))
  assert.deepEqual(unknown, [])
})

test('a name that no service answers is found', () => {
  assert.deepEqual(
    metricNamesIn('sum by (http_route) (rate(holdfast_comands_total{kind="up"}[5m])) / on(job) nodejs_x > 0'),
    ['holdfast_comands_total', 'nodejs_x'],
  )
})

test('the names of the metrics are as Prometheus advises', { skip: SKIPPED }, async () => {
  await using service = await ServiceProcess.start('memory:')
  const text = await (await fetch(`${service.url}/metrics`)).text()
  const { stdout, stderr, status } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
  // Those of the process are named by @prometheus-io/client.
  const advice = `${stdout}${stderr}`.split('\n').filter((line) => line !== '' && !line.startsWith('nodejs_'))
  assert.deepEqual(advice, [])
  // 3: it has advice; 1: it could not read the text.
  assert.equal(status, 3)
})

function seriesOf([, name, type]: RegExpExecArray): readonly string[] {
  return type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name! + end) : [name!]
}

async function answeredNames(): Promise<ReadonlySet<string>> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-rules-'))
  try {
    const store = `sqlite:${join(folder, 'ledger.db')}`
    await using service = await ServiceProcess.start(store)
    await (await fetch(`${service.url}/v1/accounts/user:8`)).text()
    const ofService = await (await fetch(`${service.url}/metrics`)).text()
    const file = join(folder, 'ledger.prom')
    const { exitCode, stderr } = await runHoldfast(['verify', '--store', store, '--metrics', file])
    assert.equal(exitCode, 0, stderr)
    const texts = [ofService, await ofServer(), await readFile(file, 'utf8')]
    return new Set(texts.flatMap((text) => [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)]).flatMap(seriesOf))
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Only a ledger on a server has pools, and may read a replica. */
async function ofServer(): Promise<string> {
  const storage = openMemoryStorage()
  const pools = [{ pool: 'reads', sizeMax: 4, idle: 1, used: 1, waiting: 0 }]
  const served = {
    kind: 'postgres',
    warnings: [],
    inspect: () => storage.inspect(),
    gauges: () => ({ pools, logBytes: null }),
  }
  const replica = { current: () => ({ role: 'replica', lagMs: 20, behind: null }) as const }
  return await metricsOf({ engine: new Engine(storage.store), storage: served, sweeper: null, replica }).metrics()
}
