/** In company, a caller has a limited number of requests at work; its further ones, and its connections, wait for their turn. */
import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { assertProblem, HttpService, type Answer } from '../support/http-service.ts'
import { until } from '../support/mysql-ledger.ts'

const NOISY = { 'x-forwarded-for': '10.0.0.8' }
const QUIET = { 'x-forwarded-for': '10.0.0.9' }
const deposit = (account: string): object => ({ account, amount: 1 })

/** A service whose commits wait until `open` is called. */
async function held(limits: object): Promise<{ service: HttpService; open: () => void }> {
  const service = await HttpService.start({
    engine: { limits: { batchesInFlightMax: 1 } },
    http: { trustedProxies: ['127.0.0.1'], limits },
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  service.store.gate = promise
  return { service, open: resolve }
}

const noisy = (service: HttpService, count: number): Promise<Answer>[] =>
  Array.from({ length: count }, () => service.post('/v1/deposits', deposit('user:8'), NOISY))

/** Commands that the engine has, with the batch under way. */
const taken = (service: HttpService): number => service.engine.queueDepth + 1

describe('a caller in company', () => {
  test('has so many requests at work, and another caller’s is not behind the rest', async () => {
    // Each comes on a new connection, and counts as four.
    const { service, open } = await held({ inCompanyMax: 16 })
    await using _ = service
    const first = service.post('/v1/deposits', deposit('user:1'), QUIET)
    await until(async () => service.store.calls.includes('commit'), 'a commit')
    const many = noisy(service, 20)
    await until(async () => taken(service) === 5, 'the share of the noisy caller')
    await sleep(50)
    assert.equal(taken(service), 5)
    const quiet = service.post('/v1/deposits', deposit('user:1'), QUIET)
    await until(async () => taken(service) === 6, 'the quiet caller')
    open()
    for (const answer of await Promise.all([first, quiet, ...many])) assert.equal(answer.status, 201)
    assert.deepEqual(await service.creditOf('user:8'), ['20', '0'])
  })

  test('has one large batch request at work', async () => {
    const { service, open } = await held({ inCompanyMax: 4 })
    await using _ = service
    const commands = Array.from({ length: 50 }, () => ({ kind: 'deposit', ...deposit('user:8') }))
    const first = service.post('/v1/deposits', deposit('user:1'), QUIET)
    await until(async () => service.store.calls.includes('commit'), 'a commit')
    const batches = [1, 2, 3].map(() => service.post('/v1/batches', { commands }, NOISY))
    await until(async () => taken(service) === 51, 'a batch request')
    await sleep(50)
    assert.equal(taken(service), 51)
    open()
    for (const answer of await Promise.all([first, ...batches])) assert.ok(answer.status < 300)
    assert.deepEqual(await service.creditOf('user:8'), ['150', '0'])
  })

  test('submits a batch request in several turns of the event loop, and alone in one', async () => {
    const commands = Array.from({ length: 200 }, () => ({ kind: 'deposit', ...deposit('user:8') }))
    for (const [other, depths] of [
      [QUIET, [65, 129, 193, 201]],
      [NOISY, [201]],
    ] as const) {
      const { service, open } = await held({})
      await using _ = service
      const first = service.post('/v1/deposits', deposit('user:1'), other)
      await until(async () => service.store.calls.includes('commit'), 'a commit')
      const batch = service.post('/v1/batches', { commands }, NOISY)
      const seen = new Set<number>()
      while (taken(service) < 201) {
        await nextTurn()
        seen.add(taken(service))
      }
      seen.delete(1)
      assert.deepEqual([...seen], depths)
      open()
      for (const answer of await Promise.all([first, batch])) assert.ok(answer.status < 300)
    }
  })

  test('is refused for a request that waited for too long, without effect', async () => {
    const { service, open } = await held({ inCompanyMax: 1, companyWaitMsMax: 20 })
    await using _ = service
    const first = service.post('/v1/deposits', deposit('user:1'), QUIET)
    await until(async () => service.store.calls.includes('commit'), 'a commit')
    const many = noisy(service, 3)
    await until(async () => taken(service) === 2, 'the noisy caller')
    await sleep(100)
    open()
    assert.equal((await first).status, 201)
    const answers = await Promise.all(many)
    const refused = answers.filter(({ status }) => status !== 201)
    assert.equal(refused.length, 2)
    for (const answer of refused) {
      assert.match(String(assertProblem(answer, 503, 'overloaded')['detail']), /waited for 20 ms/)
    }
    assert.deepEqual(await service.creditOf('user:8'), ['1', '0'])
  })

  test('who hangs up while a request waits has not sent it', async () => {
    const { service, open } = await held({ inCompanyMax: 1 })
    await using _ = service
    const first = service.post('/v1/deposits', deposit('user:1'), QUIET)
    await until(async () => service.store.calls.includes('commit'), 'a commit')
    const [atWork] = noisy(service, 1)
    await until(async () => taken(service) === 2, 'the noisy caller')
    const before = service.connections.size
    const hungUp = new AbortController()
    const waiting = service.call('POST', '/v1/deposits', deposit('user:8'), { headers: NOISY, signal: hungUp.signal })
    await until(async () => service.connections.size === before + 1, 'its connection')
    await sleep(50)
    hungUp.abort()
    await assert.rejects(waiting)
    await until(async () => service.connections.size === before, 'its end')
    open()
    for (const answer of await Promise.all([first, atWork!])) assert.equal(answer.status, 201)
    assert.deepEqual(await service.creditOf('user:8'), ['1', '0'])
  })
})

test('a caller alone has everything at work', async () => {
  const { service, open } = await held({ inCompanyMax: 4 })
  await using _ = service
  const [first] = noisy(service, 1)
  await until(async () => service.store.calls.includes('commit'), 'a commit')
  const many = noisy(service, 20)
  await until(async () => taken(service) === 21, 'all of them')
  open()
  for (const answer of await Promise.all([first!, ...many])) assert.equal(answer.status, 201)
})

test('connections that rest are read in turns, whether they have sent something or not, and closing answers them', async () => {
  const service = await HttpService.start({ http: { limits: { inCompanyMax: 2 } } })
  let stopped = false
  try {
    const quietly = async (): Promise<void> => {
      while (!stopped) {
        assert.equal((await service.post('/v1/deposits', deposit('user:1'))).status, 201)
        await sleep(5)
      }
    }
    const quiet = quietly()
    const agents = Array.from({ length: 30 }, () => new Agent({ keepAlive: true, maxSockets: 1 }))
    const rounds = async (agent: Agent, count: number): Promise<void> => {
      for (let round = 0; round < count; round++) assert.equal(await depositFrom(service.url, agent), 201)
    }
    await Promise.all(agents.map((agent) => rounds(agent, 5)))
    // Most of them idle.
    await Promise.all(agents.slice(0, 3).map((agent) => rounds(agent, 10)))
    await Promise.all(agents.map((agent) => rounds(agent, 2)))
    assert.deepEqual(await service.creditOf('user:8'), [String(30 * 5 + 3 * 10 + 30 * 2), '0'])
    const last = Promise.all(agents.map((agent) => rounds(agent, 1)))
    stopped = true
    await quiet
    await last
    for (const agent of agents) agent.destroy()
  } finally {
    stopped = true
    await service[Symbol.asyncDispose]()
  }
})

/** One deposit from an address of its own; its status. */
async function depositFrom(url: string, agent: Agent): Promise<number | undefined> {
  return await new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const options = { agent, method: 'POST', headers, localAddress: '127.0.0.2' }
    const outgoing = request(`${url}/v1/deposits`, options, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode))
    })
    outgoing.on('error', reject)
    outgoing.end(JSON.stringify(deposit('user:8')))
  })
}
