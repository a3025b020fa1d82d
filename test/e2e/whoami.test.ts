/** `GET /v1/whoami`: what a caller is told about its key, its token, or a ledger that has no keys. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SCOPES } from '../../src/access/scope.ts'
import { createToken } from '../../src/index.ts'
import { assertProblem, HttpService, NOTICES_KEYS } from '../support/http-service.ts'

const BOUNDLESS = { accounts: null, assets: null, amountMax: null, commandsPerSecond: null, burst: null }

describe('whoever asks who it is', () => {
  test('of a ledger without keys may do everything but make the first key', async () => {
    await using service = await HttpService.start()
    const { status, body } = await service.get('/v1/whoami')
    const scopes = SCOPES.filter((scope) => scope !== 'keys:admin')
    const expected = { hasKeys: false, key: null, account: null, scopes, ...BOUNDLESS, expiresAt: null }
    assert.deepEqual([status, body], [200, expected])
  })

  test('with a key is told its name, its scopes, its bounds and its end, and never the secret', async () => {
    await using service = await HttpService.start({ http: NOTICES_KEYS })
    const expiresAt = Date.now() + 3_600_000
    const headers = await service.keyed({
      name: 'shop',
      scopes: ['accounts:read', 'holds:write'],
      accounts: ['user:', '@revenue'],
      assets: ['credit'],
      amountMax: 10_000n,
      commandsPerSecond: 50,
      burst: 100,
      expiresAt,
    })
    const { body, text } = await service.get('/v1/whoami', headers)
    assert.deepEqual(body, {
      hasKeys: true,
      key: 'shop',
      account: null,
      scopes: ['holds:write', 'accounts:read'],
      accounts: ['user:', '@revenue'],
      assets: ['credit'],
      amountMax: '10000',
      commandsPerSecond: 50,
      burst: 100,
      expiresAt: new Date(expiresAt).toISOString(),
    })
    assert.ok(!text.includes('hf_'))
    assertProblem(await service.get('/v1/whoami'), 401, 'unauthenticated')
  })

  test('with a token is told its account, the scopes that are left, and the earlier of two ends', async () => {
    await using service = await HttpService.start({ http: NOTICES_KEYS })
    const endOfKey = Date.now() + 600_000
    const scopes = ['accounts:read', 'deposits:write'] as const
    const lasting = (await service.keyed({ name: 'lasting', scopes })).authorization.slice('Bearer '.length)
    const ending = await service.keyed({ name: 'ending', scopes, expiresAt: endOfKey })
    const asked = async (secret: string) => {
      const token = await createToken(secret, { account: 'user:8', expiresInMs: 3_600_000 })
      return (await service.get('/v1/whoami', { authorization: `Bearer ${token}` })).body
    }
    const first = await asked(lasting)
    assert.deepEqual([first['key'], first['account'], first['scopes']], ['lasting', 'user:8', ['accounts:read']])
    const end = Date.parse(String(first['expiresAt']))
    assert.ok(end > endOfKey && end <= Date.now() + 3_600_000, 'that of the token')
    const second = await asked(ending.authorization.slice('Bearer '.length))
    assert.equal(second['expiresAt'], new Date(endOfKey).toISOString(), 'that of the key')
  })

  test('with a secret that was rotated is told when its grace ends', async () => {
    await using service = await HttpService.start({ http: NOTICES_KEYS })
    const admin = await service.keyed({ name: 'admin', scopes: ['keys:admin'] })
    const shop = await service.keyed({ name: 'shop', scopes: ['accounts:read'] })
    const { body } = await service.post('/v1/keys/shop/rotate', { graceMs: 600_000 }, admin)
    const told = async (authorization: string) => (await service.get('/v1/whoami', { authorization })).body['expiresAt']
    assert.equal(await told(shop.authorization), body['previousUntil'])
    assert.equal(await told(`Bearer ${String(body['secret'])}`), null)
  })
})
