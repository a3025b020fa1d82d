/** The life of keys over HTTP, in the library and in the client, and what is no key. */
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { describe, test } from 'node:test'
import { hashOf, newSecret } from '../../src/access/key-format.ts'
import { SCOPES } from '../../src/access/scope.ts'
import { signToken, TOKEN_MS_MAX } from '../../src/access/token.ts'
import { connect, createToken, LedgerError } from '../../src/client/index.ts'
import { createToken as createTokenHere, openLedger } from '../../src/index.ts'
import type { HttpOptions } from '../../src/http/server.ts'
import { assertProblem, HttpService, NOTICES_KEYS } from '../support/http-service.ts'

/** Reads the keys once: calls are then decided on what is in memory. */
const REMEMBERS_KEYS = { keyLimits: { refreshAgeMs: 3_600_000, ageMsMax: 3_600_000, missAgeMs: 0 } }

async function guarded(
  http: HttpOptions = NOTICES_KEYS,
): Promise<{ service: HttpService; admin: { authorization: string }; secret: string } & AsyncDisposable> {
  const service = await HttpService.start({ http })
  const admin = await service.keyed({ name: 'admin', scopes: SCOPES })
  const secret = admin.authorization.slice('Bearer '.length)
  return { service, admin, secret, [Symbol.asyncDispose]: () => service[Symbol.asyncDispose]() }
}

