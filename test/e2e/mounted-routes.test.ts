/** The routes of a ledger in somebody else's fastify application. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import { connect } from '../../src/client/index.ts'
import { ledgerRoutes } from '../../src/http/ledger-routes.ts'
import { openLedger } from '../../src/index.ts'

interface Mounted {
  readonly app: FastifyInstance
  readonly url: string
}

/** An application with its own errors, parsers and schemas, which has the routes below `prefix`. */
async function withApplication(prefix: string, use: (mounted: Mounted) => Promise<void>): Promise<void> {
  await using ledger = await openLedger('memory:')
  const app = Fastify()
  app.setErrorHandler((_, __, reply) => reply.code(418).send({ error: 'of the application' }))
  app.addSchema({ $id: 'Hold', type: 'object', properties: { mine: { type: 'string' } } })
  app.setSerializerCompiler(() => () => 'by the serializer of the application')
  app.addContentTypeParser('text/plain', { parseAs: 'string' }, (_, body, done) => done(null, body))
  app.addHook('onRequest', async (request, reply) => {
    if (request.headers.authorization !== 'Bearer key') await reply.code(401).send({ error: 'who are you?' })
  })
  app.post('/own', (request, reply) => reply.send({ received: request.body }))
  app.get('/broken', () => {
    throw new Error('Something of the application.')
  })
  await app.register(ledgerRoutes, { ledger, prefix, limits: { bodyBytesMax: 2_000 } })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  try {
    await use({ app, url })
  } finally {
    await app.close()
  }
}

const headers = { authorization: 'Bearer key' }

async function codeOf(answer: Response): Promise<readonly [number, unknown]> {
  return [answer.status, ((await answer.json()) as { code?: unknown }).code]
}

for (const prefix of ['/ledger', '']) {
  describe(`below ${prefix === '' ? 'the root' : prefix}`, () => {
    test('the client does what it does with the service', () =>
      withApplication(prefix, async ({ url }) => {
        await using client = connect(url + prefix, { headers })
        await client.deposit({ account: 'user:8', amount: 100n })
        const hold = await client.freeze({ account: 'user:8', amount: 60n })
        assert.equal((await client.settle(hold.id, { amount: 50n })).released, 10n)
        assert.equal((await client.account('user:8')).balances[0]?.available, 50n)
        await assert.rejects(client.settle(hold.id, { amount: 1n }), { code: 'hold_not_open' })
        assert.equal((await fetch(`${url}${prefix}/readyz`, { headers })).status, 200)
      }))

    test('problems are those of the service, and errors elsewhere those of the application', () =>
      withApplication(prefix, async ({ url }) => {
        const post = (path: string, body: string, type = 'application/json'): Promise<Response> =>
          fetch(url + path, { method: 'POST', headers: { ...headers, 'content-type': type }, body })
        const deposits = `${prefix}/v1/deposits`
        assert.deepEqual(await codeOf(await post(deposits, '{')), [400, 'invalid_request'])
        assert.deepEqual(await codeOf(await post(deposits, '{"amount":"1","amount":"2"}')), [400, 'invalid_request'])
        assert.deepEqual(await codeOf(await post(deposits, 'x', 'text/plain')), [415, 'unsupported_media_type'])
        assert.deepEqual(await codeOf(await post(deposits, ' '.repeat(3_000))), [413, 'payload_too_large'])
        assert.deepEqual(await codeOf(await fetch(`${url}${prefix}/v1/holds/none`, { headers })), [
          404,
          'hold_not_found',
        ])
        assert.equal((await fetch(`${url}/broken`, { headers })).status, 418)
        assert.equal((await post('/own', 'x', 'text/plain')).status, 200)
      }))

    test('the application decides who may call them', () =>
      withApplication(prefix, async ({ url }) => {
        assert.equal((await fetch(`${url}${prefix}/v1/assets`)).status, 401)
      }))
  })
}

test('as soon as the ledger has a key, callers need one there too', async () => {
  await using ledger = await openLedger('memory:')
  const { secret } = await ledger.keys.create({ name: 'reader', scopes: ['accounts:read'] })
  const app = Fastify()
  await app.register(ledgerRoutes, { ledger, prefix: '/ledger' })
  app.get('/v1/own', () => 'own')
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  try {
    const call = (path: string, key?: string): Promise<Response> =>
      fetch(url + path, key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } })
    assert.deepEqual(await codeOf(await call('/ledger/v1/assets')), [401, 'unauthenticated'])
    assert.deepEqual(await codeOf(await call('/ledger/v1/stats', secret)), [403, 'forbidden'])
    assert.equal((await call('/ledger/v1/assets', secret)).status, 200)
    assert.equal((await call('/ledger/readyz')).status, 200)
    assert.equal((await call('/v1/own')).status, 200)
  } finally {
    await app.close()
  }
})

test('unknown paths below a prefix are problems, others are the application’s', () =>
  withApplication('/ledger', async ({ url }) => {
    assert.deepEqual(await codeOf(await fetch(`${url}/ledger/nowhere`, { headers })), [404, 'route_not_found'])
    assert.deepEqual(await codeOf(await fetch(`${url}/ledger/v1/deposits`, { headers })), [405, 'method_not_allowed'])
    assert.deepEqual(await codeOf(await fetch(`${url}/nowhere`, { headers })), [404, undefined])
  }))
