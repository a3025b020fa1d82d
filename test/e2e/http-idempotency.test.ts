/** One request id, one effect: wherever the id is given, and however often the request is sent. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { assertProblem, HttpService } from '../support/http-service.ts'
import { plain, repeatOf } from '../support/repeats.ts'

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

describe('a repeat answers the same status and body, and says that it is one', () => {
  const repeatable: readonly [method: 'POST' | 'PUT', path: string, body: object, status: number][] = [
    ['POST', '/v1/deposits', { requestId: 'r', account: 'user:9', amount: 5 }, 201],
    ['POST', '/v1/charges', { requestId: 'r', account: 'user:8', amount: 5 }, 201],
    ['POST', '/v1/transfers', { requestId: 'r', legs: [{ from: 'user:8', to: 'user:9', amount: 5 }] }, 201],
    ['POST', '/v1/holds', { requestId: 'r', account: 'user:8', amount: 5, expiresInMs: 60_000 }, 201],
    ['POST', '/v1/holds/h/settle', { amount: 5 }, 200],
    ['POST', '/v1/holds/h/settle', { requestId: 'r', amount: 5, final: false, memo: 'a part' }, 200],
    ['POST', '/v1/holds/h/amend', { requestId: 'r', amount: 20, expiresInMs: 60_000, onExpiry: { settle: 3 } }, 200],
    ['POST', '/v1/holds/s/refund', { requestId: 'r', amount: 2 }, 200],
    ['POST', '/v1/holds/h/release', {}, 200],
    ['PUT', '/v1/accounts/user:8', { requestId: 'r', floor: -5, metadata: { a: 1 } }, 200],
    ['PUT', '/v1/assets/gold', { decimals: 2 }, 200],
  ]
  for (const [method, path, body, status] of repeatable) {
    test(`${method} ${path}${'requestId' in body ? ' under an id' : ''}`, async () => {
      await using service = await HttpService.start()
      await service.give('user:8', 100)
      for (const id of ['h', 's']) await service.post('/v1/holds', { requestId: id, account: 'user:8', amount: 10 })
      await service.post('/v1/holds/s/settle', { amount: 10 })
      const first = await service.call(method, path, body)
      const balances = await service.creditOf('user:8')
      const second = await service.call(method, path, body)
      assert.deepEqual([first.status, first.headers.get('idempotent-replayed')], [status, null])
      assert.deepEqual([second.status, second.headers.get('idempotent-replayed')], [status, 'true'])
      assert.equal(first.body['replayed'], false)
      assert.deepEqual(second.body, repeatOf(first.body))
      assert.deepEqual(await service.creditOf('user:8'), balances)
    })
  }

  test('a freeze is answered as it was frozen, whatever became of the hold since', async () => {
    await using service = await HttpService.start()
    await service.give('user:8', 100)
    const freeze = { requestId: 'h', account: 'user:8', amount: 10 }
    const first = await service.post('/v1/holds', freeze)
    assert.deepEqual([first.body['replayed'], first.body['current']], [false, null])
    const ended = await service.post('/v1/holds/h/settle', { amount: 7 })
    const again = await service.post('/v1/holds', freeze)
    assert.deepEqual(again.body, repeatOf(first.body, plain(ended.body)))
    assert.equal(again.headers.get('idempotent-replayed'), 'true')
    const batch = await service.post('/v1/batches', { commands: [{ kind: 'freeze', ...freeze }] })
    const outcome = { status: 'applied', replayed: true, answer: plain(first.body), current: plain(ended.body) }
    assert.deepEqual(batch.body['outcomes'], [outcome])
  })

  test('a repeat is refused if it asks for that, with what has become of the request', async () => {
    await using service = await HttpService.start()
    await service.give('user:8', 100)
    const freeze = { requestId: 'h', account: 'user:8', amount: 10 }
    const refusing = { ...freeze, ifReplayed: 'refuse' }
    assert.equal((await service.post('/v1/holds', refusing)).status, 201)
    assert.equal((await service.post('/v1/holds', { ...freeze, ifReplayed: 'answer' })).body['replayed'], true)
    await service.post('/v1/holds/h/settle', { amount: 7 })
    const refused = assertProblem(await service.post('/v1/holds', refusing), 409, 'request_replayed')
    assert.partialDeepStrictEqual(refused, { hold: 'h', state: 'settled', held: '0', settled: '7', applied: 'no' })
    const other = await service.post('/v1/holds', { ...refusing, amount: 9 })
    assertProblem(other, 422, 'request_id_reused')
    assertProblem(
      await service.post('/v1/holds/h/settle', { amount: 7, ifReplayed: 'refuse' }),
      409,
      'request_replayed',
    )
    assertProblem(await service.post('/v1/holds', { ...freeze, ifReplayed: 'maybe' }), 400, 'invalid_request')
    const commands = [
      { kind: 'deposit', requestId: 'd', account: 'user:8', amount: 1 },
      { kind: 'freeze', ...refusing },
    ]
    const { outcomes } = (await service.post('/v1/batches', { commands, atomic: true })).body
    assert.deepEqual(
      (outcomes as { problem: { code: string } }[]).map(({ problem }) => problem.code),
      ['batch_aborted', 'request_replayed'],
    )
    assert.deepEqual(await service.creditOf('user:8'), ['93', '0'])
  })

  test('a hundred at once have one effect', async () => {
    await using service = await HttpService.start()
    const body = { requestId: 'd-1', account: 'user:8', amount: 5 }
    const answers = await Promise.all(Array.from({ length: 100 }, () => service.post('/v1/deposits', body)))
    assert.equal(new Set(answers.map(({ body }) => JSON.stringify(plain(body)))).size, 1)
    assert.equal(answers.filter(({ body }) => body['replayed'] === false).length, 1)
    assert.equal(answers.filter(({ headers }) => headers.get('idempotent-replayed') === null).length, 1)
    assert.deepEqual(await service.creditOf('user:8'), ['5', '0'])
  })
})

describe('the same id with other contents is refused', () => {
  test('422 request_id_reused, and nothing happens', async () => {
    await using service = await HttpService.start()
    await service.give('user:8', 100)
    await service.post('/v1/deposits', { requestId: 'x', account: 'user:8', amount: 5 })
    for (const [path, body] of [
      ['/v1/deposits', { requestId: 'x', account: 'user:8', amount: 6 }],
      ['/v1/deposits', { requestId: 'x', account: 'user:8', amount: 5, memo: 'other' }],
      ['/v1/charges', { requestId: 'x', account: 'user:8', amount: 5 }],
      ['/v1/holds', { requestId: 'x', account: 'user:8', amount: 5 }],
    ] as const) {
      assert.equal(assertProblem(await service.post(path, body), 422, 'request_id_reused')['requestId'], 'x')
    }
    assert.deepEqual(await service.creditOf('user:8'), ['105', '0'])
  })

  test('an ended hold cannot end in another way', async () => {
    await using service = await HttpService.start()
    await service.give('user:8', 100)
    await service.post('/v1/holds', { requestId: 'h', account: 'user:8', amount: 10 })
    await service.post('/v1/holds/h/settle', { amount: 7 })
    const problem = assertProblem(await service.post('/v1/holds/h/settle', { amount: 8 }), 409, 'hold_not_open')
    assert.deepEqual([problem['hold'], problem['state'], problem['settled']], ['h', 'settled', '7'])
    assertProblem(await service.post('/v1/holds/h/release', {}), 409, 'hold_not_open')
    assertProblem(await service.post('/v1/holds/nope/settle', { amount: 1 }), 404, 'hold_not_found')
    assertProblem(await service.get('/v1/holds/nope'), 404, 'hold_not_found')
  })
})

describe('the Idempotency-Key header', () => {
  const freeze = { account: 'user:8', amount: 10 }

  test('is the request id, with or without quotes', async () => {
    await using service = await HttpService.start()
    await service.give('user:8', 100)
    const first = await service.post('/v1/holds', freeze, { 'idempotency-key': 'tenant/7:job-1' })
    assert.equal(first.body['id'], 'tenant/7:job-1')
    const quoted = await service.post('/v1/holds', freeze, { 'Idempotency-Key': '"tenant/7:job-1"' })
    assert.equal(quoted.headers.get('idempotent-replayed'), 'true')
    const inBody = await service.post('/v1/holds', { ...freeze, requestId: 'tenant/7:job-1' })
    assert.equal(inBody.headers.get('idempotent-replayed'), 'true')
    assert.deepEqual(await service.creditOf('user:8'), ['90', '10'])
  })

  test('may say the same as the body, and nothing else', async () => {
    await using service = await HttpService.start()
    await service.give('user:8', 100)
    const body = { ...freeze, requestId: 'job-1' }
    assert.equal((await service.post('/v1/holds', body, { 'idempotency-key': 'job-1' })).status, 201)
    const refused = await service.post('/v1/holds', { ...body, amount: 11 }, { 'idempotency-key': 'job-2' })
    assert.equal(assertProblem(refused, 400, 'invalid_request')['parameter'], 'Idempotency-Key')
    assertProblem(await service.get('/v1/holds/job-2'), 404, 'hold_not_found')
  })

  test('that could be no request id is refused', async () => {
    await using service = await HttpService.start()
    for (const key of ['two words', 'x'.repeat(129), '""', 'a~settle', 'a, b']) {
      const answer = await service.post('/v1/deposits', { account: 'user:8', amount: 1 }, { 'idempotency-key': key })
      assert.equal(assertProblem(answer, 400, 'invalid_request')['parameter'], 'Idempotency-Key', key)
    }
    assertProblem(await service.get('/v1/accounts/user:8'), 404, 'account_not_found')
  })

  test('does nothing to a settle or a release, which the hold makes idempotent', async () => {
    await using service = await HttpService.start()
    await service.give('user:8', 100)
    await service.post('/v1/holds', { ...freeze, requestId: 'h' })
    await service.post('/v1/holds/h/settle', { amount: 1 }, { 'idempotency-key': 'one' })
    const again = await service.post('/v1/holds/h/settle', { amount: 1 }, { 'idempotency-key': 'two' })
    assert.deepEqual([again.status, again.headers.get('idempotent-replayed')], [200, 'true'])
  })

  test('is refused for a batch request, whose commands it could not distinguish', async () => {
    await using service = await HttpService.start()
    const body = { commands: [{ kind: 'deposit', account: 'user:8', amount: 1 }] }
    const answer = await service.post('/v1/batches', body, { 'idempotency-key': 'b-1' })
    assert.equal(assertProblem(answer, 400, 'invalid_request')['parameter'], 'Idempotency-Key')
    assertProblem(await service.get('/v1/accounts/user:8'), 404, 'account_not_found')
  })
})

test('without a request id the service makes a UUIDv7, and each request is a new one', async () => {
  await using service = await HttpService.start()
  const body = { account: 'user:8', amount: 5 }
  const [first, second] = [await service.post('/v1/deposits', body), await service.post('/v1/deposits', body)]
  const ids = [first.body['id'], second.body['id']] as string[]
  for (const id of ids) assert.match(id, UUID_V7)
  assert.ok(ids[0]! < ids[1]!, 'they grow')
  assert.deepEqual(await service.creditOf('user:8'), ['10', '0'])
})
