/** The whole life of a hold over HTTP: parts, amends, refunds, another payee, expiry, late settles, and its history. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { assertProblem, HttpService, type Answer } from '../support/http-service.ts'
import { repeatOf } from '../support/repeats.ts'

const AMOUNTS = ['amount', 'held', 'settled', 'released', 'drawn', 'shortfall', 'refunded', 'settledLate'] as const

type Amounts = Partial<Record<(typeof AMOUNTS)[number], number>>

/** Asserts the state and every amount of a hold; an omitted amount is 0. */
function assertHold(hold: Readonly<Record<string, unknown>>, state: string, amounts: Amounts): void {
  const expected = Object.fromEntries(AMOUNTS.map((name) => [name, String(amounts[name] ?? 0)]))
  const found = Object.fromEntries(AMOUNTS.map((name) => [name, hold[name]]))
  assert.deepEqual({ state: hold['state'], ...found }, { state, ...expected })
  const of = (name: (typeof AMOUNTS)[number]): bigint => BigInt(String(hold[name]))
  assert.equal(of('amount') + of('drawn'), of('settled') + of('released') + of('held'))
}

async function frozen(more: object = {}, amount = 600): Promise<HttpService> {
  const service = await HttpService.start()
  await service.give('user:8', 1_000)
  const { status, text } = await service.post('/v1/holds', { requestId: 'h', account: 'user:8', amount, ...more })
  assert.equal(status, 201, text)
  return service
}

function part(service: HttpService, requestId: string, amount: number, more: object = {}): Promise<Answer> {
  return service.post('/v1/holds/h/settle', { requestId, amount, final: false, ...more })
}

/** A hold with a short life, ended by its expiry as the sweeper ends it. */
async function expired(more: object = {}): Promise<HttpService> {
  const service = await frozen({ expiresInMs: 1, ...more })
  await sleep(5)
  const outcome = await service.engine.submit({ kind: 'release', hold: 'h', cause: 'expiry' })
  assert.partialDeepStrictEqual(outcome, { status: 'applied' })
  return service
}

async function historyOf(service: HttpService, query = ''): Promise<Record<string, unknown>[]> {
  const { status, body } = await service.get(`/v1/holds/h/history${query}`)
  assert.equal(status, 200)
  return body['items'] as Record<string, unknown>[]
}

