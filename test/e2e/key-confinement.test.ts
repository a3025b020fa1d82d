/** What a confined key and a token reach over HTTP: what they name, and nothing else. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SCOPES } from '../../src/access/scope.ts'
import { createToken } from '../../src/index.ts'
import { assertProblem, HttpService, NOTICES_KEYS } from '../support/http-service.ts'

type Headers = { readonly authorization: string }

interface Place extends AsyncDisposable {
  readonly service: HttpService
  readonly admin: Headers
}

/** Two shops with users, a hold each, and a second asset. */
async function place(): Promise<Place> {
  const service = await HttpService.start({ http: NOTICES_KEYS })
  const admin = await service.keyed({ name: 'admin', scopes: SCOPES })
  const commands = [
    { kind: 'declare', asset: 'gem' },
    ...['a:1', 'a:2', 'b:1'].flatMap((account) => [
      { kind: 'deposit', requestId: `d-${account}`, account, amount: 1_000 },
      { kind: 'deposit', requestId: `g-${account}`, account, amount: 10, asset: 'gem' },
      { kind: 'freeze', requestId: `h-${account}`, account, amount: 100, payee: '@revenue' },
    ]),
    { kind: 'transfer', requestId: 'between', legs: [{ from: 'a:1', to: 'a:2', amount: 1 }] },
    { kind: 'transfer', requestId: 'across', legs: [{ from: 'a:1', to: 'b:1', amount: 1 }] },
  ]
  const { body } = await service.post('/v1/batches', { commands }, admin)
  for (const outcome of body['outcomes'] as { status: string }[]) assert.equal(outcome.status, 'applied')
  return { service, admin, [Symbol.asyncDispose]: () => service[Symbol.asyncDispose]() }
}

const WITHOUT_ADMIN = SCOPES.filter((scope) => scope !== 'keys:admin')

describe('a confined key', () => {
  test('reads its accounts, and nothing else is there for it', async () => {
    await using all = await place()
    const { service } = all
    const key = await service.keyed({ name: 'a', scopes: WITHOUT_ADMIN, accounts: ['a:'] })
    const allowed = [
      '/v1/accounts/a:1',
      '/v1/accounts/a%3A2',
      '/v1/accounts/a:1/balances/gem',
      '/v1/accounts/a:1/postings',
      '/v1/accounts/a:1/postings/export?format=csv',
      '/v1/holds?account=a:1',
      '/v1/holds/h-a:1',
      '/v1/holds/h-a:1/history',
      '/v1/entries/between',
      '/v1/accounts?prefix=a:',
      '/v1/accounts?prefix=a:2',
      '/v1/assets',
      '/v1/rates',
    ]
    for (const path of allowed) assert.equal((await service.get(path, key)).status, 200, path)
    const denied = [
      '/v1/accounts/b:1',
      '/v1/accounts/%62:1',
      '/v1/accounts/b:1/balances/credit',
      '/v1/accounts/b:1/postings',
      '/v1/accounts/b:1/postings/export?format=csv',
      '/v1/accounts/@issuer',
      '/v1/holds',
      '/v1/holds?state=open',
      '/v1/holds?account=b:1',
      '/v1/holds?account=a:1&account=b:1',
      '/v1/accounts',
      '/v1/accounts?prefix=a',
      '/v1/accounts?prefix=b:',
      '/v1/accounts?prefix=a:&prefix=b:',
      '/v1/stats',
      '/v1/entries',
    ]
    for (const path of denied) assertProblem(await service.get(path, key), 403, 'forbidden')
    assertProblem(await service.get('/v1/holds/h-b:1', key), 404, 'hold_not_found')
    assertProblem(await service.get('/v1/holds/h-b:1/history', key), 404, 'hold_not_found')
    for (const id of ['d-a:1', 'across', 'd-b:1']) {
      assertProblem(await service.get(`/v1/entries/${id}`, key), 404, 'entry_not_found')
    }
    // Every spelling of a path is the same route.
    for (const path of ['/%76%31/stats', '/v1/%73tats', '/v1/accounts/b:1?x=/v1/accounts/a:1']) {
      const { status } = await service.get(path, key)
      assert.ok(status === 403 || status === 404, `${path}: ${status}`)
    }
  })

  test('sees no other asset in an account', async () => {
    await using all = await place()
    const { service } = all
    const key = await service.keyed({ name: 'credit', scopes: WITHOUT_ADMIN, assets: ['credit'] })
    const { body } = await service.get('/v1/accounts/a:1', key)
    assert.deepEqual(
      (body['balances'] as { asset: string }[]).map(({ asset }) => asset),
      ['credit'],
    )
    for (const path of [
      '/v1/accounts/a:1/balances/gem',
      '/v1/accounts/a:1/postings?asset=gem',
      '/v1/holds?account=a:1&asset=gem',
      '/v1/holds',
      '/v1/accounts',
      '/v1/accounts?asset=gem',
      '/v1/stats',
      '/v1/entries',
    ]) {
      assertProblem(await service.get(path, key), 403, 'forbidden')
    }
    assert.equal((await service.get('/v1/accounts?asset=credit', key)).status, 200)
    assertProblem(await service.get('/v1/entries/g-a:1', key), 404, 'entry_not_found')
  })

  test('writes within its bounds, alone and in batches, and what is refused has no effect', async () => {
    await using all = await place()
    const { service, admin } = all
    const bounds = { accounts: ['a:', '@revenue'], assets: ['credit'], amountMax: 50n }
    const key = await service.keyed({ name: 'a', scopes: WITHOUT_ADMIN, ...bounds })
    const cases: readonly (readonly [isAllowed: boolean, path: string, body: object])[] = [
      [true, '/v1/deposits', { account: 'a:1', amount: 50 }],
      [false, '/v1/deposits', { account: 'a:1', amount: 51 }],
      [false, '/v1/deposits', { account: 'a:1', amount: 1, asset: 'gem' }],
      [false, '/v1/deposits', { account: 'b:1', amount: 1 }],
      [true, '/v1/charges', { account: 'a:1', amount: 1 }],
      [false, '/v1/charges', { account: 'a:1', amount: 1, payee: 'b:1' }],
      [true, '/v1/transfers', { legs: [{ from: 'a:1', to: 'a:2', amount: 50 }] }],
      [false, '/v1/transfers', { legs: [{ from: 'b:1', to: 'a:2', amount: 1 }] }],
      [
        false,
        '/v1/transfers',
        {
          legs: [
            { from: 'a:1', to: 'a:2', amount: 50 },
            { from: 'a:1', to: 'a:2', amount: 1 },
          ],
        },
      ],
      [true, '/v1/holds', { account: 'a:1', amount: 50 }],
      [false, '/v1/holds', { account: 'b:1', amount: 1 }],
      [false, '/v1/holds/h-a:1/settle', { amount: 1, payee: 'b:1' }],
      [false, '/v1/holds/h-a:1/settle', { amount: 51 }],
      [true, '/v1/holds/h-a:1/settle', { amount: 50 }],
      [false, '/v1/accounts/a:1/block', {}],
      [false, '/v1/accounts/a:1/merge', { into: 'a:2' }],
    ]
    const balances = async (): Promise<unknown> =>
      Promise.all(
        ['a:1', 'a:2', 'b:1'].map(async (account) => (await service.get(`/v1/accounts/${account}`, admin)).body),
      )
    for (const [isAllowed, path, body] of cases) {
      const before = await balances()
      const answer = await service.post(path, body, key)
      if (isAllowed) assert.ok(answer.status < 300, answer.text)
      else assertProblem(answer, 403, 'forbidden')
      if (!isAllowed) assert.deepEqual(await balances(), before)
    }
    const commands = [
      { kind: 'deposit', account: 'b:1', amount: 1 },
      { kind: 'deposit', account: 'a:1', amount: 1 },
    ]
    const { body } = await service.post('/v1/batches', { commands }, key)
    assert.deepEqual(
      (body['outcomes'] as { status: string }[]).map(({ status }) => status),
      ['rejected', 'applied'],
    )
    const refused = await service.call('PUT', '/v1/accounts/a:1', { floor: -51 }, { headers: key })
    assertProblem(refused, 403, 'forbidden')
  })
})

