/** A service that warms up serves at once, says when it is ready, and leaves its ledger alone. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ServiceProcess } from '../../harness/service-process.ts'
import { until } from '../support/mysql-ledger.ts'

const ARGUMENTS = ['--warm-up-ms', '60000']

async function withFile(work: (store: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-warm-up-'))
  try {
    await work(`sqlite:${join(folder, 'ledger.db')}`)
  } finally {
    await rm(folder, { recursive: true })
  }
}

test('until it is warm a service is alive and serves, but is not ready; its ledger has only what callers did', async () => {
  await withFile(async (store) => {
    await using service = await ServiceProcess.start(store, ARGUMENTS)
    const readiness = await fetch(`${service.url}/readyz`)
    assert.equal(readiness.status, 503)
    assert.partialDeepStrictEqual(await readiness.json(), { code: 'starting', detail: 'The service is warming up.' })
    assert.equal((await fetch(`${service.url}/livez`)).status, 200)
    const headers = { 'content-type': 'application/json' }
    const body = '{"requestId":"d","account":"user:1","amount":1}'
    assert.equal((await fetch(`${service.url}/v1/deposits`, { method: 'POST', headers, body })).status, 201)
    await until(async () => (await fetch(`${service.url}/readyz`)).status === 200, 'readiness')
    assert.match(service.log, /"msg":"warmed up"/)
    const { items } = (await (await fetch(`${service.url}/v1/entries`)).json()) as { items: { id: string }[] }
    assert.deepEqual(
      items.map(({ id }) => id),
      ['d'],
    )
    assert.equal(await service.stop(), 0, service.log)
  })
})

test('a signal to stop ends the warm-up too', async () => {
  await using service = await ServiceProcess.start('memory:', ARGUMENTS)
  assert.equal((await fetch(`${service.url}/readyz`)).status, 503)
  assert.equal(await service.stop(), 0, service.log)
  assert.doesNotMatch(service.log, /did not stop in time|failed/)
  // A warm-up that ends by itself has at least twelve.
  const [, roundsCount] = /"roundsCount":(\d+)/.exec(service.log) ?? []
  assert.ok(Number(roundsCount) < 12, service.log)
})