describe('who is let in', () => {
  test('everybody, while the ledger has no key; then only callers with a key, for ever', async () => {
    await using service = await HttpService.start({ http: NOTICES_KEYS })
    await service.give('user:8', 100)
    assert.equal((await service.get('/v1/accounts/user:8', { authorization: 'Basic of a gateway' })).status, 200)
    const { authorization } = await service.keyed({ name: 'only', scopes: ['accounts:read'] })
    const answer = await service.get('/v1/accounts/user:8')
    assertProblem(answer, 401, 'unauthenticated')
    assert.equal(answer.headers.get('www-authenticate'), 'Bearer')
    assert.equal((await service.get('/v1/accounts/user:8', { authorization })).status, 200)
    await service.keys.revoke('only', Date.now())
    assertProblem(await service.get('/v1/accounts/user:8', { authorization }), 401, 'unauthenticated')
    assertProblem(await service.get('/v1/nowhere'), 401, 'unauthenticated')
    for (const path of ['/livez', '/healthz', '/readyz', '/openapi.json', '/docs/']) {
      assert.equal((await service.get(path)).status, 200, path)
    }
    assert.equal((await service.get('/', { accept: 'text/html' })).status, 200)
  })

  for (const [how, http] of Object.entries({
    'when keys are read': NOTICES_KEYS,
    'when they are remembered': REMEMBERS_KEYS,
  })) {
    test(`nobody with a credential that is malformed, wrong, or there twice, ${how}`, async () => {
      await using all = await guarded(http)
      const { service, secret } = all
      assert.equal((await service.get('/v1/assets', all.admin)).status, 200)
      const wrong = [
        'Bearer',
        'Bearer ',
        secret,
        `Basic ${secret}`,
        `Basic ${Buffer.from(`x:${secret}`).toString('base64')}`,
        `Bearer ${secret} ${secret}`,
        `Bearer ${secret},Bearer ${secret}`,
        `Bearer "${secret}"`,
        `Bearer ${secret.slice(0, -1)}`,
        `Bearer ${secret}x`,
        `Bearer ${secret.toUpperCase()}`,
        `Bearer ${newSecret()}`,
        `Bearer hf_${'0'.repeat(38)}`,
        `Bearer ${'hf_'.padEnd(12_000, 'x')}`,
        `Bearer ${'hft_'.padEnd(12_000, 'x')}`,
        'Bearer hft_.',
        'Bearer hft_e30.e30',
        'Bearer null',
        "Bearer hf_' OR '1'='1",
        `Bearer ${await hashOf(secret)}`,
      ]
      for (const authorization of wrong) {
        const answer = await service.get('/v1/assets', { authorization })
        assertProblem(answer, 401, 'unauthenticated')
        assert.equal(answer.headers.get('www-authenticate'), 'Bearer error="invalid_token"', authorization)
        assert.ok(!answer.text.includes(secret.slice(3, 20)))
      }
      for (const authorization of [`Bearer ${secret}`, `bearer ${secret}`, `BEARER  ${secret} `]) {
        assert.equal((await service.get('/v1/assets', { authorization })).status, 200, authorization)
      }
      // fetch would join the two.
      const status = await new Promise((resolve, reject) => {
        const call = request(`${service.url}/v1/assets`, { agent: false }, (response) => {
          response.resume()
          resolve(response.statusCode)
        })
        call.setHeader('Authorization', [`Bearer ${secret}`, `Bearer ${secret}`])
        call.on('error', reject).end()
      })
      assert.equal(status, 401)
    })
  }

  test('nobody with a token that is expired, too long-lived, of another key, or changed', async () => {
    await using all = await guarded()
    const { service, secret } = all
    const now = Date.now()
    const statusOf = async (token: string): Promise<number> =>
      (await service.get('/v1/holds?account=@issuer', { authorization: `Bearer ${token}` })).status
    const good = await signToken(secret, '@issuer', now + 60_000)
    assert.equal(await statusOf(good), 200)
    const [payload, mac] = good.slice(4).split('.') as [string, string]
    const changed = Buffer.from(payload, 'base64url')
      .toString()
      .replace(/[0-9]+\]$/, `${now + 120_000}]`)
    const wrong = [
      await signToken(secret, '@issuer', now - 1),
      await signToken(secret, '@issuer', now + TOKEN_MS_MAX + 3_600_000),
      await signToken(newSecret(), '@issuer', now + 60_000),
      `hft_${Buffer.from(changed).toString('base64url')}.${mac}`,
      `hft_${payload}.${'A'.repeat(43)}`,
      `hft_${payload}.`,
      good.slice(0, -1),
    ]
    for (const token of wrong) assert.equal(await statusOf(token), 401, token)
    await service.keys.revoke('admin', now)
    assert.equal(await statusOf(good), 401)
  })

  test('a key is let in until it expires, and the secret before a rotation until the end of its grace', async () => {
    await using all = await guarded()
    const { service, admin } = all
    const at = Date.now()
    const { keys } = service
    const terms = { scopes: ['accounts:read'] as const, within: null, commandsPerSecond: null, burst: null }
    const secrets = { gone: newSecret(), later: newSecret() }
    // The row of a key that has expired by now.
    await keys.create(
      { ...terms, name: 'gone', expiresAt: at - 1 },
      { hash: await hashOf(secrets.gone), at: at - 9 },
      1_000,
    )
    await keys.create(
      { ...terms, name: 'later', expiresAt: at + 3_600_000 },
      { hash: await hashOf(secrets.later), at },
      1_000,
    )
    const statusOf = async (secret: string): Promise<number> =>
      (await service.get('/v1/assets', { authorization: `Bearer ${secret}` })).status
    assert.deepEqual([await statusOf(secrets.gone), await statusOf(secrets.later)], [401, 200])
    assertProblem(await service.post('/v1/keys/gone/rotate', {}, admin), 409, 'key_ended')
    const first = (await service.post('/v1/keys/later/rotate', {}, admin)).body['secret'] as string
    assert.deepEqual([await statusOf(secrets.later), await statusOf(first)], [200, 200])
    const second = (await service.post('/v1/keys/later/rotate', { graceMs: 0 }, admin)).body['secret'] as string
    assert.deepEqual([await statusOf(secrets.later), await statusOf(first), await statusOf(second)], [401, 401, 200])
  })
})