describe('parts', () => {
  test('a hold is settled in parts, and what is left at the end goes back', async () => {
    await using service = await frozen()
    const first = await part(service, 'p-1', 200)
    assert.equal(first.status, 200)
    assertHold(first.body, 'open', { amount: 600, held: 400, settled: 200 })
    assertHold((await part(service, 'p-2', 150)).body, 'open', { amount: 600, held: 250, settled: 350 })
    const end = await service.post('/v1/holds/h/settle', { amount: 50 })
    assertHold(end.body, 'settled', { amount: 600, settled: 400, released: 200 })
    assert.deepEqual(await service.creditOf('user:8'), ['600', '0'])
    assert.deepEqual(await service.creditOf('@revenue'), ['400', '0'])
  })

  test('a hold of which parts have taken everything is open until it is ended', async () => {
    await using service = await frozen()
    assertHold((await part(service, 'p-1', 600)).body, 'open', { amount: 600, settled: 600 })
    assert.equal(assertProblem(await part(service, 'p-2', 1), 409, 'settle_above_hold')['held'], '0')
    const drawn = await part(service, 'p-2', 100, { overage: 'draw' })
    assertHold(drawn.body, 'open', { amount: 600, settled: 700, drawn: 100 })
    const capped = await part(service, 'p-3', 5, { overage: 'cap' })
    assertHold(capped.body, 'open', { amount: 600, settled: 700, drawn: 100, shortfall: 5 })
    const end = await service.post('/v1/holds/h/release')
    assertHold(end.body, 'released', { amount: 600, settled: 700, drawn: 100, shortfall: 5 })
  })

  test('a part under the Idempotency-Key happens once; another amount under it is refused', async () => {
    await using service = await frozen()
    const body = { amount: 200, final: false }
    const first = await service.post('/v1/holds/h/settle', body, { 'idempotency-key': 'p-1' })
    await part(service, 'p-2', 10)
    const again = await service.post('/v1/holds/h/settle', body, { 'idempotency-key': '"p-1"' })
    assert.deepEqual([again.body, again.headers.get('idempotent-replayed')], [repeatOf(first.body), 'true'])
    assertProblem(await part(service, 'p-1', 201), 422, 'request_id_reused')
    const differs = await service.post(
      '/v1/holds/h/settle',
      { ...body, requestId: 'p-3' },
      { 'idempotency-key': 'p-4' },
    )
    assert.equal(assertProblem(differs, 400, 'invalid_request')['parameter'], 'Idempotency-Key')
    assertHold((await service.get('/v1/holds/h')).body, 'open', { amount: 600, held: 390, settled: 210 })
  })

  test('without a request id every part is another one', async () => {
    await using service = await frozen()
    for (let count = 0; count < 2; count++) await service.post('/v1/holds/h/settle', { amount: 10, final: false })
    assertHold((await service.get('/v1/holds/h')).body, 'open', { amount: 600, held: 580, settled: 20 })
  })

  test('the request id of a part is nobody else’s, not even that of the hold', async () => {
    await using service = await frozen()
    assertProblem(await part(service, 'h', 1), 422, 'request_id_reused')
    await part(service, 'p-1', 1)
    const deposit = await service.post('/v1/deposits', { requestId: 'p-1', account: 'user:8', amount: 1 })
    assertProblem(deposit, 422, 'request_id_reused')
    assertProblem(await service.get('/v1/holds/p-1'), 404, 'hold_not_found')
    assertProblem(await service.post('/v1/holds/p-1/refund', { amount: 1 }), 404, 'hold_not_found')
  })

  test('an ended hold gives no parts, and its end can be repeated after them', async () => {
    await using service = await frozen()
    await part(service, 'p-1', 100)
    const end = await service.post('/v1/holds/h/settle', { amount: 50 })
    assert.equal(assertProblem(await part(service, 'p-2', 1), 409, 'hold_not_open')['settled'], '150')
    await service.post('/v1/holds/h/refund', { requestId: 'r-1', amount: 30 })
    const again = await service.post('/v1/holds/h/settle', { amount: 50 })
    assert.deepEqual([again.body, again.headers.get('idempotent-replayed')], [repeatOf(end.body), 'true'])
    assert.equal((await part(service, 'p-1', 100)).headers.get('idempotent-replayed'), 'true')
  })
})

describe('the payee', () => {
  test('can be another one as long as nothing was settled, and then stays it', async () => {
    await using service = await frozen()
    assert.equal((await part(service, 'p-1', 100, { payee: 'shop:1' })).body['payee'], 'shop:1')
    const refused = assertProblem(await part(service, 'p-2', 100, { payee: '@revenue' }), 409, 'payee_fixed')
    assert.deepEqual([refused['hold'], refused['payee']], ['h', 'shop:1'])
    assertProblem(await service.post('/v1/holds/h/settle', { amount: 1, payee: 'shop:2' }), 409, 'payee_fixed')
    const end = await service.post('/v1/holds/h/settle', { amount: 1, payee: 'shop:1' })
    assertHold(end.body, 'settled', { amount: 600, settled: 101, released: 499 })
    assert.deepEqual(await service.creditOf('shop:1'), ['101', '0'])
  })

  test('of a settle may be a house account or a user, and not the holder', async () => {
    await using service = await frozen()
    for (const final of [true, false]) {
      const own = await service.post('/v1/holds/h/settle', { amount: 1, final, payee: 'user:8' })
      assert.equal(assertProblem(own, 422, 'same_account')['account'], 'user:8')
    }
    const unknown = await service.post('/v1/holds/h/settle', { amount: 1, payee: '@gpu' })
    assert.equal(assertProblem(unknown, 422, 'unknown_account')['account'], '@gpu')
    assert.equal((await service.call('PUT', '/v1/house-accounts/%40gpu')).status, 200)
    const end = await service.post('/v1/holds/h/settle', { amount: 1, payee: '@gpu' })
    assert.equal(end.body['payee'], '@gpu')
    const again = await service.post('/v1/holds/h/settle', { amount: 1, payee: '@gpu' })
    assert.deepEqual([again.body, again.headers.get('idempotent-replayed')], [repeatOf(end.body), 'true'])
    assertProblem(await service.post('/v1/holds/h/settle', { amount: 1 }), 409, 'hold_not_open')
    assert.deepEqual(await service.creditOf('@gpu'), ['1', '0'])
  })
})

