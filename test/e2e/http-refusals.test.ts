/** Every kind of invalid input gets a 4xx problem that points at it, and has no effect. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { assertProblem, HttpService, type Answer } from '../support/http-service.ts'

const DEPOSIT = { account: 'user:8', amount: 1 }
const TEXT = '{"account": "user:8", "amount": 1}'

/** One service for all tests of a group: a refused request leaves nothing that the next test could see. */
function sharedService(): () => HttpService {
  let service: HttpService | undefined
  before(async () => {
    service = await HttpService.start()
  })
  after(async () => await service?.[Symbol.asyncDispose]())
  return () => service ?? assert.fail('the service is not there')
}

/** No call reached the store, so nothing can have been written. */
async function leavesNoTrace(service: HttpService, refused: () => Promise<Answer>): Promise<Answer> {
  const before = service.store.calls.length
  const answer = await refused()
  assert.equal(service.store.calls.length, before, 'the store was asked')
  return answer
}

async function refusedWith(pointer: string, service: HttpService, refused: () => Promise<Answer>): Promise<void> {
  const problem = assertProblem(await leavesNoTrace(service, refused), 400, 'invalid_request')
  assert.equal(problem['pointer'], pointer, JSON.stringify(problem))
  assert.deepEqual([problem['retryable'], problem['applied']], [false, 'no'])
}

describe('bodies', () => {
  const bad: readonly [what: string, body: unknown, pointer: string][] = [
    ['a wrong type', { account: 7, amount: 1 }, '/account'],
    ['a missing field', { account: 'user:8' }, '/amount'],
    ['a null', { account: 'user:8', amount: null }, '/amount'],
    ['zero', { ...DEPOSIT, amount: 0 }, '/amount'],
    ['a negative amount', { ...DEPOSIT, amount: '-1' }, '/amount'],
    ['a fraction', { ...DEPOSIT, amount: 0.5 }, '/amount'],
    ['an integer that JSON rounds', `{"account": "user:8", "amount": 9007199254740993}`, '/amount'],
    ['an amount beyond its bound', { ...DEPOSIT, amount: '10000000000000001' }, '/amount'],
    ['an amount beyond int64', { ...DEPOSIT, amount: '9223372036854775808' }, '/amount'],
    ['an amount of a megabyte', { ...DEPOSIT, amount: '9'.repeat(1_000_000) }, '/amount'],
    ['an over-long account', { ...DEPOSIT, account: 'x'.repeat(129) }, '/account'],
    ['an over-long request id', { ...DEPOSIT, requestId: 'x'.repeat(129) }, '/requestId'],
    ['an unknown field', { ...DEPOSIT, amonut: 1 }, '/amonut'],
    ['an unknown field with a slash', { ...DEPOSIT, 'a/b': 1 }, '/a~1b'],
    ['a field that is given twice', '{"account": "user:8", "amount": 1, "amount": 2}', '/amount'],
    [
      'a key of metadata that is given twice',
      '{"account": "u", "amount": 1, "metadata": {"a": 1, "a": 1}}',
      '/metadata/a',
    ],
    ['nested metadata', { ...DEPOSIT, metadata: { a: { b: 1 } } }, '/metadata/a'],
    ['__proto__', '{"account": "user:8", "amount": 1, "__proto__": {"payee": "x"}}', '/__proto__'],
    [
      '__proto__ in metadata',
      '{"account": "user:8", "amount": 1, "metadata": {"__proto__": "x"}}',
      '/metadata/__proto__',
    ],
    ['constructor.prototype', '{"account": "user:8", "amount": 1, "constructor": {"prototype": {}}}', '/constructor'],
    ['an array', [DEPOSIT], ''],
    ['a text', '"deposit"', ''],
    ['null', 'null', ''],
    ['nothing', '', ''],
    ['broken JSON', TEXT.slice(0, -1), ''],
    ['JSON with something behind it', `${TEXT}{}`, ''],
    ['JSON that is nested without end', '['.repeat(500_000), ''],
    ['arrays that are nested without end', '['.repeat(500_000) + ']'.repeat(500_000), ''],
    ['bytes that are not UTF-8', new Blob([new Uint8Array([0x7b, 0xff, 0x7d])]), ''],
  ]
  const shared = sharedService()
  for (const [what, body, pointer] of bad) {
    test(`${what} is refused`, async () => {
      const service = shared()
      await refusedWith(pointer, service, () =>
        service.post('/v1/deposits', body, { 'content-type': 'application/json' }),
      )
      assertProblem(await service.get('/v1/accounts/user:8'), 404, 'account_not_found')
    })
  }

  test('a settle, an open, a declare and a batch are as strict', async () => {
    await using service = await HttpService.start()
    await refusedWith('/amount', service, () => service.post('/v1/holds/h/settle', {}))
    await refusedWith('/hold', service, () => service.post('/v1/holds/h/settle', { hold: 'h', amount: 1 }))
    await refusedWith('', service, () => service.post('/v1/holds/h/settle'))
    await refusedWith('/amount', service, () => service.post('/v1/holds/h/release', { amount: 1 }))
    await refusedWith('/account', service, () => service.put('/v1/accounts/user:8', { account: 'user:9' }))
    await refusedWith('/code', service, () => service.put('/v1/assets/gold', { code: 'silver' }))
    await refusedWith('/legs/0/amount', service, () =>
      service.post('/v1/transfers', { legs: [{ from: 'a', to: 'b', amount: 'all' }] }),
    )
    await refusedWith('/commands/1/amount', service, () =>
      service.post('/v1/batches', {
        commands: [
          { kind: 'deposit', ...DEPOSIT },
          { kind: 'deposit', account: 'x' },
        ],
      }),
    )
  })

  test('another content type is refused, whatever it carries', async () => {
    await using service = await HttpService.start()
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/jsonp',
      'application/xml',
      'nonsense',
    ]) {
      const answer = await leavesNoTrace(service, () => service.post('/v1/deposits', TEXT, { 'content-type': type }))
      assertProblem(answer, 415, 'unsupported_media_type')
    }
    for (const type of ['application/json; charset=utf-8', 'application/JSON', 'application/json;charset="utf-8"']) {
      assert.equal((await service.post('/v1/deposits', TEXT, { 'content-type': type })).status, 201, type)
    }
  })

  test('a body beyond the limit is refused, with its length said or unsaid', async () => {
    await using service = await HttpService.start({ http: { limits: { bodyBytesMax: 1_000 } } })
    const fits = `${TEXT}${' '.repeat(1_000 - TEXT.length)}`
    assert.equal((await service.post('/v1/deposits', fits)).status, 201)
    assertProblem(
      await leavesNoTrace(service, () => service.post('/v1/deposits', `${fits} `)),
      413,
      'payload_too_large',
    )
    const chunk = `${(600).toString(16)}\r\n${' '.repeat(600)}\r\n`
    const head =
      'POST /v1/deposits HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n'
    assert.match(await service.raw(`${head}${chunk}${chunk}0\r\n\r\n`), /^HTTP\/1\.1 413 [^]*"payload_too_large"/)
  })

  test('a mebibyte is the limit unless another is chosen', async () => {
    await using service = await HttpService.start()
    const padded = (bytes: number): string => `${TEXT}${' '.repeat(bytes - TEXT.length)}`
    assert.equal((await service.post('/v1/deposits', padded(1_048_576))).status, 201)
    assertProblem(await service.post('/v1/deposits', padded(1_048_577)), 413, 'payload_too_large')
  })
})