describe('keys over HTTP', () => {
  test('are made, listed page by page, rotated and revoked; the secret is told once', async () => {
    await using all = await guarded()
    const { service, admin } = all
    const body = {
      name: 'shop',
      scopes: ['holds:write'],
      accounts: ['user:'],
      amountMax: '100',
      commandsPerSecond: 5,
      burst: 10,
    }
    const made = await service.post('/v1/keys', body, admin)
    assert.equal(made.status, 201, made.text)
    const { secret, warnings, ...key } = made.body
    assert.match(String(secret), /^hf_/)
    assert.deepEqual(warnings, [])
    assert.partialDeepStrictEqual(key, { ...body, number: 2, assets: null, expiresAt: null, revokedAt: null })
    assertProblem(await service.post('/v1/keys', body, admin), 409, 'key_exists')
    const page = await service.get('/v1/keys?limit=1', admin)
    assert.deepEqual(
      (page.body['items'] as { name: string }[]).map(({ name }) => name),
      ['admin'],
    )
    const next = await service.get(`/v1/keys?limit=1&cursor=${String(page.body['next'])}`, admin)
    assert.deepEqual(next.body, { items: [key], next: null })
    assert.ok(!next.text.includes(String(secret)))
    const revoked = await service.post('/v1/keys/shop/revoke', undefined, admin)
    assert.equal(typeof revoked.body['revokedAt'], 'string')
    assert.deepEqual((await service.post('/v1/keys/shop/revoke', {}, admin)).body, revoked.body)
    assertProblem(await service.post('/v1/keys/shop/rotate', {}, admin), 409, 'key_ended')
    for (const change of ['rotate', 'revoke']) {
      assertProblem(await service.post(`/v1/keys/nobody/${change}`, {}, admin), 404, 'key_not_found')
      assertProblem(await service.post(`/v1/keys/a%20b/${change}`, {}, admin), 400, 'invalid_request')
      assertProblem(await service.post(`/v1/keys/admin/${change}`, { x: 1 }, admin), 400, 'invalid_request')
    }
    assertProblem(await service.get('/v1/keys?cursor=x', admin), 400, 'invalid_request')
    assertProblem(await service.post('/v1/keys', body, { ...admin, 'idempotency-key': 'k' }), 400, 'invalid_request')
  })

  test('a prefix that ends in the middle of a name is taken, and the answer says what else it admits', async () => {
    await using all = await guarded()
    const { service, admin, secret } = all
    const accounts = ['user:8', 'user:', 'auth0|', 'team', 'jo@example.org', '@revenue']
    const made = await service.post('/v1/keys', { name: 'wide', scopes: ['accounts:read'], accounts }, admin)
    assert.equal(made.status, 201, made.text)
    const warned = (made.body['warnings'] as string[]).map((warning) => /"(.*?)"/.exec(warning)![1])
    assert.deepEqual(warned, ['user:8', 'team', 'jo@example.org'])
    await using client = connect(service.url, { key: secret })
    const { warnings } = await client.keys.rotate('wide')
    assert.match(
      warnings[0]!,
      /also for "user:80", for example\. .* end the prefix with a separator, such as "user:8:"\./,
    )
  })

  test('the first one is not made there, so that whoever comes first cannot shut out the others', async () => {
    await using service = await HttpService.start({ http: NOTICES_KEYS })
    assertProblem(await service.post('/v1/keys', { name: 'mine', scopes: ['keys:admin'] }), 403, 'forbidden')
    assertProblem(await service.get('/v1/keys'), 403, 'forbidden')
    assert.equal((await service.keys.list({ after: 0, limit: 1 })).length, 0)
  })
})

