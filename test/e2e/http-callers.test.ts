/** Callers share what is limited: one who sends without end is refused, and the others are served. */
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { describe, test } from 'node:test'
import { connect } from '../../src/client/index.ts'
import { assertProblem, HttpService, type Answer } from '../support/http-service.ts'
import { until } from '../support/mysql-ledger.ts'

const PROXIES = ['127.0.0.1']
const from = (address: string): Record<string, string> => ({ 'x-forwarded-for': address })
const NOISY = from('10.0.0.8')
const QUIET = from('10.0.0.9')

const deposit = (account: string): object => ({ account, amount: 1 })
const deposits = (account: string, count: number): object => ({
  commands: Array.from({ length: count }, () => ({ kind: 'deposit', ...deposit(account) })),
})

/** In company, a caller's further requests would wait before they reach the queue. */
const CROWDED = { limits: { inCompanyMax: 1_000 } }

/** A service whose commits wait until `open` is called. */
async function held(
  options: Parameters<typeof HttpService.start>[0],
): Promise<{ service: HttpService; open: () => void }> {
  const service = await HttpService.start({ ...options, http: { trustedProxies: PROXIES, ...options?.http } })
  const { promise, resolve } = Promise.withResolvers<void>()
  service.store.gate = promise
  return { service, open: resolve }
}

/** Sends until one is refused, and returns the refusal and the calls that wait. */
async function flood(call: () => Promise<Answer>): Promise<{ refused: Answer; waiting: Promise<Answer>[] }> {
  const waiting: Promise<Answer>[] = []
  for (;;) {
    const answer = call()
    const refused = await Promise.race([answer, new Promise<null>((resolve) => setTimeout(resolve, 30, null))])
    if (refused !== null) return { refused, waiting }
    waiting.push(answer)
  }
}

describe('a caller who fills the queue', () => {
  test('is refused at its share with one account, then with any, and another is served', async () => {
    const { service, open } = await held({
      engine: { limits: { queueCommandsMax: 100, batchesInFlightMax: 1 } },
      http: CROWDED,
    })
    await using _ = service
    const first = service.post('/v1/deposits', deposit('user:1'), QUIET)
    await until(async () => service.store.calls.includes('commit'), 'a commit')
    const full = service.post('/v1/batches', deposits('user:8', 80), NOISY)
    await until(async () => service.engine.queueDepth === 80, 'a busy account')
    const account = await service.post('/v1/deposits', deposit('user:8'), NOISY)
    assert.match(String(assertProblem(account, 503, 'overloaded')['detail']), /The account has its share/)
    const others = service.post('/v1/batches', deposits('user:9', 8), NOISY)
    await until(async () => service.engine.queueDepth === 88, 'two busy accounts')
    // Unread: it is refused for its headers.
    const { refused, waiting } = await flood(() => service.post('/v1/deposits', deposit('user:10'), NOISY))
    assert.match(String(assertProblem(refused, 503, 'overloaded')['detail']), /The caller has its share/)
    assert.equal(refused.headers.get('retry-after'), '1')
    assert.ok(waiting.length <= 2)
    const quiet = [1, 2, 3].map(() => service.post('/v1/deposits', deposit('user:1'), QUIET))
    await until(async () => service.engine.queueDepth === 88 + waiting.length + 3, 'the quiet caller')
    open()
    for (const answer of await Promise.all([first, full, others, ...waiting, ...quiet])) assert.ok(answer.status < 300)
    assert.deepEqual(await service.creditOf('user:1'), ['4', '0'])
  })

  test('with a batch request that has no room is refused as a whole, and it has no effect', async () => {
    const { service, open } = await held({
      engine: { limits: { queueCommandsMax: 100, batchesInFlightMax: 1 } },
      http: CROWDED,
    })
    await using _ = service
    const first = service.post('/v1/deposits', deposit('user:1'), QUIET)
    await until(async () => service.store.calls.includes('commit'), 'a commit')
    const waiting = service.post('/v1/batches', deposits('user:8', 70), NOISY)
    await until(async () => service.engine.queueDepth === 70, 'a long queue')
    const refused = await service.post('/v1/batches', deposits('user:9', 31), NOISY)
    assertProblem(refused, 503, 'overloaded')
    open()
    for (const answer of await Promise.all([first, waiting])) assert.ok(answer.status < 300)
    assertProblem(await service.get('/v1/accounts/user:9'), 404, 'account_not_found')
  })

  test('with a batch request larger than the queue has as many of its commands served as there is room for', async () => {
    await using service = await HttpService.start({ engine: { limits: { queueCommandsMax: 10 } } })
    const { status, body } = await service.post('/v1/batches', deposits('user:8', 15))
    assert.equal(status, 200)
    const statuses = (body['outcomes'] as { status: string }[]).map((outcome) => outcome.status)
    assert.deepEqual([statuses.length, statuses[0], statuses.at(-1)], [15, 'applied', 'faulted'])
  })
})