describe('amends', () => {
  const amend = (service: HttpService, body: object): Promise<Answer> => service.post('/v1/holds/h/amend', body)

  test('the total goes up and down, with what is available', async () => {
    await using service = await frozen()
    assertHold((await amend(service, { amount: '900' })).body, 'open', { amount: 900, held: 900 })
    assert.deepEqual(await service.creditOf('user:8'), ['100', '900'])
    await part(service, 'p-1', 250)
    assertHold((await amend(service, { amount: 300 })).body, 'open', { amount: 300, held: 50, settled: 250 })
    assert.deepEqual(await service.creditOf('user:8'), ['700', '50'])
    const low = assertProblem(await amend(service, { amount: 249 }), 409, 'amend_out_of_range')
    assert.deepEqual([low['hold'], low['minimum']], ['h', '250'])
    assertHold((await amend(service, { amount: 250 })).body, 'open', { amount: 250, settled: 250 })
    const high = assertProblem(await amend(service, { amount: 1_001 }), 402, 'insufficient_funds')
    assert.deepEqual([high['account'], high['available'], high['required']], ['user:8', '750', '751'])
  })

  test('the expiry moves, counted from now and within what a freeze may choose', async () => {
    await using service = await frozen({ expiresInMs: 60_000 })
    const before = Date.now()
    const { expiresAt } = (await amend(service, { expiresInMs: 3_600_000 })).body
    const ms = Date.parse(String(expiresAt)) - 3_600_000
    assert.ok(ms >= before && ms <= Date.now(), String(expiresAt))
    const instant = new Date(Date.now() + 90_000).toISOString()
    assert.equal((await amend(service, { expiresAt: instant })).body['expiresAt'], instant)
    for (const body of [{ expiresInMs: 30 * 86_400_000 + 1 }, { expiresAt: '2020-01-01T00:00:00Z' }]) {
      const refused = assertProblem(await amend(service, body), 422, 'expiry_out_of_range')
      assert.equal(refused['ttlMsMax'], 30 * 86_400_000)
    }
    assert.equal((await service.get('/v1/holds/h')).body['expiresAt'], instant)
  })

  test('what happens at the expiry can be set, left and cleared', async () => {
    await using service = await frozen()
    assert.deepEqual((await amend(service, { onExpiry: { settle: '70' } })).body['onExpiry'], { settle: '70' })
    assert.deepEqual((await amend(service, { amount: 500 })).body['onExpiry'], { settle: '70' })
    assert.equal((await amend(service, { onExpiry: null })).body['onExpiry'], null)
  })

  test('a hold whose expiry has passed and that is still open can be extended', async () => {
    await using service = await frozen({ expiresInMs: 1 })
    await sleep(5)
    assert.equal((await amend(service, { expiresInMs: 60_000 })).body['state'], 'open')
    const outcome = await service.engine.submit({ kind: 'release', hold: 'h', cause: 'expiry' })
    assert.partialDeepStrictEqual(outcome, { status: 'rejected', rejection: { code: 'hold_not_due' } })
  })

  test('an ended hold stays as it is', async () => {
    await using service = await frozen()
    await service.post('/v1/holds/h/release')
    assertProblem(await amend(service, { amount: 700 }), 409, 'hold_not_open')
    assertProblem(await service.post('/v1/holds/none/amend', { amount: 700 }), 404, 'hold_not_found')
  })
})

