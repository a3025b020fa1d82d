import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { migrateLedger } from '../../src/ledger.ts'
import { ServiceProcess } from '../../harness/service-process.ts'
import { findingsOf } from './bounds.ts'
import { measureOverload } from './overload.ts'

test('under four times what it can serve the service serves on and refuses the rest, and its answers and books are right', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-overload-'))
  try {
    const store = `sqlite:${join(folder, 'ledger.db')}`
    await migrateLedger(store)
    await using service = await ServiceProcess.start(store)
    const result = await measureOverload(service, { seconds: 1.5, factor: 4, connections: 1_500, commands: 20 })
    // How fast that is, is checked by `npm run overload` on an otherwise idle machine.
    for (const { what, found, bound, ok, isOfSpeed } of findingsOf(result)) {
      t.diagnostic(`${what}: ${found}; ${bound}`)
      assert.ok(ok || isOfSpeed, `${what}: ${found}; ${bound}`)
    }
    assert.ok(result.served.count > 0, 'nobody was served')
    assert.ok(result.refused.count > 0, 'nobody was refused')
    assert.equal(await service.stop(), 0)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('a bound that is broken is found', () => {
  const share = { perSecond: 10, count: 10, p50Ms: 1, p99Ms: 10_000, maxMs: 10_000 }
  const findings = findingsOf({
    commands: 1,
    offeredPerSecond: 400,
    normal: { perSecond: 100, p50Ms: 1, p99Ms: 1 },
    overSeconds: 1,
    served: share,
    refused: share,
    withoutRetryAfter: 1,
    others: { 500: 1 },
    memoryMb: { before: 100, peak: 1_000, after: 900 },
    normalAgainMs: 10_000,
    acknowledged: 2,
    found: 1,
  })
  assert.deepEqual(
    findings.filter(({ ok }) => ok),
    [],
  )
})
