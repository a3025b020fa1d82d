import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Registry } from '@prometheus-io/client'
import { deposit, freeze, release, settle } from '../../test/support/commands.ts'
import { FaultyStore } from '../../test/support/faulty-store.ts'
import { Engine } from '../engine/engine.ts'
import { openMemoryStorage } from '../stores/memory/storage.ts'
import { metricsOf } from './registry.ts'
import { RequestMeasures } from './request-measures.ts'

function open() {
  const storage = openMemoryStorage()
  const store = new FaultyStore(storage.store)
  const engine = new Engine(store)
  return { store, engine, ledger: { engine, storage, sweeper: null } }
}

/** The samples of a text, by name and labels. */
async function samplesOf(registry: Registry): Promise<ReadonlyMap<string, number>> {
  const lines = (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const [, name, value] = /^(\S+(?:\{.*\})?) (\S+)$/.exec(line) ?? assert.fail(line)
      return [name!, value === '+Inf' ? Infinity : Number(value)] as const
    }),
  )
}

describe('the metrics of a ledger', () => {
  test('count commands by kind, outcome and code, and what their holds settled', async () => {
    const { engine, ledger } = open()
    const registry = metricsOf(ledger)
    await engine.submit(deposit('d', 'user:8', 100n))
    await engine.submit(deposit('d', 'user:8', 100n))
    await engine.submit(freeze('h', 'user:8', 50n))
    await engine.submit(freeze('much', 'user:8', 500n))
    await engine.submit(settle('h', 25n))
    await engine.submit(freeze('g', 'user:8', 10n))
    await engine.submit(release('g'))
    const samples = await samplesOf(registry)
    const commands = (labels: string): number | undefined => samples.get(`holdfast_commands_total{${labels}}`)
    assert.equal(commands('kind="deposit",outcome="applied",code=""'), 1)
    assert.equal(commands('kind="deposit",outcome="replayed",code=""'), 1)
    assert.equal(commands('kind="freeze",outcome="applied",code=""'), 2)
    assert.equal(commands('kind="freeze",outcome="rejected",code="insufficient_funds"'), 1)
    assert.equal(samples.get('holdfast_command_duration_seconds_count{kind="freeze"}'), 3)
    assert.equal(samples.get('holdfast_holds_ended_total{state="settled"}'), 1)
    assert.equal(samples.get('holdfast_holds_ended_total{state="released"}'), 1)
    assert.equal(samples.get('holdfast_settled_ratio_sum'), 0.5)
    assert.equal(samples.get('holdfast_settled_ratio_bucket{le="0.5"}'), 2)
    assert.equal(samples.get('holdfast_build_info{version="0.1.0",store="memory"}'), 1)
  })

  test('count the commands of a group, and batches by their size', async () => {
    const { engine, ledger } = open()
    await engine.submit({ kind: 'group', commands: [deposit('a', 'user:8', 1n), deposit('b', 'user:8', 1n)] })
    const samples = await samplesOf(metricsOf(ledger))
    assert.equal(samples.get('holdfast_commands_total{kind="deposit",outcome="applied",code=""}'), 2)
    assert.equal(samples.get('holdfast_batch_commands_sum'), 2)
    assert.equal(samples.get('holdfast_batch_commands_count'), 1)
  })

  test('show every conflict by its kind, how swaps succeed, and what it took', async () => {
    const { engine, store, ledger } = open()
    await engine.submit(deposit('d', 'user:8', 100n))
    store.script.push('contended', 'stale', 'none')
    await engine.submit(freeze('a', 'user:8', 1n))
    store.script.push('doubt-applied')
    await engine.submit(freeze('b', 'user:9', 1n)).catch(() => undefined)
    const samples = await samplesOf(metricsOf(ledger))
    const conflicts = (kind: string): number | undefined => samples.get(`holdfast_conflicts_total{kind="${kind}"}`)
    assert.deepEqual([conflicts('deadlock'), conflicts('stale'), conflicts('lock_timeout')], [1, 1, 0])
    assert.equal(samples.get('holdfast_commits_total{path="swap",result="deadlock"}'), 1)
    assert.equal(samples.get('holdfast_commits_total{path="locked",result="committed"}'), 1)
    const ratio = samples.get('holdfast_cas_success_ratio')!
    assert.ok(ratio > 0 && ratio < 1, String(ratio))
    assert.equal(samples.get('holdfast_attempts_bucket{le="2"}'), samples.get('holdfast_attempts_bucket{le="1"}'))
    assert.equal(samples.get('holdfast_contended_balances')! > 0, true)
  })

  test('show faults with their codes, and an open breaker', async () => {
    const { engine, store, ledger } = open()
    store.script.push(...Array<'unavailable'>(5).fill('unavailable'))
    for (let index = 0; index < 6; index++) {
      await assert.rejects(engine.submit(deposit(`d${index}`, 'user:8', 1n)), { code: 'store_unavailable' })
    }
    const samples = await samplesOf(metricsOf(ledger))
    assert.equal(samples.get('holdfast_commands_total{kind="deposit",outcome="faulted",code="store_unavailable"}'), 6)
    assert.equal(samples.get('holdfast_breaker_open'), 1)
    assert.equal(samples.get('holdfast_breaker_opened_total{circuit="writes"}'), 1)
    assert.equal(samples.get('holdfast_breaker_opened_total{circuit="reads"}'), 0)
    assert.equal(samples.get('holdfast_faults_total{code="store_unavailable"}'), 6)
  })

  test('count a command that is refused because its account has reached its limit', async () => {
    const storage = openMemoryStorage()
    const engine = new Engine(storage.store, { limits: { accountCommandsPerSecondMax: 1, accountBurstMax: 1 } })
    const registry = metricsOf({ engine, storage, sweeper: null })
    await engine.submit(deposit('d', 'user:8', 100n))
    await engine.submit(freeze('a', 'user:8', 1n))
    await assert.rejects(engine.submit(freeze('b', 'user:8', 1n)), { code: 'rate_limited' })
    const samples = await samplesOf(registry)
    assert.equal(samples.get('holdfast_faults_total{code="rate_limited"}'), 1)
    assert.equal(samples.get('holdfast_commands_total{kind="freeze",outcome="faulted",code="rate_limited"}'), 1)
  })

  test('have every fault and every result of a transaction at 0 before the first one, so that a rate counts it', async () => {
    const samples = await samplesOf(metricsOf(open().ledger))
    for (const code of ['overloaded', 'commit_in_doubt', 'store_misconfigured', 'internal']) {
      assert.equal(samples.get(`holdfast_faults_total{code="${code}"}`), 0, code)
    }
    for (const result of ['committed', 'deadlock', 'lock_timeout']) {
      assert.equal(samples.get(`holdfast_commits_total{path="swap",result="${result}"}`), 0, result)
      assert.equal(samples.get(`holdfast_commits_total{path="locked",result="${result}"}`), 0, result)
    }
  })

  test('are those of one moment, and have no name of an account and no id', async () => {
    const { engine, ledger } = open()
    const requests = new RequestMeasures()
    requests.observe({ method: 'POST', route: '/v1/holds/:hold/settle', status: 200, seconds: 0.003 })
    const registry = metricsOf(ledger, { requests })
    await engine.submit(deposit('secret-id', 'user:secret', 1n))
    const text = await registry.metrics()
    assert.doesNotMatch(text, /secret/)
    const samples = await samplesOf(registry)
    const labels = 'http_request_method="POST",http_route="/v1/holds/:hold/settle",http_response_status_code="200"'
    assert.equal(samples.get(`http_server_request_duration_seconds_count{${labels}}`), 1)
    assert.equal(
      samples.get('db_client_operation_duration_seconds_count{db_system_name="memory",db_operation_name="commit"}'),
      1,
    )
    for (const name of text.matchAll(/^# TYPE (holdfast_\S+) (\S+)$/gm)) {
      assert.equal(name[1]!.endsWith('_total'), name[2] === 'counter', name[1])
    }
  })

  test('show the room of the queue, the lines that the log dropped, and warnings of the database', async () => {
    const { ledger } = open()
    const samples = await samplesOf(metricsOf(ledger, { log: { droppedCount: 3 } }))
    assert.equal(samples.get('holdfast_queue_commands_max'), 10_000)
    assert.equal(samples.get('holdfast_log_dropped_lines_total'), 3)
    // The memory store warns that it keeps nothing.
    assert.equal(samples.get('holdfast_store_warnings'), 1)
    assert.equal((await samplesOf(metricsOf(ledger))).has('holdfast_log_dropped_lines_total'), false)
  })

  test('join those of an application, once', () => {
    const registry = new Registry()
    assert.equal(metricsOf(open().ledger, { registry }), registry)
    assert.throws(() => metricsOf(open().ledger, { registry }), /already been registered/)
  })
})