describe('refunds', () => {
  const refund = (service: HttpService, requestId: string, amount: number, more: object = {}): Promise<Answer> =>
    service.post('/v1/holds/h/refund', { requestId, amount, ...more })

  test('go from the payee to the holder, open or ended, and never beyond what was settled', async () => {
    await using service = await frozen()
    assertProblem(await refund(service, 'r-0', 1), 409, 'refund_above_settled')
    await part(service, 'p-1', 100)
    const open = await refund(service, 'r-1', 40, { memo: 'cut off', metadata: { reason: 'length' } })
    assertHold(open.body, 'open', { amount: 600, held: 500, settled: 100, refunded: 40 })
    await service.post('/v1/holds/h/settle', { amount: 100 })
    const ended = await refund(service, 'r-2', 160)
    assertHold(ended.body, 'settled', { amount: 600, settled: 200, released: 400, refunded: 200 })
    const above = assertProblem(await refund(service, 'r-3', 1), 409, 'refund_above_settled')
    assert.deepEqual([above['settled'], above['refunded']], ['200', '200'])
    assert.deepEqual(await service.creditOf('user:8'), ['1000', '0'])
    assert.deepEqual(await service.creditOf('@revenue'), ['0', '0'])
    const { body } = await service.get('/v1/entries/r-1')
    assert.partialDeepStrictEqual(body, { kind: 'refund', hold: 'h', memo: 'cut off', metadata: { reason: 'length' } })
    assertProblem(await service.post('/v1/holds/none/refund', { amount: 1 }), 404, 'hold_not_found')
  })

  test('need what they take in the hands of the payee', async () => {
    await using service = await frozen({ payee: 'shop:1' })
    await service.post('/v1/holds/h/settle', { amount: 100 })
    await service.post('/v1/charges', { account: 'shop:1', amount: 70 })
    const short = assertProblem(await refund(service, 'r-1', 31), 402, 'insufficient_funds')
    assert.deepEqual([short['account'], short['available'], short['required']], ['shop:1', '30', '31'])
    assert.equal((await refund(service, 'r-1', 30)).body['refunded'], '30')
  })
})