describe('the library and the client', () => {
  test('do the same with keys', async () => {
    await using all = await guarded()
    await using embedded = await openLedger('memory:')
    await using client = connect(all.service.url, { key: all.secret })
    for (const { keys } of [embedded, client]) {
      const { secret, warnings, ...key } = await keys.create({
        name: 'app',
        scopes: ['keys:admin'],
        expiresInMs: 60_000,
      })
      assert.match(secret, /^hf_/)
      assert.deepEqual(warnings, [])
      const [listed] = (await keys.list()).items.slice(-1)
      assert.deepEqual({ ...listed }, { ...key })
      assert.equal(listed!.expiresAt, listed!.createdAt + 60_000)
      const rotated = await keys.rotate('app', { graceMs: 1_000 })
      assert.equal(rotated.previousUntil, rotated.rotatedAt! + 1_000)
      assert.ok((await keys.revoke('app')).revokedAt !== null)
      await assert.rejects(keys.rotate('app'), { name: 'LedgerError', code: 'key_ended' })
      await assert.rejects(keys.revoke('nobody'), { name: 'LedgerError', code: 'key_not_found' })
      await assert.rejects(keys.create({ name: 'app', scopes: ['keys:admin'] }), { code: 'key_exists' })
      await assert.rejects(keys.create({ name: 'a b', scopes: [] }), { code: 'invalid_request', pointer: '/name' })
      // JSON.stringify gives the form of the service.
      const bounded = await keys.create({ name: 'bounded', scopes: ['holds:write'], amountMax: 5n })
      assert.equal((JSON.parse(JSON.stringify(bounded)) as { amountMax: string }).amountMax, '5')
    }
  })

  test('the client sends its key with every call, and errors say what is missing', async () => {
    await using all = await guarded()
    const { service, secret } = all
    await using ledger = connect(service.url, { key: secret })
    await ledger.deposit({ account: 'user:8', amount: 100n })
    const { secret: reader } = await ledger.keys.create({ name: 'reader', scopes: ['accounts:read'] })
    await using other = connect(service.url, { key: reader })
    assert.equal((await other.balance('user:8')).available, 100n)
    await assert.rejects(other.deposit({ account: 'user:8', amount: 1n }), (error) => {
      assert.ok(error instanceof LedgerError)
      assert.deepEqual([error.code, error.status, error.retryable, error.applied], ['forbidden', 403, false, 'no'])
      assert.deepEqual(error.details, { limit: 'scopes', key: 'reader', scope: 'deposits:write' })
      return true
    })
    await using nobody = connect(service.url)
    await assert.rejects(nobody.deposit({ account: 'user:8', amount: 1n }), {
      code: 'unauthenticated',
      retryable: false,
    })
    await assert.rejects(nobody.assets(), { code: 'unauthenticated' })
    const token = await createToken(reader, { account: 'user:8', expiresInMs: 60_000 })
    await using page = connect(service.url, { key: token })
    assert.equal((await page.balance('user:8')).available, 100n)
    await assert.rejects(page.balance('user:9'), { code: 'forbidden' })
  })

  test('a malformed key is refused before it is sent, and the message does not repeat it', async () => {
    const secret = newSecret()
    const wrong = `${secret.slice(0, -1)}${secret.endsWith('0') ? '1' : '0'}`
    for (const key of [wrong, 'hft_x.y', '']) {
      assert.throws(
        () => connect('http://127.0.0.1:1', { key }),
        (error) =>
          error instanceof LedgerError &&
          error.code === 'invalid_request' &&
          (key === '' || !error.message.includes(key)),
      )
    }
    assert.throws(() => connect('http://127.0.0.1:1', { key: secret, headers: { Authorization: 'x' } }), {
      code: 'invalid_request',
    })
    for (const make of [createToken, createTokenHere]) {
      await assert.rejects(make(wrong, { account: 'user:8' }), { code: 'invalid_request' })
      await assert.rejects(make(secret, { account: '..' }), { code: 'invalid_request' })
      for (const expiresInMs of [0, -1, 1.5, TOKEN_MS_MAX + 1]) {
        await assert.rejects(make(secret, { account: 'user:8', expiresInMs }), { code: 'invalid_request' })
      }
    }
  })
})
