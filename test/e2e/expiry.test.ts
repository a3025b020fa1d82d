/** The service's sweeper: it ends a backlog, reports its progress, and stops cleanly. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '../../src/engine/clock.ts'
import { openLedger } from '../../src/ledger.ts'
import { until } from '../support/mysql-ledger.ts'
import { runHoldfast, ServiceProcess } from '../../harness/service-process.ts'

interface Readiness {
  readonly status: number
  readonly expiry: { readonly lagMs: number; readonly backlog: number | null; readonly swept: number }
  readonly warnings: readonly string[]
}

const HOLDS = 120
const HOUR_MS = 3_600_000
/** Small pages, so that the backlog takes a dozen rounds, and is there when a busy machine looks for it. */
const PACE = ['--expiry-interval-ms', '400', '--expiry-page-max', '5', '--expiry-round-max', '10']
const MS_MAX = 20_000

async function readinessOf({ url }: ServiceProcess): Promise<Readiness> {
  const response = await fetch(`${url}/readyz`)
  return { ...((await response.json()) as Omit<Readiness, 'status'>), status: response.status }
}

function messagesOf({ log }: ServiceProcess): readonly string[] {
  const lines = log.split('\n').filter((line) => line !== '')
  return lines.map((line) => (JSON.parse(line) as { msg: string }).msg)
}

describe('holds that came due an hour ago', () => {
  let folder = ''
  let store = ''

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-expiry-'))
    store = `sqlite:${join(folder, 'ledger.db')}`
    const clock = { ...systemClock, now: () => Date.now() - HOUR_MS }
    await using ledger = await openLedger(store, { sweep: false, clock })
    await ledger.deposit({ account: 'user:8', amount: 1_000n })
    await Promise.all(
      Array.from({ length: HOLDS }, (_, index) =>
        ledger.freeze({ requestId: `h-${index}`, account: 'user:8', amount: 5n, expiresInMs: 1_000 }),
      ),
    )
  })

  after(async () => {
    await rm(folder, { recursive: true })
  })

  test('are a lag that the service warns of and logs while it is ready, and that it works off across a restart', async () => {
    const first = await ServiceProcess.start(store, PACE)
    try {
      await until(async () => (await readinessOf(first)).expiry.swept > 0, 'the first round', MS_MAX)
      const { status, expiry, warnings } = await readinessOf(first)
      assert.equal(status, 200)
      assert.ok(expiry.lagMs > 0.9 * HOUR_MS && expiry.swept < HOLDS, JSON.stringify(expiry))
      assert.match(warnings.join('\n'), /^Due holds are not ended in time: the oldest .* 3[56]\d\d s ago\.$/m)
      // The service looks at its warnings from time to time.
      await until(async () => messagesOf(first).length > 1, 'the warning in the log', MS_MAX)
      assert.equal(await first.stop(), 0, first.log)
      assert.deepEqual(messagesOf(first), ['serving', 'due holds are not ended in time', 'stopping', 'stopped'])
    } finally {
      await first.kill()
    }
    await using second = await ServiceProcess.start(store, PACE)
    const isDone = async (): Promise<boolean> => {
      const { expiry } = await readinessOf(second)
      return expiry.backlog === 0 && expiry.lagMs === 0 && expiry.swept > 0
    }
    await until(isDone, 'the end of the backlog', MS_MAX)
    assert.deepEqual((await readinessOf(second)).warnings, [])
    assert.ok(messagesOf(second).includes('due holds are ended in time again'), second.log)
    const { exitCode, stdout } = await runHoldfast(['verify', '--store', store])
    assert.equal(exitCode, 0, stdout)
    const shown = await runHoldfast(['account', 'user:8', '--store', store, '--json'])
    assert.match(shown.stdout, /"available":"1000","held":"0"/)
  })
})
