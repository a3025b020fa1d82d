/** Pages of other sites, which can make a browser send requests here, and names that somebody else lets point here. */
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import type { HttpOptions } from '../../src/http/server.ts'
import { HttpService } from '../support/http-service.ts'

interface Heard {
  readonly status: number
  readonly code: unknown
}

/** Headers that `fetch` would not let a caller set. */
async function send(
  { url }: HttpService,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<Heard> {
  return await new Promise((resolve, reject) => {
    const call = request(url + path, { method, headers }, (answer) => {
      text(answer).then((body) => {
        const isProblem = answer.headers['content-type']?.startsWith('application/problem+json') ?? false
        resolve({ status: answer.statusCode!, code: isProblem ? (JSON.parse(body) as Heard)['code'] : undefined })
      }, reject)
    })
    call.on('error', reject).end()
  })
}

async function withHold(http: HttpOptions = {}): Promise<HttpService> {
  const service = await HttpService.start({ http })
  await service.give('user:8', 100)
  await service.post('/v1/holds', { requestId: 'job-1', account: 'user:8', amount: 40 })
  return service
}

const RELEASE = '/v1/holds/job-1/release'

describe('a name in the Host header', () => {
  test('that the service was not told of is refused, and changes nothing', async () => {
    await using service = await withHold()
    for (const host of [
      'rebound.example.org',
      'rebound.example.org:4680',
      '127.0.0.1.example.org',
      'localhost.example.org',
      '::1',
    ]) {
      assert.deepEqual(await send(service, 'POST', RELEASE, { host }), { status: 421, code: 'host_not_allowed' }, host)
      assert.equal((await send(service, 'GET', '/v1/accounts/user:8', { host })).status, 421, host)
      assert.equal((await send(service, 'GET', '/docs', { host })).status, 421, host)
    }
    assert.deepEqual(await service.creditOf('user:8'), ['60', '40'])
  })

  test('that is an address, localhost or on the list is answered', async () => {
    await using service = await withHold({ allowedHosts: ['ledger.internal'] })
    const hosts = [
      '10.0.0.7',
      '10.0.0.7:80',
      '[::1]',
      '[::1]:4680',
      'localhost:1',
      'LOCALHOST',
      'a.localhost',
      'localhost.',
    ]
    for (const host of [...hosts, 'ledger.internal', 'Ledger.Internal:443']) {
      assert.equal((await send(service, 'GET', '/v1/accounts/user:8', { host })).status, 200, host)
    }
    assert.match(await service.raw('GET /v1/assets HTTP/1.0\r\n\r\n'), /^HTTP\/1.1 200 /)
  })

  test('does not matter to probes of the health, nor with *', async () => {
    await using service = await withHold()
    for (const path of ['/healthz', '/livez', '/readyz', '/livez?from=probe']) {
      assert.equal((await send(service, 'GET', path, { host: 'probe.example.org' })).status, 200, path)
    }
    await using open = await withHold({ allowedHosts: ['*'] })
    assert.equal((await send(open, 'POST', RELEASE, { host: 'any.example.org' })).status, 200)
  })
})

describe('a page', () => {
  const OTHER = { origin: 'https://other.example.org', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }

  test('of another origin is refused, and changes nothing', async () => {
    await using service = await withHold({ corsOrigins: ['https://app.example.org'] })
    const { port } = new URL(service.url)
    const others: readonly Readonly<Record<string, string>>[] = [
      OTHER,
      { origin: 'null' },
      { origin: 'nonsense' },
      { origin: `http://127.0.0.1:${Number(port) + 1}`, 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
      { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' },
    ]
    for (const headers of others) {
      const refused = { status: 403, code: 'origin_not_allowed' }
      assert.deepEqual(await send(service, 'POST', RELEASE, headers), refused, JSON.stringify(headers))
    }
    assert.equal((await send(service, 'GET', '/v1/assets', OTHER)).status, 403)
    assert.deepEqual(await service.creditOf('user:8'), ['60', '40'])
  })

  test('of the own origin, of one on the list, and a link are answered', async () => {
    await using service = await withHold({ corsOrigins: ['https://app.example.org'] })
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
    const fine: readonly Readonly<Record<string, string>>[] = [
      { origin: service.url, 'sec-fetch-site': 'same-origin' },
      { origin: 'https://app.example.org', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' },
      { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' },
      link,
    ]
    for (const headers of fine) {
      assert.equal((await send(service, 'GET', '/v1/assets', headers)).status, 200, JSON.stringify(headers))
    }
    assert.equal((await send(service, 'GET', '/docs/', link)).status, 200)
    assert.equal((await send(service, 'POST', RELEASE, { origin: service.url })).status, 200)
    await using open = await withHold({ corsOrigins: ['*'] })
    assert.equal((await send(open, 'POST', RELEASE, OTHER)).status, 200)
  })
})

test('the ids . and .., which no URL can have as a segment, are refused', async () => {
  await using service = await withHold()
  for (const requestId of ['.', '..']) {
    const { status, body } = await service.post('/v1/deposits', { requestId, account: 'user:8', amount: 1 })
    assert.deepEqual([status, body['pointer']], [400, '/requestId'])
  }
  for (const requestId of ['...', '.a', 'a.', '/', 'a', 'ab', '..a']) {
    const { status } = await service.post('/v1/deposits', { requestId, account: 'user:8', amount: 1 })
    assert.equal(status, 201, requestId)
    assert.equal((await service.get(`/v1/entries/${encodeURIComponent(requestId)}`)).status, 200, requestId)
  }
})