describe('paths and queries', () => {
  const bad: readonly [path: string, parameter: string][] = [
    ['/v1/accounts/no%20space%20last%20', 'account'],
    [`/v1/accounts/${'x'.repeat(129)}`, 'account'],
    ['/v1/accounts/%E5%90%8D', 'account'],
    ['/v1/accounts/user:8/postings?limit=0', 'limit'],
    ['/v1/accounts/user:8/postings?limit=1001', 'limit'],
    ['/v1/accounts/user:8/postings?limit=ten', 'limit'],
    ['/v1/accounts/user:8/postings?limit=1e2', 'limit'],
    ['/v1/accounts/user:8/postings?limit=', 'limit'],
    ['/v1/accounts/user:8/postings?limit=1&limit=2', 'limit'],
    ['/v1/accounts/user:8/postings?kind=gift', 'kind'],
    ['/v1/accounts/user:8/postings?asset=Gold', 'asset'],
    ['/v1/accounts/user:8/postings?acount=x', 'acount'],
    ['/v1/accounts/user:8/postings?cursor=nonsense', 'cursor'],
    ['/v1/holds?state=closed', 'state'],
    ['/v1/holds?account=', 'account'],
    ['/v1/holds?cursor=WyJwIiwwLDJd', 'cursor'],
    ['/v1/holds?__proto__=x', '__proto__'],
    [`/v1/holds/${'x'.repeat(129)}`, 'id'],
    ['/v1/entries/a~b', 'id'],
    ['/v1/holds/%', 'path'],
    ['/v1/holds/%ff', 'path'],
    [`/v1/holds/${'x'.repeat(5_000)}`, 'path'],
  ]
  const shared = sharedService()
  for (const [path, parameter] of bad) {
    test(`${path.slice(0, 70)} names ${parameter}`, async () => {
      const problem = assertProblem(await shared().get(path), 400, 'invalid_request')
      assert.deepEqual([problem['parameter'], problem['pointer']], [parameter, undefined])
    })
  }

  test('an asset and a hold in a path are checked before anything is written', async () => {
    await using service = await HttpService.start()
    const asset = await leavesNoTrace(service, () => service.put('/v1/assets/GOLD', {}))
    assert.equal(assertProblem(asset, 400, 'invalid_request')['parameter'], 'code')
    const hold = await leavesNoTrace(service, () => service.post('/v1/holds/a%20b/release'))
    assert.equal(assertProblem(hold, 400, 'invalid_request')['parameter'], 'id')
  })
})