describe('expiry', () => {
  test('settles what was said, and releases the rest', async () => {
    await using service = await expired({ onExpiry: { settle: 70 } })
    const { body } = await service.get('/v1/holds/h')
    assertHold(body, 'expired', { amount: 600, settled: 70, released: 530 })
    assert.equal((await service.get('/v1/entries/h~settle')).body['hold'], 'h')
    assert.deepEqual(await service.creditOf('@revenue'), ['70', '0'])
  })

  test('a late settle takes what there is from available, once', async () => {
    await using service = await expired()
    assertProblem(await service.post('/v1/holds/h/settle', { amount: 500 }), 409, 'hold_not_open')
    await service.post('/v1/charges', { account: 'user:8', amount: 700 })
    const late = await service.post('/v1/holds/h/settle', { amount: 500, late: true })
    const after = { amount: 600, settled: 300, released: 600, drawn: 300, shortfall: 200, settledLate: 300 }
    assertHold(late.body, 'expired', after)
    const again = await service.post('/v1/holds/h/settle', { amount: 500, late: true })
    assert.deepEqual([again.body, again.headers.get('idempotent-replayed')], [repeatOf(late.body), 'true'])
    assertProblem(await service.post('/v1/holds/h/settle', { amount: 1, late: true }), 409, 'hold_not_open')
    assert.deepEqual(await service.creditOf('user:8'), ['0', '0'])
    const entry = await service.get('/v1/entries/h~late')
    assert.partialDeepStrictEqual(entry.body, { id: 'h~late', kind: 'settle', hold: 'h' })
    assert.equal((await service.post('/v1/holds/h/refund', { amount: 300 })).body['refunded'], '300')
  })

  test('a late settle costs what it would have cost in time: what the expiry settled counts', async () => {
    await using service = await expired({ onExpiry: { settle: 30 } })
    const late = await service.post('/v1/holds/h/settle', { amount: 400, late: true })
    const after = { amount: 600, settled: 400, released: 570, drawn: 370, settledLate: 370 }
    assertHold(late.body, 'expired', after)
    const again = await service.post('/v1/holds/h/settle', { amount: 400, late: true })
    assert.deepEqual([again.body, again.headers.get('idempotent-replayed')], [repeatOf(late.body), 'true'])
    assert.deepEqual(await service.creditOf('@revenue'), ['400', '0'])
  })

  test('a late settle measures against what was held at the expiry, as the overage says', async () => {
    await using service = await expired()
    const settle = (body: object): Promise<Answer> => service.post('/v1/holds/h/settle', { late: true, ...body })
    assert.equal(assertProblem(await settle({ amount: 601 }), 409, 'settle_above_hold')['held'], '600')
    assertHold((await settle({ amount: 601, overage: 'cap' })).body, 'expired', {
      amount: 600,
      settled: 600,
      released: 600,
      drawn: 600,
      settledLate: 600,
      shortfall: 1,
    })
  })

  test('late changes nothing about a settle that is in time', async () => {
    await using service = await frozen()
    const end = await service.post('/v1/holds/h/settle', { amount: 500, late: true })
    assertHold(end.body, 'settled', { amount: 600, settled: 500, released: 100 })
  })

  test('late does not help a hold that was ended by somebody', async () => {
    await using service = await frozen()
    await service.post('/v1/holds/h/release')
    const refused = await service.post('/v1/holds/h/settle', { amount: 500, late: true })
    assert.equal(assertProblem(refused, 409, 'hold_not_open')['state'], 'released')
  })
})

