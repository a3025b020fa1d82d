/** Every route over a real socket. `HttpService` validates each answer against the OpenAPI document. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { assertProblem, HttpService, type Answer } from '../support/http-service.ts'
import { plain, repeatOf } from '../support/repeats.ts'

const BEYOND_DOUBLE = '9007199254740993'

function idsOf(page: Record<string, unknown>, key: string): readonly unknown[] {
  return (page['items'] as Record<string, unknown>[]).map((item) => item[key])
}

describe('movements', () => {
  test('a deposit answers 201 with the entry and its postings', async () => {
    await using service = await HttpService.start()
    const metadata = { invoice: 17, paid: true, note: null, currency: 'EUR' }
    const body = { requestId: 'd-1', account: 'user:8', amount: BEYOND_DOUBLE, memo: '充值', metadata }
    const answer = await service.post('/v1/deposits', body)
    assert.equal(answer.status, 201)
    assert.equal(answer.headers.get('cache-control'), 'no-store')
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
    assert.equal(answer.headers.get('idempotent-replayed'), null)
    const { id, kind, memo, postings } = answer.body
    assert.deepEqual([id, kind, memo, answer.body['metadata']], ['d-1', 'deposit', '充值', metadata])
    assert.deepEqual(
      (postings as Record<string, unknown>[]).map(({ account, availableDelta }) => [account, availableDelta]),
      [
        ['@issuer', `-${BEYOND_DOUBLE}`],
        ['user:8', BEYOND_DOUBLE],
      ],
    )
  })

  test('a charge takes coins without a hold, to its payee', async () => {
    await using service = await HttpService.start()
    await service.give('user:8', 100)
    assert.equal((await service.post('/v1/charges', { account: 'user:8', amount: 30 })).status, 201)
    assert.equal((await service.post('/v1/charges', { account: 'user:8', amount: '20', payee: 'shop:1' })).status, 201)
    assert.deepEqual(await service.creditOf('user:8'), ['50', '0'])
    assert.deepEqual(await service.creditOf('@revenue'), ['30', '0'])
    assert.deepEqual(await service.creditOf('shop:1'), ['20', '0'])
  })

  test('a transfer moves all of its legs, or none', async () => {
    await using service = await HttpService.start()
    await service.give('user:8', 100)
    const leg = (to: string, amount: number): object => ({ from: 'user:8', to, amount })
    const moved = await service.post('/v1/transfers', { legs: [leg('user:9', 20), leg('user:10', 30)] })
    assert.equal(moved.status, 201)
    const refused = await service.post('/v1/transfers', { legs: [leg('user:9', 50), leg('user:10', 1)] })
    const problem = assertProblem(refused, 402, 'insufficient_funds')
    assert.deepEqual([problem['available'], problem['required']], ['50', '51'])
    assert.deepEqual(await service.creditOf('user:9'), ['20', '0'])
  })
})

describe('holds', () => {
  test('freeze, settle: the actual cost is taken and the rest goes back', async () => {
    await using service = await HttpService.start()
    await service.give('user:8', 10_000)
    const frozen = await service.post('/v1/holds', {
      requestId: 'job-616',
      account: 'user:8',
      amount: '616',
      expiresInMs: 600_000,
    })
    assert.deepEqual([frozen.status, frozen.body['id'], frozen.body['state']], [201, 'job-616', 'open'])
    const { createdAt, expiresAt } = frozen.body as Record<string, string>
    assert.equal(Date.parse(expiresAt!) - Date.parse(createdAt!), 600_000)
    assert.deepEqual(await service.creditOf('user:8'), ['9384', '616'])
    const settled = await service.post('/v1/holds/job-616/settle', { amount: '500' })
    const { state, held, released, shortfall } = settled.body
    assert.deepEqual(
      [settled.status, state, held, settled.body['settled'], released, shortfall],
      [200, 'settled', '0', '500', '116', '0'],
    )
    assert.deepEqual(await service.creditOf('user:8'), ['9500', '0'])
  })

  test('overage is refused, capped or drawn, and what is not got is the shortfall', async () => {
    await using service = await HttpService.start()
    await service.give('user:8', 100)
    for (const id of ['a', 'b', 'c']) await service.post('/v1/holds', { requestId: id, account: 'user:8', amount: 30 })
    const refused = await service.post('/v1/holds/a/settle', { amount: 45 })
    assert.equal(assertProblem(refused, 409, 'settle_above_hold')['held'], '30')
    const capped = await service.post('/v1/holds/b/settle', { amount: 45, overage: 'cap' })
    assert.deepEqual([capped.body['settled'], capped.body['drawn'], capped.body['shortfall']], ['30', '0', '15'])
    const drawn = await service.post('/v1/holds/c/settle', { amount: 45, overage: 'draw' })
    assert.deepEqual([drawn.body['settled'], drawn.body['drawn'], drawn.body['shortfall']], ['40', '10', '5'])
  })

  test('a release gives everything back, with an empty body or none', async () => {
    await using service = await HttpService.start()
    await service.give('user:8', 100)
    for (const id of ['a', 'b', 'c']) await service.post('/v1/holds', { requestId: id, account: 'user:8', amount: 30 })
    const json = { 'content-type': 'application/json' }
    for (const [id, body, headers] of [
      ['a', {}, {}],
      ['b', undefined, {}],
      ['c', '', json],
    ] as const) {
      const answer = await service.post(`/v1/holds/${id}/release`, body, headers)
      assert.deepEqual([answer.status, answer.body['state'], answer.body['released']], [200, 'released', '30'])
    }
    assert.deepEqual(await service.creditOf('user:8'), ['100', '0'])
  })

  test('ids and names with every allowed character work percent-encoded', async () => {
    await using service = await HttpService.start()
    const id = 'tenant/7:job_1.x@host+a=='
    const account = 'org/7:user_8.x@host-1'
    await service.give(account, 100)
    const frozen = await service.post('/v1/holds', { requestId: id, account, amount: 60 })
    assert.equal(frozen.status, 201)
    const path = `/v1/holds/${encodeURIComponent(id)}`
    assert.ok(path.includes('%2F') && path.includes('%3A'), path)
    assert.equal((await service.get(path)).body['id'], id)
    assert.equal((await service.post(`${path}/settle`, { amount: 50 })).body['settled'], '50')
    assert.equal((await service.get(`/v1/entries/${encodeURIComponent(`${id}~settle`)}`)).body['kind'], 'settle')
    assert.deepEqual(await service.creditOf(account), ['50', '0'])
    // Only the slash must be encoded.
    assert.equal((await service.get('/v1/holds/tenant%2f7:job_1.x@host+a==')).body['id'], id)
  })

  test('a name that is decoded twice would be another one', async () => {
    await using service = await HttpService.start()
    const answer = await service.get('/v1/holds/a%252Fb')
    assert.equal(assertProblem(answer, 400, 'invalid_request')['parameter'], 'id')
  })

  test('lists go page by page, filtered by account and state', async () => {
    await using service = await HttpService.start()
    await service.give('user:8', 100)
    await service.give('user:9', 100)
    for (const id of ['a', 'b', 'c']) await service.post('/v1/holds', { requestId: id, account: 'user:8', amount: 10 })
    await service.post('/v1/holds', { requestId: 'd', account: 'user:9', amount: 10 })
    await service.post('/v1/holds/b/release', {})
    const first = await service.get('/v1/holds?account=user%3A8&limit=2')
    assert.deepEqual(idsOf(first.body, 'id'), ['c', 'b'])
    const second = await service.get(`/v1/holds?account=user:8&limit=2&cursor=${String(first.body['next'])}`)
    assert.deepEqual([idsOf(second.body, 'id'), second.body['next']], [['a'], null])
    assert.deepEqual(idsOf((await service.get('/v1/holds?state=open')).body, 'id'), ['a', 'c', 'd'])
    assert.deepEqual(idsOf((await service.get('/v1/holds?state=released&asset=credit')).body, 'id'), ['b'])
    assert.deepEqual(idsOf((await service.get('/v1/holds?account=user:8&asset=gold')).body, 'id'), [])
  })
})

describe('accounts, entries and assets', () => {
  test('an account shows available, held, total, floor and version of each asset', async () => {
    await using service = await HttpService.start()
    await service.put('/v1/assets/gold', { decimals: 2, name: 'Gold' })
    await service.give('user:8', 100)
    await service.post('/v1/deposits', { account: 'user:8', asset: 'gold', amount: '250' })
    await service.post('/v1/holds', { account: 'user:8', amount: 30 })
    const opened = await service.put('/v1/accounts/user%3A8', { floor: '-500', metadata: { plan: 'pro' } })
    assert.equal(opened.status, 200)
    const credit = {
      account: 'user:8',
      asset: 'credit',
      available: '70',
      held: '30',
      total: '100',
      floor: '-500',
      version: 3,
    }
    const gold = { account: 'user:8', asset: 'gold', available: '250', held: '0', total: '250', floor: '0', version: 1 }
    const answer = { account: 'user:8', metadata: { plan: 'pro' }, balance: credit, replayed: false }
    assert.deepEqual(opened.body, answer)
    const { body } = await service.get('/v1/accounts/user:8')
    assert.deepEqual(body, {
      account: 'user:8',
      metadata: { plan: 'pro' },
      standing: 'active',
      successor: null,
      balances: [credit, gold],
      next: null,
    })
  })

  test('what an open does not name stays as it is, and metadata alone opens no balance', async () => {
    await using service = await HttpService.start()
    const put = (body: object): Promise<Answer> => service.put('/v1/accounts/user:8', body)
    const alone = await put({ metadata: { plan: 'pro' } })
    const nothing = { account: 'user:8', metadata: { plan: 'pro' }, balance: null, replayed: false }
    assert.deepEqual(alone.body, nothing)
    const { body } = await service.get('/v1/accounts/user:8')
    assert.deepEqual(body, {
      account: 'user:8',
      metadata: { plan: 'pro' },
      standing: 'active',
      successor: null,
      balances: [],
      next: null,
    })
    assert.equal((await put({ floor: -50 })).status, 200)
    assert.equal((await put({ metadata: { plan: 'max' } })).status, 200)
    assert.equal((await put({ asset: 'credit' })).status, 200)
    const after = await service.get('/v1/accounts/user:8')
    assert.partialDeepStrictEqual(after.body, { metadata: { plan: 'max' }, balances: [{ floor: '-50', version: 2 }] })
    assertProblem(await put({ requestId: 'nothing' }), 400, 'invalid_request')
  })

  test('an account may spend down to its floor', async () => {
    await using service = await HttpService.start()
    await service.put('/v1/accounts/user:8', { floor: -50 })
    assert.equal((await service.post('/v1/charges', { account: 'user:8', amount: 50 })).status, 201)
    const refused = await service.post('/v1/charges', { account: 'user:8', amount: 1 })
    assert.equal(assertProblem(refused, 402, 'insufficient_funds')['floor'], '-50')
    assertProblem(await service.put('/v1/accounts/user:8', { floor: 0 }), 409, 'floor_above_available')
  })

  test('postings come newest first, page by page, filtered by kind', async () => {
    await using service = await HttpService.start()
    await service.post('/v1/deposits', { requestId: 'd-1', account: 'user:8', amount: 100 })
    await service.post('/v1/holds', { requestId: 'h-1', account: 'user:8', amount: 10 })
    await service.post('/v1/holds/h-1/settle', { amount: 4 })
    const path = '/v1/accounts/user:8/postings'
    const first = await service.get(`${path}?limit=2`)
    assert.deepEqual(idsOf(first.body, 'entryId'), ['h-1~settle', 'h-1'])
    const second = await service.get(`${path}?limit=2&cursor=${String(first.body['next'])}`)
    assert.deepEqual([idsOf(second.body, 'entryId'), second.body['next']], [['d-1'], null])
    assert.deepEqual(idsOf((await service.get(`${path}?kind=freeze`)).body, 'entryId'), ['h-1'])
    assert.deepEqual(idsOf((await service.get('/v1/accounts/nobody/postings')).body, 'entryId'), [])
  })

  test('an entry can be read by its request id', async () => {
    await using service = await HttpService.start()
    const { body } = await service.post('/v1/deposits', { requestId: 'd-1', account: 'user:8', amount: 100 })
    assert.deepEqual((await service.get('/v1/entries/d-1')).body, plain(body))
    assertProblem(await service.get('/v1/entries/d-2'), 404, 'entry_not_found')
  })

  test('assets, and the balances of an account, come page by page where they are many', async () => {
    await using service = await HttpService.start()
    for (const code of ['gem', 'gold', 'ore']) {
      await service.put(`/v1/assets/${code}`, {})
      await service.post('/v1/deposits', { account: 'user:8', amount: 1, asset: code })
    }
    const { next } = (await service.get('/v1/assets?limit=3')).body
    assert.ok(typeof next === 'string')
    const rest = (await service.get(`/v1/assets?cursor=${next}`)).body
    assert.deepEqual([idsOf(rest, 'code'), rest['next']], [['ore'], null])
    const path = '/v1/accounts/user:8'
    const { body: first } = await service.get(`${path}?limit=2`)
    const { body: second } = await service.get(`${path}?limit=2&cursor=${String(first['next'])}`)
    const { body: whole } = await service.get(path)
    assert.deepEqual([second['next'], whole['next']], [null, null])
    assert.deepEqual([...(first['balances'] as []), ...(second['balances'] as [])], whole['balances'])
    const now = new Date().toISOString()
    assert.equal((await service.get(`${path}?limit=2&at=${now}`)).body['next'], first['next'])
    for (const wrong of [
      `/v1/assets?cursor=${String(first['next'])}`,
      `${path}?cursor=${next}`,
      `${path}?at=1&cursor=x`,
    ]) {
      assert.equal(assertProblem(await service.get(wrong), 400, 'invalid_request')['parameter'], 'cursor')
    }
    assert.equal(assertProblem(await service.get(`${path}?limit=1001`), 400, 'invalid_request')['parameter'], 'limit')
  })

  test('assets are declared once and can be renamed', async () => {
    await using service = await HttpService.start()
    const declared = await service.put('/v1/assets/gold', { decimals: 2 })
    assert.deepEqual([declared.status, declared.body['name'], declared.body['decimals']], [200, 'gold', 2])
    assert.equal((await service.put('/v1/assets/gold', { decimals: 2, name: 'Gold' })).body['name'], 'Gold')
    const again = await service.put('/v1/assets/gold', { decimals: 2, name: 'Gold' })
    assert.equal(again.headers.get('idempotent-replayed'), 'true')
    assert.equal(assertProblem(await service.put('/v1/assets/gold', {}), 409, 'asset_conflict')['decimals'], 2)
    assert.deepEqual(idsOf((await service.get('/v1/assets')).body, 'code'), ['credit', 'gold'])
  })
})

describe('exchanges', () => {
  const rateOf = (numerator: number): object => ({ numerator, denominator: '10', tolerancePpm: 100_000 })

  test('a rate is declared, repeated, followed by another, and all of them are listed', async () => {
    await using service = await HttpService.start()
    await service.put('/v1/assets/gold', {})
    const path = '/v1/rates/credit/gold'
    const first = await service.put(path, rateOf(1))
    const { declaredAt, ...declared } = first.body
    assert.equal(typeof declaredAt, 'string')
    assert.deepEqual(declared, {
      from: 'credit',
      to: 'gold',
      version: 1,
      numerator: '1',
      denominator: '10',
      rounding: 'down',
      tolerancePpm: 100_000,
      replayed: false,
    })
    const again = await service.put(path, rateOf(1))
    assert.deepEqual([again.headers.get('idempotent-replayed'), again.body], ['true', repeatOf(first.body)])
    assert.equal((await service.put(path, rateOf(2))).body['version'], 2)
    await service.put('/v1/rates/gold/credit', { numerator: 9, denominator: 1, rounding: 'half-even' })
    assert.deepEqual(idsOf((await service.get('/v1/rates')).body, 'version'), [2, 1])
    const page = await service.get(`${path}?limit=1`)
    assert.deepEqual(idsOf(page.body, 'version'), [2])
    const rest = await service.get(`${path}?limit=1&cursor=${String(page.body['next'])}`)
    assert.deepEqual([idsOf(rest.body, 'version'), rest.body['next']], [[1], null])
    assert.deepEqual((await service.get('/v1/rates/gold/gold')).body, { items: [], next: null })
    assertProblem(await service.put('/v1/rates/credit/none', rateOf(1)), 422, 'unknown_asset')
    assertProblem(await service.put('/v1/rates/gold/gold', rateOf(1)), 400, 'invalid_request')
    assertProblem(await service.get(`${path}?cursor=abc`), 400, 'invalid_request')
  })

  test('a transfer into another asset shows what each leg received', async () => {
    await using service = await HttpService.start()
    await service.put('/v1/assets/gold', {})
    await service.give('user:8', 1_000)
    const leg = (to: string, amount: number, more: object = {}): object => {
      return { from: 'user:8', to, amount, toAsset: 'gold', ...more }
    }
    const send = (...legs: readonly object[]) => service.post('/v1/transfers', { requestId: 'gift-1', legs })
    assertProblem(await send(leg('user:9', 57)), 422, 'unknown_rate')
    await service.put('/v1/rates/credit/gold', rateOf(1))
    assert.equal(assertProblem(await send(leg('user:9', 9)), 422, 'rounds_to_nothing')['amount'], '9')
    const off = assertProblem(await send(leg('user:9', 100, { toAmount: '12' })), 422, 'outside_tolerance')
    assert.deepEqual([off['toAmount'], off['expected'], off['tolerancePpm']], ['12', '10', 100_000])
    const sent = await send(leg('user:9', 57), leg('user:10', 100, { toAmount: 11 }), leg('user:8', 10))
    assert.equal(sent.status, 201)
    const told = (sent.body['legs'] as Record<string, Record<string, unknown>>[]).map(({ to, toAmount, rate }) => {
      return [to, toAmount, rate!['version'], rate!['remainder']]
    })
    assert.deepEqual(told, [
      ['user:9', '5', 1, '7'],
      ['user:10', '11', 1, '-10'],
      ['user:8', '1', 1, '0'],
    ])
    assert.deepEqual((await service.get('/v1/entries/gift-1')).body, plain(sent.body))
  })
})

describe('the service itself', () => {
  test('is alive, and ready when its store is', async () => {
    await using service = await HttpService.start()
    assert.deepEqual((await service.get('/healthz')).body, { status: 'alive' })
    assert.deepEqual((await service.get('/readyz')).body, {
      status: 'ready',
      store: 'memory',
      expiry: null,
      replica: null,
      warnings: ['The memory store keeps nothing when the process ends.'],
    })
    service.store.script.push('unavailable')
    const away = await service.get('/readyz')
    assertProblem(away, 503, 'store_unavailable')
    assert.equal(away.headers.get('retry-after'), '1')
    assert.equal((await service.get('/healthz')).status, 200)
  })

  test('says how far its sweeper is, and is ready also when that is behind', async () => {
    let status = {
      rounds: 3,
      swept: 12,
      faults: 0,
      aside: 0,
      lagMs: 0,
      backlog: 0 as number | null,
      lookAgeMs: 700.4,
      isBehind: false,
    }
    const sweeper = {
      get status() {
        return status
      },
    }
    await using service = await HttpService.start({ sweeper })
    const warning = 'The memory store keeps nothing when the process ends.'
    const well = await service.get('/readyz')
    assert.deepEqual(well.body['expiry'], { lagMs: 0, backlog: 0, lookAgeMs: 700, swept: 12 })
    assert.deepEqual(well.body['warnings'], [warning])
    status = { ...status, lagMs: 61_000, backlog: null, isBehind: true }
    const behind = await service.get('/readyz')
    assert.equal(behind.status, 200)
    assert.deepEqual(behind.body['expiry'], { lagMs: 61_000, backlog: null, lookAgeMs: 700, swept: 12 })
    assert.deepEqual(behind.body['warnings'], [
      warning,
      'Due holds are not ended in time: the oldest one became due 61 s ago.',
    ])
  })

  test('says which methods a path has', async () => {
    await using service = await HttpService.start()
    const wrong = await service.call('DELETE', '/v1/holds')
    assert.equal(assertProblem(wrong, 405, 'method_not_allowed')['allow'], 'GET, HEAD, POST')
    assert.equal(wrong.headers.get('allow'), 'GET, HEAD, POST')
    assertProblem(await service.call('PATCH', '/v1/accounts/a%2Fb'), 405, 'method_not_allowed')
    assert.equal((await service.call('HEAD', '/healthz')).status, 200)
  })

  test('knows no other paths', async () => {
    await using service = await HttpService.start()
    for (const path of [
      '/',
      '/v1',
      '/v1/hold',
      '/v1/holds/a/b/settle',
      '/v1/holds//settle/x',
      '/v2/holds',
      '/v1/Holds',
    ]) {
      assertProblem(await service.get(path), 404, 'route_not_found')
    }
    assertProblem(await service.post('/v1/nothing', { a: 1 }), 404, 'route_not_found')
    assertProblem(await service.post('/v1/nothing', 'x', { 'content-type': 'text/plain' }), 404, 'route_not_found')
  })
})
