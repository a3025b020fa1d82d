/** Admission of requests to an overloaded service. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, test } from 'node:test'
import { assertProblem, HttpService } from '../support/http-service.ts'
import { until } from '../support/mysql-ledger.ts'

const DEPOSIT = { account: 'user:8', amount: 5 }

describe('a service with as many requests under way as it may have', () => {
  test('refuses one more at once, without reading it, and says when to retry', async () => {
    await using service = await HttpService.start({ http: { limits: { requestsInFlightMax: 1 } } })
    const commits = Promise.withResolvers<void>()
    service.store.gate = commits.promise
    const first = service.post('/v1/deposits', DEPOSIT)
    await until(async () => service.store.calls.includes('commit'), 'a commit')
    // A service that read this body would answer with another problem.
    const refused = await service.post('/v1/deposits', '{')
    assert.equal(assertProblem(refused, 503, 'overloaded')['applied'], 'no')
    assert.equal(refused.headers.get('retry-after'), '1')
    assertProblem(await service.get('/v1/accounts/user:8'), 503, 'overloaded')
    commits.resolve()
    assert.equal((await first).status, 201)
    assert.equal((await service.post('/v1/deposits', DEPOSIT)).status, 201)
    assert.deepEqual(await service.creditOf('user:8'), ['10', '0'])
  })

  test('still says that it is alive', async () => {
    await using service = await HttpService.start({ http: { limits: { requestsInFlightMax: 1 } } })
    const commits = Promise.withResolvers<void>()
    service.store.gate = commits.promise
    const first = service.post('/v1/deposits', DEPOSIT)
    await until(async () => service.store.calls.includes('commit'), 'a commit')
    assert.equal((await service.get('/healthz')).status, 200)
    commits.resolve()
    await first
  })

  test('takes another when a caller has gone without his answer', async () => {
    await using service = await HttpService.start({ http: { limits: { requestsInFlightMax: 1 } } })
    const commits = Promise.withResolvers<void>()
    service.store.gate = commits.promise
    const gone = new AbortController()
    const first = service.call('POST', '/v1/deposits', DEPOSIT, { signal: gone.signal })
    await until(async () => service.store.calls.includes('commit'), 'a commit')
    gone.abort()
    await assert.rejects(first)
    await until(async () => (await service.get('/v1/assets')).status === 200, 'room for another')
    commits.resolve()
  })
})

test('requests that a lost connection had pipelined make room for others', async () => {
  await using service = await HttpService.start({ http: { limits: { requestsInFlightMax: 5 } } })
  const { promise: read, resolve: open } = Promise.withResolvers<void>()
  const assets = service.reader.assets.bind(service.reader)
  service.reader.assets = async (query) => {
    await read
    return await assets(query)
  }
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1')
  socket.write('GET /v1/assets HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(5))
  socket.on('error', () => undefined)
  const statusOfOthers = async (): Promise<number> => (await service.get('/v1/accounts/user:8')).status
  await until(async () => (await statusOfOthers()) === 503, 'five requests under way')
  socket.destroy()
  open()
  await until(async () => (await statusOfOthers()) === 404, 'room for others')
  // All of the capacity is free again: five requests are accepted.
  const others = await Promise.all(Array.from({ length: 5 }, () => service.get('/v1/assets')))
  assert.deepEqual(new Set(others.map(({ status }) => status)), new Set([200]))
})

test('a connection more than there may be is closed, and the others are served', async () => {
  await using service = await HttpService.start({ http: { limits: { connectionsMax: 2 } } })
  const { port, hostname } = new URL(service.url)
  const open = async (): Promise<Socket> => {
    const socket = connect(Number(port), hostname)
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    return socket
  }
  const [one, two, three] = [await open(), await open(), await open()]
  await once(three, 'close')
  one.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  const [answer] = (await once(one, 'data')) as [Buffer]
  assert.match(answer.toString('latin1'), /^HTTP\/1\.1 200/)
  for (const socket of [one, two]) socket.destroy()
})