describe('history', () => {
  async function lived(): Promise<HttpService> {
    const service = await frozen()
    await part(service, 'p-1', 200, { memo: 'page 1' })
    await service.post('/v1/holds/h/amend', { requestId: 'a-1', amount: 800 })
    await service.post('/v1/holds/h/settle', { amount: 300 })
    await service.post('/v1/holds/h/refund', { requestId: 'r-1', amount: 50 })
    return service
  }
  const EVENTS = [
    [0, 'freeze', 'h', 'open', '600', '0', '0'],
    [1, 'settle', 'p-1', 'open', '400', '200', '0'],
    [2, 'amend', 'a-1', 'open', '600', '200', '0'],
    [3, 'settle', 'h~settle', 'settled', '0', '500', '0'],
    [4, 'refund', 'r-1', 'settled', '0', '500', '50'],
  ]
  const told = (event: Record<string, unknown>): readonly unknown[] => {
    const { number, kind, entry, hold } = event as { number: number } & Record<string, Record<string, unknown>>
    return [number, kind, entry, hold!['state'], hold!['held'], hold!['settled'], hold!['refunded']]
  }

  test('shows every event, the freeze first, with the hold as it was after each', async () => {
    await using service = await lived()
    const events = await historyOf(service)
    assert.deepEqual(events.map(told), EVENTS)
    const { body } = await service.get('/v1/holds/h')
    assert.deepEqual(events.at(-1)!['hold'], body)
    for (const { entry, at, kind } of events) {
      const found = await service.get(`/v1/entries/${String(entry)}`)
      assert.partialDeepStrictEqual(found.body, { id: entry, at, kind, hold: 'h' })
    }
  })

  test('goes page by page', async () => {
    await using service = await lived()
    const events: unknown[] = []
    let cursor: string | null = ''
    for (let pages = 0; cursor !== null; pages++) {
      assert.ok(pages < 4, 'the pages do not end')
      const { body } = await service.get(`/v1/holds/h/history?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`)
      const items = body['items'] as Record<string, unknown>[]
      assert.ok(items.length <= 2)
      events.push(...items.map(told))
      cursor = body['next'] as string | null
    }
    assert.deepEqual(events, EVENTS)
  })

  test('of a plain hold has its freeze and its end', async () => {
    await using service = await frozen()
    assert.deepEqual((await historyOf(service)).map(told), [EVENTS[0]])
    await service.post('/v1/holds/h/release')
    const end = [1, 'release', 'h~release', 'released', '0', '0', '0']
    assert.deepEqual((await historyOf(service)).map(told), [EVENTS[0], end])
  })

  test('of no hold is not found, and wrong parameters are named', async () => {
    await using service = await lived()
    assert.equal(assertProblem(await service.get('/v1/holds/p-1/history'), 404, 'hold_not_found')['hold'], 'p-1')
    for (const [parameter, query] of [
      ['limit', '?limit=0'],
      ['limit', '?limit=1001'],
      ['limit', '?limit=two'],
      ['cursor', '?cursor='],
      ['cursor', '?cursor=nonsense'],
      ['kind', '?kind=refund'],
    ]) {
      const refused = await service.get(`/v1/holds/h/history${query}`)
      assert.equal(assertProblem(refused, 400, 'invalid_request')['parameter'], parameter, query)
    }
    await service.post('/v1/holds', { account: 'user:8', amount: 1 })
    const { next } = (await service.get('/v1/holds?account=user:8&limit=1')).body
    assert.equal(typeof next, 'string')
    const other = await service.get(`/v1/holds/h/history?cursor=${String(next)}`)
    assert.equal(assertProblem(other, 400, 'invalid_request')['parameter'], 'cursor')
  })

  test('a statement shows the lines of every step as lines of the hold', async () => {
    await using service = await lived()
    const { body } = await service.get('/v1/accounts/user:8/postings?hold=h')
    const lines = (body['items'] as Record<string, unknown>[]).map(({ entryId, hold, memo }) => [entryId, hold, memo])
    assert.deepEqual(lines, [
      ['r-1', 'h', null],
      ['h~settle', 'h', null],
      ['a-1', 'h', null],
      ['p-1', 'h', 'page 1'],
      ['h', 'h', null],
    ])
    const refunds = await service.get('/v1/accounts/user:8/postings?kind=refund')
    assert.equal((refunds.body['items'] as unknown[]).length, 1)
  })
})

