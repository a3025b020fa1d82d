import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempDisposable } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ServiceProcess } from '../../harness/service-process.ts'
import { migrateLedger } from '../../src/ledger.ts'
import { findingsOf } from './bounds.ts'
import { fundAccounts, measureAlone, measureFairness, medianOf, type FairnessResult } from './fairness.ts'
import { NoiseCrew } from './noise-crew.ts'
import type { Noise } from './noises.ts'
import { QuietUsers } from './quiet-users.ts'

const SHORT = { quietUsersCount: 10, seconds: 0.5, warmUpSeconds: 0.1 }
const NOISES: readonly Noise[] = [
  { kind: 'none', text: 'none', connecting: 'new' },
  { kind: 'http', text: 'single freezes', connections: 10, commands: 1, connecting: 'kept' },
  { kind: 'http', text: 'batches', connections: 2, commands: 20, connecting: 'kept' },
  { kind: 'http', text: 'new connections', connections: 5, commands: 1, connecting: 'new' },
  { kind: 'client', text: 'the client', calls: 50, connecting: 'kept' },
]

const QUIET: FairnessResult = {
  quiet: { count: 100, failures: {}, failedShare: 0, p50Ms: 2, p99Ms: 10, maxMs: 12 },
  noisy: { servedPerSecond: 0, refusedPerSecond: 0, failedPerSecond: 0 },
  health: { count: 10, failedCount: 0, longestMs: 250 },
  commitMs: 4,
  measuringLateMs: 0,
}

async function withService(parameters: readonly string[], use: (port: number) => Promise<void>): Promise<void> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'holdfast-fairness-'))
  const store = `sqlite:${join(folder.path, 'ledger.db')}`
  await migrateLedger(store)
  await using service = await ServiceProcess.start(store, parameters)
  const port = Number(new URL(service.url).port)
  await fundAccounts({ port, ...SHORT })
  await use(port)
}

test('every request of a quiet user is counted, beside each kind of noise, and so is what the noise gets', async () => {
  await withService([], async (port) => {
    for (const noise of NOISES) {
      const { quiet, noisy, health, commitMs } = await measureFairness(noise, { port, ...SHORT })
      assert.deepEqual(quiet.failures, {}, noise.text)
      assert.equal(quiet.count, SHORT.quietUsersCount * SHORT.seconds, noise.text)
      assert.ok(quiet.p50Ms! > 0 && quiet.p50Ms! <= quiet.p99Ms! && quiet.p99Ms! <= quiet.maxMs!, noise.text)
      assert.equal(noisy.servedPerSecond > 0, noise.kind !== 'none', noise.text)
      assert.equal(noisy.failedPerSecond, 0, noise.text)
      assert.equal(health.failedCount, 0, noise.text)
      assert.equal(health.count, 5, noise.text)
      assert.ok(commitMs > 0 && commitMs < 1_000, noise.text)
    }
    assert.ok((await measureAlone(NOISES[1]!, { port, ...SHORT })) > 0)
  })
})

test('what a service refuses is counted as failed for quiet users, and as refused for the noise', async () => {
  await withService(['--requests-in-flight-max', '1'], async (port) => {
    const { quiet, noisy } = await measureFairness(NOISES[1]!, { port, ...SHORT, seconds: 1 })
    assert.ok(quiet.failures['503']! > 0)
    assert.ok(quiet.failedShare > 0)
    assert.ok(noisy.refusedPerSecond > 0)
  })
})

test('a quiet user without a service has failed', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  using users = await QuietUsers.gather(port, ['user:quiet-1', 'user:quiet-2'], 'new')
  const answers = await users.run(0.6)
  assert.deepEqual([...answers.failures], [['connection', 2]])
  assert.equal(answers.served.count, 0)
})

describe('the noise comes from an address of its own', () => {
  for (const noise of NOISES.filter(({ kind }) => kind !== 'none')) {
    test(noise.text, async () => {
      const addresses = new Set<string>()
      const server = createServer((request, response) => {
        addresses.add(request.socket.remoteAddress!)
        request.resume()
        request.once('end', () => response.writeHead(503, { 'content-length': 2, 'retry-after': '1' }).end('{}'))
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      {
        await using crew = await NoiseCrew.assemble({ port, localAddress: '127.0.0.2', account: 'user:noisy' }, noise)
        crew.begin()
        while ((await crew.report()).refused === 0) await sleep(10)
      }
      assert.deepEqual([...addresses], ['127.0.0.2'])
      server.close()
      server.closeAllConnections()
    })
  }
})

test('of several rounds the median p99 counts, and every failure', () => {
  const round = (p99Ms: number | null, failures: Record<string, number>, longestMs: number): FairnessResult => ({
    ...QUIET,
    quiet: { ...QUIET.quiet, p99Ms, failures, failedShare: 0.5 },
    health: { count: 10, failedCount: p99Ms === null ? 1 : 0, longestMs },
  })
  const { quiet, health } = medianOf([round(9, {}, 1), round(null, { 503: 2 }, 5), round(7, { 503: 1 }, 2)])
  assert.deepEqual(quiet, { ...QUIET.quiet, count: 300, p99Ms: 9, failures: { 503: 3 }, failedShare: 0.01 })
  assert.deepEqual(health, { count: 30, failedCount: 1, longestMs: 5 })
})

describe('bounds', () => {
  test('a service that is as fast as beside no noise keeps them', () => {
    assert.ok(findingsOf(QUIET, QUIET).every(({ ok }) => ok))
    const slower = { ...QUIET, quiet: { ...QUIET.quiet, p99Ms: 3 * 10 + QUIET.commitMs } }
    assert.ok(findingsOf(slower, QUIET).every(({ ok }) => ok))
  })

  test('a bound that is broken is found', () => {
    const slow = { ...QUIET.quiet, p99Ms: 34.1 }
    const failed = { ...slow, failures: { 503: 1 }, failedShare: 0.01 }
    const broken = { ...QUIET, quiet: failed, health: { count: 10, failedCount: 0, longestMs: 250.1 } }
    assert.deepEqual(
      findingsOf(broken, QUIET).map(({ what, ok }) => [what, ok]),
      [
        ['failed', false],
        ['p99', false],
        ['/healthz', false],
      ],
    )
    const silent = { ...QUIET, health: { count: 10, failedCount: 1, longestMs: 1 } }
    assert.ok(!findingsOf(silent, QUIET).at(-1)!.ok)
    const nobody = { ...QUIET, quiet: { ...QUIET.quiet, p99Ms: null } }
    assert.ok(!findingsOf(nobody, QUIET)[1]!.ok)
  })
})
