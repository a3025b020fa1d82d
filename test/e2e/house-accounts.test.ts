/** House accounts over HTTP, the client and the command line: only declared ones exist. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect } from '../../src/client/index.ts'
import { openLedger } from '../../src/index.ts'
import { runHoldfast, ServiceProcess } from '../../harness/service-process.ts'
import { assertProblem, HttpService } from '../support/http-service.ts'
import { errorOf } from '../support/ledger-errors.ts'
import { RunningService } from '../support/running-service.ts'
import { repeatOf } from '../support/repeats.ts'

const ROUTE = '/v1/house-accounts/%40promo'

test('whoever calls himself @eve is no source of coins, by no command, and nothing of it stays', async () => {
  await using service = await HttpService.start()
  await service.post('/v1/deposits', { account: 'user:8', amount: 100 })
  await service.post('/v1/holds', { requestId: 'h', account: 'user:8', amount: 10 })
  const legs = [{ from: '@eve', to: 'user:8', amount: 1_000_000 }]
  const back = [{ from: 'user:8', to: '@eve', amount: 1 }]
  const refused: readonly (readonly [path: string, body: object])[] = [
    ['/v1/transfers', { requestId: 'r', legs }],
    ['/v1/transfers', { requestId: 'r', legs: back }],
    ['/v1/transfers', { requestId: 'r', legs: [{ from: 'user:8', to: 'user:9', amount: 1 }, ...back] }],
    ['/v1/charges', { requestId: 'r', account: 'user:8', amount: 1, payee: '@eve' }],
    ['/v1/holds', { requestId: 'r', account: 'user:8', amount: 1, payee: '@eve' }],
    ['/v1/holds/h/settle', { amount: 1, payee: '@eve' }],
    ['/v1/holds/h/settle', { amount: 1, payee: '@eve', final: false }],
  ]
  for (const [path, body] of refused) {
    assert.equal(assertProblem(await service.post(path, body), 422, 'unknown_account')['account'], '@eve')
  }
  assertProblem(await service.post('/v1/deposits', { account: '@eve', amount: 1 }), 403, 'house_account')
  assertProblem(await service.get('/v1/accounts/@eve'), 404, 'account_not_found')
  assert.deepEqual(await service.creditOf('user:8'), ['90', '10'])
  // None of them has used up its request id.
  assert.equal((await service.post('/v1/deposits', { requestId: 'r', account: 'user:8', amount: 1 })).status, 201)
})

test('a house account is declared once, with or without a body, and is used from then on', async () => {
  await using service = await HttpService.start()
  const first = await service.call('PUT', ROUTE)
  assert.equal(first.status, 200, first.text)
  assert.equal(first.body['account'], '@promo')
  assert.match(String(first.body['declaredAt']), /^20/)
  const again = await service.call('PUT', ROUTE, {})
  assert.deepEqual([again.body, again.headers.get('idempotent-replayed')], [repeatOf(first.body), 'true'])
  const issuer = await service.call('PUT', '/v1/house-accounts/@issuer')
  assert.deepEqual(issuer.body, { account: '@issuer', declaredAt: '1970-01-01T00:00:00.000Z', replayed: true })
  const account = await service.get('/v1/accounts/@promo')
  assert.deepEqual(account.body, {
    account: '@promo',
    metadata: null,
    standing: 'active',
    successor: null,
    balances: [],
    next: null,
  })
  const { status } = await service.post('/v1/transfers', { legs: [{ from: '@promo', to: 'user:8', amount: 5 }] })
  assert.equal(status, 201)
  assert.deepEqual(await service.creditOf('@promo'), ['-5', '0'])
  const user = await service.call('PUT', '/v1/house-accounts/promo')
  assert.equal(assertProblem(user, 422, 'not_a_house_account')['account'], 'promo')
  assertProblem(await service.call('PUT', ROUTE, { floor: 1 }), 400, 'invalid_request')
  assertProblem(await service.call('PUT', '/v1/house-accounts/%40%20'), 400, 'invalid_request')
})

test('a batch declares and uses it, and a group takes the declaration back', async () => {
  await using service = await HttpService.start()
  const legs = [{ from: '@promo', to: 'user:8', amount: 5 }]
  const use = { kind: 'transfer', requestId: 't', legs }
  const none = { kind: 'charge', account: 'user:9', amount: 1 }
  const declare = { kind: 'house', account: '@promo' }
  const group = await service.post('/v1/batches', { atomic: true, commands: [declare, use, none] })
  assert.equal(group.status, 200, group.text)
  assertProblem(await service.post('/v1/transfers', { legs }), 422, 'unknown_account')
  const batch = await service.post('/v1/batches', { commands: [use, declare, use] })
  const outcomes = batch.body['outcomes'] as { status: string; problem?: { code: string } }[]
  assert.deepEqual(
    outcomes.map(({ status, problem }) => problem?.code ?? status),
    ['unknown_account', 'applied', 'applied'],
  )
})

test('the library and the client declare alike', async () => {
  await using service = await RunningService.start()
  await using embedded = await openLedger('memory:')
  await using remote = connect(service.url)
  for (const ledger of [embedded, remote]) {
    const error = await errorOf(ledger.transfer({ legs: [{ from: '@promo', to: 'user:8', amount: 1n }] }))
    assert.deepEqual([error.code, error.details], ['unknown_account', { account: '@promo' }])
    const first = await ledger.house({ account: '@promo' })
    assert.ok(first.declaredAt > 0)
    assert.deepEqual(await ledger.house({ account: '@promo' }), repeatOf(first))
    assert.equal((await errorOf(ledger.house({ account: 'user:8' }))).code, 'not_a_house_account')
    await ledger.freeze({ requestId: 'h', account: 'user:8', amount: 1n, payee: '@fees' }).catch(() => undefined)
    await ledger.transfer({ legs: [{ from: '@promo', to: 'user:8', amount: 1n }] })
    assert.equal((await ledger.account('@promo')).balances[0]?.available, -1n)
  }
})

test('the command line declares with open --house, on a file and through a service', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-houses-'))
  try {
    const own = { HOLDFAST_STORE: `sqlite:${join(folder, 'ledger.db')}` }
    const unknown = await runHoldfast(['transfer', '@promo', 'user:8=5'], own)
    assert.equal(unknown.exitCode, 1)
    assert.match(
      unknown.stderr,
      /unknown_account: The house account "@promo" has not been declared\.\n.*open @promo --house/,
    )
    const declared = await runHoldfast(['open', '@promo', '--house'], own)
    assert.deepEqual([declared.exitCode, declared.stderr], [0, ''])
    assert.match(declared.stdout, /^@promo is a house account, declared 20/)
    assert.equal((await runHoldfast(['transfer', '@promo', 'user:8=5'], own)).exitCode, 0)
    assert.equal((await runHoldfast(['verify'], own)).exitCode, 0)
    assert.equal((await runHoldfast(['open', '@promo', '--house', '--floor', '1'], own)).exitCode, 2)
    const user = await runHoldfast(['open', 'promo', '--house'], own)
    assert.equal(user.exitCode, 1)
    await using service = await ServiceProcess.start(own.HOLDFAST_STORE)
    const remote = { HOLDFAST_URL: service.url }
    const again = await runHoldfast(['open', '@promo', '--house', '--json'], remote)
    assert.deepEqual(Object.keys(JSON.parse(again.stdout) as object), ['account', 'declaredAt', 'replayed'])
    const issuer = await runHoldfast(['open', '@issuer', '--house'], remote)
    assert.match(issuer.stdout, /^@issuer is a house account, from the start\./)
  } finally {
    await rm(folder, { recursive: true })
  }
})