describe('rejections of the rules', () => {
  test('each has its status and its own fields', async () => {
    await using service = await HttpService.start()
    await service.give('user:8', 100)
    const funds = await service.post('/v1/holds', { account: 'user:8', amount: 101 })
    assert.deepEqual(assertProblem(funds, 402, 'insufficient_funds'), {
      type: 'urn:holdfast:problem:insufficient_funds',
      title: 'Insufficient funds',
      status: 402,
      detail: '"user:8" has 100 credit available; 101 are needed.',
      code: 'insufficient_funds',
      retryable: false,
      applied: 'no',
      account: 'user:8',
      asset: 'credit',
      available: '100',
      held: '0',
      floor: '0',
      required: '101',
    })
    assert.equal(funds.headers.get('retry-after'), null)
    const house = await service.post('/v1/deposits', { account: '@issuer', amount: 1 })
    assert.equal(assertProblem(house, 403, 'house_account')['account'], '@issuer')
    const asset = await service.post('/v1/deposits', { account: 'user:8', asset: 'gems', amount: 1 })
    assert.equal(assertProblem(asset, 422, 'unknown_asset')['asset'], 'gems')
    const same = await service.post('/v1/charges', { account: 'user:8', payee: 'user:8', amount: 1 })
    assertProblem(same, 422, 'same_account')
    const expiry = await service.post('/v1/holds', { account: 'user:8', amount: 1, expiresAt: '2020-01-01T00:00:00Z' })
    assert.equal(assertProblem(expiry, 422, 'expiry_out_of_range')['ttlMsMax'], 30 * 24 * 3_600_000)
    const late = await service.post('/v1/holds', { account: 'user:8', amount: 1, expiresAt: '9999-12-31T23:59:59Z' })
    assertProblem(late, 422, 'expiry_out_of_range')
    const beyond = await service.post('/v1/holds', { account: 'user:8', amount: 1, expiresAt: Date.UTC(10_000, 0, 1) })
    assert.equal(assertProblem(beyond, 400, 'invalid_request')['pointer'], '/expiresAt')
    assert.equal((await service.call('PUT', '/v1/house-accounts/@promo')).status, 200)
    const legs = Array.from({ length: 1_000 }, () => ({ from: '@promo', to: 'user:9', amount: '1000000000000000' }))
    for (let count = 0; count < 9; count++) assert.equal((await service.post('/v1/transfers', { legs })).status, 201)
    const full = assertProblem(await service.post('/v1/transfers', { legs }), 422, 'balance_overflow')
    assert.equal(full['account'], 'user:9')
    assert.deepEqual(await service.creditOf('user:8'), ['100', '0'])
  })
})

describe('what is hardly HTTP', () => {
  test('bytes that are no request', async () => {
    await using service = await HttpService.start()
    assert.match(await service.raw('HELLO\r\n\r\n'), /^HTTP\/1\.1 400 [^]*Connection: close[^]*"invalid_request"/)
  })

  test('headers beyond the limit', async () => {
    await using service = await HttpService.start()
    const answer = await service.raw(
      `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`,
    )
    assert.match(answer, /^HTTP\/1\.1 431 [^]*"headers_too_large"/)
  })

  test('headers and bodies that do not arrive in time', async () => {
    const limits = { headersTimeoutMs: 100, requestTimeoutMs: 200, timeoutCheckMs: 50 }
    await using service = await HttpService.start({ http: { limits } })
    const [headers, body] = await Promise.all([
      service.raw('GET /healthz HTTP/1.1\r\nHost: localhost\r\n'),
      service.raw(
        'POST /v1/deposits HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 34\r\n\r\n{',
      ),
    ])
    assert.match(headers, /^HTTP\/1\.1 408 [^]*"request_timeout"/)
    assert.match(body, /^HTTP\/1\.1 408 [^]*"request_timeout"/)
    assert.deepEqual(service.store.calls, [])
  })

  test('a request that was refused for arriving too late has no effect when the rest of it arrives', async () => {
    const limits = { requestTimeoutMs: 200, headersTimeoutMs: 200, timeoutCheckMs: 20 }
    await using service = await HttpService.start({ http: { limits } })
    const body = JSON.stringify({ requestId: 'late', account: 'user:8', amount: '5' })
    const head = `POST /v1/deposits HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`
    const socket = connect({ port: Number(new URL(service.url).port), allowHalfOpen: true })
    socket.write(head + body.slice(0, 10))
    let answer = ''
    socket.on('data', (part: Buffer) => (answer += String(part)))
    await once(socket, 'end')
    assert.match(answer, /^HTTP\/1\.1 408 /)
    // The service has answered, and still reads.
    socket.end(body.slice(10))
    await once(socket, 'close')
    assertProblem(await service.get('/v1/entries/late'), 404, 'entry_not_found')
    assertProblem(await service.get('/v1/accounts/user:8'), 404, 'account_not_found')
  })

  test('a body shorter than it says, whose sender hangs up', async () => {
    await using service = await HttpService.start()
    const head =
      'POST /v1/deposits HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n'
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1')
    socket.end(head + TEXT)
    socket.resume()
    await new Promise((resolve) => socket.once('close', resolve))
    assertProblem(await service.get('/v1/accounts/user:8'), 404, 'account_not_found')
    assert.deepEqual(service.store.calls, [])
  })
})