describe('a token', () => {
  test('reads its account, its balances, holds and statement, and nothing else', async () => {
    await using all = await place()
    const { service, admin } = all
    const token = await createToken(admin.authorization.slice(7), { account: 'a:1' })
    const headers = { authorization: `Bearer ${token}` }
    for (const path of [
      '/v1/accounts/a:1',
      '/v1/accounts/a:1/balances/credit',
      '/v1/accounts/a:1/postings',
      '/v1/accounts/a:1/postings/export?format=ndjson',
      '/v1/holds?account=a:1',
      '/v1/holds/h-a:1',
      '/v1/holds/h-a:1/history',
      '/v1/assets',
    ]) {
      assert.equal((await service.get(path, headers)).status, 200, path)
    }
    for (const path of [
      '/v1/accounts/a:2',
      '/v1/accounts/a:',
      '/v1/holds',
      '/v1/holds?account=a:2',
      '/v1/accounts?prefix=a:1',
      '/v1/entries',
      '/v1/entries/between',
      '/v1/stats',
      '/v1/keys',
    ]) {
      assertProblem(await service.get(path, headers), 403, 'forbidden')
    }
    assertProblem(await service.get('/v1/holds/h-a:2', headers), 404, 'hold_not_found')
    for (const [path, body] of [
      ['/v1/deposits', { account: 'a:1', amount: 1 }],
      ['/v1/holds/h-a:1/release', undefined],
      ['/v1/batches', { commands: [{ kind: 'release', hold: 'h-a:1' }] }],
      ['/v1/keys', { name: 'x', scopes: ['keys:admin'] }],
    ] as const) {
      assertProblem(await service.post(path, body, headers), 403, 'forbidden')
    }
  })

  test('of a confined key reads no more than the key', async () => {
    await using all = await place()
    const { service } = all
    const key = await service.keyed({ name: 'a', scopes: ['accounts:read'], accounts: ['a:'], assets: ['credit'] })
    const tokenFor = async (account: string): Promise<Headers> => ({
      authorization: `Bearer ${await createToken(key.authorization.slice(7), { account })}`,
    })
    assert.equal((await service.get('/v1/accounts/a:1', await tokenFor('a:1'))).status, 200)
    assertProblem(await service.get('/v1/accounts/b:1', await tokenFor('b:1')), 403, 'forbidden')
    assertProblem(await service.get('/v1/accounts/a:1/balances/gem', await tokenFor('a:1')), 403, 'forbidden')
    assertProblem(await service.get('/v1/accounts/a:1/postings', await tokenFor('a:1')), 403, 'forbidden')
  })
})
