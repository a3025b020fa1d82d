/** The health port answers however busy the main thread is, and ends with the service. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { LedgerError } from '../../src/api/error.ts'
import { HEALTH_LIMITS, HealthPort } from '../../src/http/health-port.ts'
import { runHoldfast, ServiceProcess } from '../../harness/service-process.ts'
import { until } from '../support/mysql-ledger.ts'

const LIMITS = { ...HEALTH_LIMITS, beatMs: 20, reportAgeMsMax: 300, stuckMsMax: 1_500 }
const READY = { status: 200, headers: { 'content-type': 'application/json' }, body: '{"status":"ready"}' }

async function opened(): Promise<{ health: HealthPort; url: string }> {
  const health = await HealthPort.open({ host: '127.0.0.1', port: 0 }, LIMITS)
  return { health, url: `http://127.0.0.1:${health.address.port}` }
}

async function codeOf(url: string): Promise<string> {
  const { status, body } = await fetch(url).then(async (answer) => ({
    status: answer.status,
    body: await answer.json(),
  }))
  const { code = 'ok' } = body as { code?: string }
  return `${status} ${code}`
}

/** Probes both paths until it is told to stop; then its message lists the statuses, each change once. */
const PROBES = `
  const { parentPort, workerData: url } = require('node:worker_threads')
  const seen = []
  let isOver = false
  parentPort.on('message', () => { isOver = true })
  const statusOf = async (path) => (await fetch(url + path)).status
  void (async () => {
    while (!isOver) {
      const both = await Promise.all([statusOf('/livez'), statusOf('/readyz')])
      if (seen.at(-1) !== both.join(' ')) seen.push(both.join(' '))
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    parentPort.postMessage(seen)
    parentPort.close()
  })()
  parentPort.postMessage('probing')
`

test('while the main thread is busy the process is alive, then not ready, then stuck; and all is well when it goes on', async () => {
  const { health, url } = await opened()
  try {
    health.watch(() => Promise.resolve(READY), assert.ifError)
    await until(async () => (await codeOf(`${url}/readyz`)) === '200 ok', 'readiness')
    const probes = new Worker(PROBES, { eval: true, workerData: url })
    await once(probes, 'message')
    await new Promise((resolve) => setTimeout(resolve, 200))
    // Nothing else runs on this thread meanwhile.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_000)
    await until(async () => (await codeOf(`${url}/readyz`)) === '200 ok', 'readiness again')
    await new Promise((resolve) => setTimeout(resolve, 200))
    probes.postMessage('stop')
    const [seen] = (await once(probes, 'message')) as [string[]]
    assert.deepEqual(seen.slice(0, 3), ['200 200', '200 503', '503 503'])
    assert.equal(seen.at(-1), '200 200')
  } finally {
    await health.close()
  }
})

test('a readiness that is not reported in time is no readiness, and says nothing about being alive', async () => {
  const { health, url } = await opened()
  try {
    assert.equal(await codeOf(`${url}/readyz`), '503 starting')
    let isSlow = false
    const looks: PromiseWithResolvers<typeof READY>[] = []
    health.watch(() => {
      const look = Promise.withResolvers<typeof READY>()
      looks.push(look)
      if (!isSlow) look.resolve(READY)
      return look.promise
    }, assert.ifError)
    await until(async () => (await codeOf(`${url}/readyz`)) === '200 ok', 'readiness')
    assert.match((await fetch(`${url}/readyz`)).headers.get('age')!, /^\d+$/)
    isSlow = true
    await until(async () => (await codeOf(`${url}/readyz`)) === '503 unresponsive', 'an old report')
    assert.equal(await codeOf(`${url}/livez`), '200 ok')
    const count = looks.length
    await new Promise((resolve) => setTimeout(resolve, 10 * LIMITS.beatMs))
    assert.equal(looks.length, count, 'a look began before the one before it had ended')
    looks.at(-1)!.resolve(READY)
    health.refuse(new LedgerError('shutting_down', 'This process takes no more work.'))
    await until(async () => (await codeOf(`${url}/readyz`)) === '503 shutting_down', 'the end')
    assert.equal(await codeOf(`${url}/healthz`), '200 ok')
  } finally {
    await health.close()
  }
  await assert.rejects(fetch(`${url}/livez`))
})

test('serve has the port, answers as the service does, and ends it with the process', async () => {
  await using service = await ServiceProcess.start('memory:', ['--health-port', '0', '--json'])
  const { healthUrl } = JSON.parse(service.output) as { healthUrl: string }
  await until(async () => (await codeOf(`${healthUrl}/readyz`)) === '200 ok', 'readiness')
  for (const path of ['/livez', '/healthz', '/readyz']) {
    const [own, other] = await Promise.all([fetch(`${service.url}${path}`), fetch(`${healthUrl}${path}`)])
    assert.equal(other.headers.get('content-type'), own.headers.get('content-type'))
    const [{ expiry: _, ...ownBody }, { expiry: __, ...otherBody }] = (await Promise.all([
      own.json(),
      other.json(),
    ])) as [Record<string, unknown>, Record<string, unknown>]
    assert.deepEqual(otherBody, ownBody)
  }
  assert.equal(await codeOf(`${healthUrl}/v1/accounts/user:8`), '404 route_not_found')
  const posted = await fetch(`${healthUrl}/livez`, { method: 'POST' })
  assert.deepEqual([posted.status, posted.headers.get('allow')], [405, 'GET, HEAD'])
  assert.equal((await fetch(`${healthUrl}/livez`, { method: 'HEAD' })).status, 200)
  const { port } = new URL(healthUrl)
  const second = `serve --store memory: --port 0 --health-port ${port}`
  const { exitCode, stdout, stderr } = await runHoldfast(second.split(' '))
  assert.deepEqual([exitCode, stdout], [3, ''])
  assert.match(
    stderr,
    new RegExp(`^error: The health port ${port} is already in use\\. Choose another one with --health-port`),
  )
  assert.equal(await service.stop(), 0, service.log)
  await assert.rejects(fetch(`${healthUrl}/livez`))
})