describe('what is refused', () => {
  test('insufficient funds show what is held, and how to list the holds', async () => {
    await using service = await frozen()
    const problem = assertProblem(
      await service.post('/v1/charges', { account: 'user:8', amount: 401 }),
      402,
      'insufficient_funds',
    )
    assert.deepEqual([problem['available'], problem['held'], problem['required']], ['400', '600', '401'])
    const [, path] = /600 more are held; GET (\S+) lists the holds\.$/.exec(String(problem['detail'])) ?? []
    assert.ok(path, String(problem['detail']))
    const listed = await service.get(path)
    assert.deepEqual(
      (listed.body['items'] as Record<string, unknown>[]).map(({ id, held }) => [id, held]),
      [['h', '600']],
    )
    await service.put('/v1/assets/gold', {})
    await service.post('/v1/deposits', { account: 'a/b@c', asset: 'gold', amount: 10 })
    await service.post('/v1/holds', { requestId: 'g', account: 'a/b@c', asset: 'gold', amount: 9 })
    const gold = await service.post('/v1/charges', { account: 'a/b@c', asset: 'gold', amount: 2 })
    const detail = String(assertProblem(gold, 402, 'insufficient_funds')['detail'])
    const found = await service.get(/GET (\S+)/.exec(detail)![1]!)
    assert.equal((found.body['items'] as Record<string, unknown>[])[0]!['id'], 'g')
  })

  test('nothing of a request that breaks a rule of form reaches the ledger', async () => {
    await using service = await frozen()
    const calls = service.store.calls.length
    for (const [pointer, path, body] of [
      ['/final', 'settle', { amount: 1, final: 'false' }],
      ['/late', 'settle', { amount: 1, final: false, late: true }],
      ['/amount', 'settle', { amount: 0, final: false }],
      ['/requestId', 'settle', { amount: 1, requestId: 'p-1' }],
      ['/requestId', 'settle', { amount: 1, final: false, requestId: 'p~1' }],
      ['/memo', 'settle', { amount: 1, memo: 'x' }],
      ['', 'amend', {}],
      ['', 'amend', { requestId: 'a-1' }],
      ['/expiresAt', 'amend', { expiresInMs: 1, expiresAt: '2030-01-01T00:00:00Z' }],
      ['/amount', 'amend', { amount: '0' }],
      ['/onExpiry/settle', 'amend', { onExpiry: { settle: -1 } }],
      ['/amount', 'refund', { amount: 0 }],
      ['', 'refund', {}],
      ['/payee', 'refund', { amount: 1, payee: '@gpu' }],
    ] as const) {
      const problem = assertProblem(await service.post(`/v1/holds/h/${path}`, body), 400, 'invalid_request')
      assert.equal(problem['pointer'], pointer, JSON.stringify(body))
    }
    const freeze = await service.post('/v1/holds', { account: 'user:8', amount: 1, onExpiry: { settle: 0 } })
    assert.equal(assertProblem(freeze, 400, 'invalid_request')['pointer'], '/onExpiry/settle')
    const key = await service.post('/v1/holds/h/refund', { amount: 1 }, { 'idempotency-key': 'two words' })
    assert.equal(assertProblem(key, 400, 'invalid_request')['parameter'], 'Idempotency-Key')
    assertProblem(await service.get('/v1/holds/h/refund'), 405, 'method_not_allowed')
    assert.equal(service.store.calls.length, calls, 'the store was asked')
  })
})

test('a batch takes every step, each with its outcome, or all of them together', async () => {
  await using service = await frozen()
  const commands = [
    { kind: 'settle', hold: 'h', requestId: 'p-1', amount: 100, final: false },
    { kind: 'amend', hold: 'h', requestId: 'a-1', amount: 700, onExpiry: { settle: 5 } },
    { kind: 'refund', hold: 'h', requestId: 'r-1', amount: 101 },
    { kind: 'refund', hold: 'h', requestId: 'r-1', amount: 10 },
    { kind: 'settle', hold: 'h', amount: 50 },
  ]
  const together = await service.post('/v1/batches', { commands, atomic: true })
  const codesOf = ({ body }: Answer): unknown[] =>
    (body['outcomes'] as { status: string; problem?: Record<string, unknown> }[]).map(
      ({ status, problem }) => problem?.['code'] ?? status,
    )
  const aborted = 'batch_aborted'
  assert.deepEqual(codesOf(together), [aborted, aborted, 'refund_above_settled', aborted, aborted])
  assertHold((await service.get('/v1/holds/h')).body, 'open', { amount: 600, held: 600 })
  const each = await service.post('/v1/batches', { commands })
  assert.deepEqual(codesOf(each), ['applied', 'applied', 'refund_above_settled', 'applied', 'applied'])
  const { body } = await service.get('/v1/holds/h')
  assertHold(body, 'settled', { amount: 700, settled: 150, released: 550, refunded: 10 })
  const again = await service.post('/v1/batches', { commands: commands.toSpliced(2, 1) })
  const outcomes = again.body['outcomes'] as { replayed: boolean }[]
  assert.deepEqual(
    outcomes.map(({ replayed }) => replayed),
    [true, true, true, true],
  )
})