test('a caller with most of the requests in progress is refused, and another is admitted', async () => {
  const { service, open } = await held({ http: { limits: { requestsInFlightMax: 20 } } })
  await using _ = service
  const { refused, waiting } = await flood(() => service.post('/v1/deposits', deposit('user:8'), NOISY))
  assert.match(
    String(assertProblem(refused, 503, 'overloaded')['detail']),
    /The caller has its share of the 20 requests/,
  )
  assert.ok(waiting.length >= 16 && waiting.length < 19, String(waiting.length))
  const quiet = service.post('/v1/deposits', deposit('user:1'), QUIET)
  open()
  for (const answer of await Promise.all([...waiting, quiet])) assert.equal(answer.status, 201)
})

test('batch requests wait for their turn, and only so many: one caller’s do not keep out another’s', async () => {
  await using service = await HttpService.start({
    http: { trustedProxies: PROXIES, limits: { turnMsMax: 0, batchesWaitingMax: 10 } },
  })
  // The requests come at once only on connections that are open.
  await Promise.all(Array.from({ length: 61 }, () => service.get('/healthz')))
  const answers = await Promise.all([
    ...Array.from({ length: 60 }, () => service.post('/v1/batches', deposits('user:8', 20), NOISY)),
    service.post('/v1/batches', deposits('user:1', 20), QUIET),
  ])
  const [noisy, quiet] = [answers.slice(0, 60), answers.slice(60)]
  for (const answer of quiet) assert.equal(answer.status, 200, answer.text)
  const refused = noisy.filter(({ status }) => status !== 200)
  assert.ok(refused.length > 0 && refused.length < 60, String(refused.length))
  for (const answer of refused) assertProblem(answer, 503, 'overloaded')
  assert.deepEqual(await service.creditOf('user:8'), [String((60 - refused.length) * 20), '0'])
})

describe('who is calling', () => {
  async function shareOf(callers: readonly Record<string, string>[], options: { trustedProxies?: string[] }) {
    const { service, open } = await held({ http: { limits: { requestsInFlightMax: 20 }, ...options } })
    await using _ = service
    let turn = 0
    const { refused, waiting } = await flood(() =>
      service.post('/v1/deposits', deposit('user:8'), callers[turn++ % callers.length]),
    )
    open()
    await Promise.all(waiting)
    return { count: waiting.length, detail: String(refused.body['detail']) }
  }

  test('is what a trusted proxy says, and nobody else', async () => {
    const two = [from('10.0.0.1'), from('10.0.0.2'), from('10.0.0.3')]
    assert.ok((await shareOf(two, { trustedProxies: PROXIES })).count > 18)
    const untrusted = await shareOf(two, { trustedProxies: ['10.1.0.0/16'] })
    assert.match(untrusted.detail, /The caller has its share/)
  })

  test('is a network, for addresses of IPv6', async () => {
    const same = [from('2001:db8::1'), from('2001:db8:0:0:ffff::2'), from('2001:db8::a:0:0:3')]
    assert.match((await shareOf(same, { trustedProxies: PROXIES })).detail, /The caller has its share/)
    const different = [from('2001:db8::1'), from('2001:db8:1::1'), from('2001:db8:0:1::1')]
    assert.ok((await shareOf(different, { trustedProxies: PROXIES })).count > 18)
    const mapped = [from('::ffff:10.0.0.1'), from('::ffff:10.0.0.2'), from('::ffff:10.0.0.3')]
    assert.ok((await shareOf(mapped, { trustedProxies: PROXIES })).count > 18)
  })

  test('is the address of the connection without a proxy', async () => {
    const { service, open } = await held({ http: { limits: { requestsInFlightMax: 20 } } })
    await using _ = service
    const { refused, waiting } = await flood(() => service.post('/v1/deposits', deposit('user:8')))
    assertProblem(refused, 503, 'overloaded')
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
    const { port } = new URL(service.url)
    const headers = { 'content-type': 'application/json' }
    const call = request({ port, method: 'POST', path: '/v1/deposits', headers, localAddress: '127.0.0.2' })
    call.on('response', ({ statusCode }) => resolve(statusCode)).on('error', reject)
    call.end(JSON.stringify(deposit('user:1')))
    await until(async () => service.store.calls.includes('commit'), 'a commit')
    open()
    assert.equal(await promise, 201)
    await Promise.all(waiting)
  })
})

