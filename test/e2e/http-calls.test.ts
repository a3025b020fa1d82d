/** What an HTTP call has besides its answer: its id, its line in the log, and what a page of another origin may do. */
import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { describe, test } from 'node:test'
import { pino } from 'pino'
import { HttpService } from '../support/http-service.ts'

const MADE = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

function capture() {
  const lines: Record<string, unknown>[] = []
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>)
      done()
    },
  })
  return { lines, logger: pino({ level: 'debug' }, stream) }
}

describe('a call', () => {
  test('gets its id back, whatever the answer', async () => {
    await using service = await HttpService.start()
    const ids = { 'x-request-id': 'edge-7/a:b=c+d@e.f~g_h' }
    for (const path of ['/livez', '/v1/assets', '/v1/holds/none', '/nowhere', '/v1/holds?limit=x', '/openapi.json']) {
      const { headers } = await service.call('GET', path, undefined, { headers: ids })
      assert.equal(headers.get('x-request-id'), ids['x-request-id'], path)
    }
    const { headers } = await service.post('/v1/deposits', '{', ids)
    assert.equal(headers.get('x-request-id'), ids['x-request-id'])
  })

  test('without an id, or with one that is no safe text, gets a new one', async () => {
    await using service = await HttpService.start()
    const seen = new Set<string>()
    for (const given of [undefined, '', 'two words', 'quote"', '<b>', 'x'.repeat(129), 'é']) {
      const headers = given === undefined ? {} : { 'x-request-id': given }
      const id = (await service.call('GET', '/livez', undefined, { headers })).headers.get('x-request-id')
      assert.match(id ?? '', MADE, given)
      seen.add(id!)
    }
    assert.equal(seen.size, 7)
  })

  test('with two ids gets a new one', async () => {
    await using service = await HttpService.start()
    const text = await service.raw(
      'GET /livez HTTP/1.0\r\nHost: localhost\r\nX-Request-Id: a\r\nX-Request-Id: b\r\n\r\n',
    )
    assert.match(/x-request-id: (.+)\r/i.exec(text)?.[1] ?? '', MADE)
  })

  test('has the same id in its line of the log, and in that of its problem', async () => {
    const { lines, logger } = capture()
    await using service = await HttpService.start({ http: { logger, logRequests: true } })
    await service.call('GET', '/v1/holds/none', undefined, { headers: { 'x-request-id': 'call-1' } })
    assert.deepEqual(
      lines.map(({ callId, code, status }) => [callId, code, status]),
      [
        ['call-1', 'hold_not_found', undefined],
        ['call-1', undefined, 404],
      ],
    )
  })
})

test('health probes answer and leave no line in the log of requests', async () => {
  const { lines, logger } = capture()
  await using service = await HttpService.start({ http: { logger, logRequests: true } })
  for (const path of ['/livez', '/healthz', '/readyz']) assert.equal((await service.get(path)).status, 200)
  assert.deepEqual((await service.get('/livez')).body, { status: 'alive' })
  assert.deepEqual(lines, [])
  await service.get('/v1/assets')
  assert.equal(lines.length, 1)
})

describe('a page of another origin', () => {
  const ORIGIN = 'https://app.example.org'
  const PREFLIGHT = {
    origin: ORIGIN,
    'access-control-request-method': 'PUT',
    'access-control-request-headers': 'content-type,if-match',
  }

  async function asked(corsOrigins: readonly string[] | null, origin: string) {
    await using service = await HttpService.start({ http: corsOrigins === null ? {} : { corsOrigins } })
    const of = { headers: { ...PREFLIGHT, origin } }
    const preflight = await service.call('OPTIONS', '/v1/accounts/user:8', undefined, of)
    const answer = await service.call('GET', '/v1/holds/none', undefined, of)
    return {
      allowed: [preflight, answer].map(({ headers }) => headers.get('access-control-allow-origin')),
      preflight,
      answer,
    }
  }

  test('may call nothing unless its origin is in the list', async () => {
    for (const [list, origin] of [
      [null, ORIGIN],
      [[ORIGIN], 'https://evil.example.org'],
      [[ORIGIN], 'null'],
    ] as const) {
      const { allowed } = await asked(list, origin)
      assert.deepEqual(allowed, [null, null])
    }
  })

  test('may call everything if its origin is in the list, and read what the headers say', async () => {
    const { allowed, preflight, answer } = await asked(['https://other.example.org', ORIGIN], ORIGIN)
    assert.deepEqual(allowed, [ORIGIN, ORIGIN])
    assert.equal(preflight.status, 204)
    assert.equal(preflight.headers.get('access-control-allow-methods'), 'GET, POST, PUT')
    assert.equal(preflight.headers.get('access-control-allow-headers'), 'content-type,if-match')
    assert.equal(answer.body['code'], 'hold_not_found')
    assert.match(answer.headers.get('access-control-expose-headers') ?? '', /Idempotent-Replayed.*X-Request-Id/)
    assert.match(answer.headers.get('vary') ?? '', /Origin/)
  })

  test('may read the refusals of an overloaded service too', async () => {
    await using service = await HttpService.start({ http: { corsOrigins: ['*'], limits: { requestsInFlightMax: 0 } } })
    const { status, headers } = await service.call('GET', '/v1/assets', undefined, { headers: { origin: ORIGIN } })
    assert.deepEqual([status, headers.get('access-control-allow-origin')], [503, '*'])
  })
})