describe('a caller with a rate', () => {
  const RATE = { callerCommandsPerSecondMax: 1, callerBurstMax: 3 }

  test('is refused beyond it with the time to wait, for reads too, and others are served', async () => {
    await using service = await HttpService.start({ http: { trustedProxies: PROXIES, limits: RATE } })
    for (let index = 0; index < 2; index++) {
      assert.equal((await service.post('/v1/deposits', deposit('user:8'), NOISY)).status, 201)
    }
    assert.equal((await service.get('/v1/accounts/user:8', NOISY)).status, 200)
    // Unread: it is refused for its headers.
    const refused = await service.post('/v1/deposits', '{', NOISY)
    const { applied, retryable, retryAfterMs } = assertProblem(refused, 429, 'rate_limited')
    assert.deepEqual([applied, retryable, refused.headers.get('retry-after')], ['no', true, '1'])
    assert.ok(Number(retryAfterMs) > 0 && Number(retryAfterMs) <= 1_000, String(retryAfterMs))
    assertProblem(await service.get('/v1/accounts/user:8', NOISY), 429, 'rate_limited')
    assert.equal((await service.get('/healthz', NOISY)).status, 200)
    assert.equal((await service.post('/v1/deposits', deposit('user:8'), QUIET)).status, 201)
  })

  test('pays for each command of a batch request', async () => {
    await using service = await HttpService.start({ http: { limits: { ...RATE, callerBurstMax: 10 } } })
    assert.equal((await service.post('/v1/batches', deposits('user:8', 10))).status, 200)
    assertProblem(await service.post('/v1/deposits', deposit('user:8')), 429, 'rate_limited')
  })

  test('is served in the end by the client, which waits as long as it is told', async () => {
    await using service = await HttpService.start({
      http: { limits: { callerCommandsPerSecondMax: 10, callerBurstMax: 2 } },
    })
    const ledger = connect(service.url)
    for (let index = 0; index < 5; index++) await ledger.deposit({ account: 'user:8', amount: 1n })
    await ledger.close()
    await new Promise((resolve) => setTimeout(resolve, 300))
    assert.deepEqual(await service.creditOf('user:8'), ['5', '0'])
  })
})

test('an account with too many open holds gets 429, and its other commands are served', async () => {
  await using service = await HttpService.start({ engine: { limits: { accountHoldsMax: 2 } } })
  await service.give('user:8', 10)
  const freeze = (requestId: string): Promise<Answer> =>
    service.post('/v1/holds', { requestId, account: 'user:8', amount: 1 })
  assert.deepEqual([(await freeze('a')).status, (await freeze('b')).status], [201, 201])
  const refused = await freeze('c')
  assert.deepEqual(
    [assertProblem(refused, 429, 'rate_limited')['requestId'], refused.headers.get('retry-after')],
    ['c', '1'],
  )
  assert.equal((await service.post('/v1/holds/a/settle', { amount: 1 })).status, 200)
  assert.equal((await freeze('c')).status, 201)
})
