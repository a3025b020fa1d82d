/** Faults and timeouts are 5xx problems that say whether, when and with which request id to try again. */
import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { quiet } from '../support/quiet.ts'
import { assertProblem, HttpService } from '../support/http-service.ts'

const DEPOSIT = { requestId: 'd-1', account: 'user:8', amount: 5 }

function gate(): { readonly closed: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  return { closed: promise.then(() => {}), open: () => resolve(undefined) }
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (condition()) return
    await sleep(10)
  }
  assert.fail(`${what} did not come about`)
}

describe('the store', () => {
  test('that does not answer is 503 with Retry-After, and repeating applies once', async () => {
    await using service = await HttpService.start()
    service.store.script.push('unavailable')
    const refused = await service.post('/v1/deposits', DEPOSIT)
    const problem = assertProblem(refused, 503, 'store_unavailable')
    assert.deepEqual([problem['retryable'], problem['applied'], problem['requestId']], [true, 'no', 'd-1'])
    assert.equal(problem['retryAfterMs'], 1_000)
    assert.equal(refused.headers.get('retry-after'), '1')
    const repeated = await service.post('/v1/deposits', DEPOSIT)
    assert.deepEqual([repeated.status, repeated.headers.get('idempotent-replayed')], [201, null])
    assert.deepEqual(await service.creditOf('user:8'), ['5', '0'])
  })

  test('that was lost around the commit is asked again, and the caller sees a success', async () => {
    await using service = await HttpService.start()
    service.store.script.push('doubt-applied')
    assert.equal((await service.post('/v1/deposits', DEPOSIT)).status, 201)
    assert.deepEqual(await service.creditOf('user:8'), ['5', '0'])
  })

  test('that stays lost is 503 commit_in_doubt with the request id to repeat, also of one the service made', async () => {
    await using service = await HttpService.start({
      engine: { limits: { doubtMsMax: 50, attemptsMax: 2, breakerOpenMs: 1 } },
    })
    service.store.script.push('doubt-applied', ...Array.from({ length: 50 }, () => 'doubt-lost' as const))
    const { requestId: _, ...anonymous } = DEPOSIT
    const problem = assertProblem(await service.post('/v1/deposits', anonymous), 503, 'commit_in_doubt')
    assert.deepEqual([problem['applied'], problem['retryable']], ['unknown', true])
    service.store.script.length = 0
    const repeat = { ...anonymous, requestId: problem['requestId'] }
    let repeated = await service.post('/v1/deposits', repeat)
    // The circuit breaker refuses calls for a while.
    while (repeated.status === 503) repeated = await service.post('/v1/deposits', repeat)
    assert.deepEqual([repeated.status, repeated.headers.get('idempotent-replayed')], [201, 'true'])
    assert.deepEqual(await service.creditOf('user:8'), ['5', '0'])
  })
})

describe('the engine', () => {
  test('whose queue is full is 503 overloaded at once', async () => {
    await using service = await HttpService.start({
      engine: { limits: { queueCommandsMax: 2, batchesInFlightMax: 1 } },
    })
    const commits = gate()
    service.store.gate = commits.closed
    const first = service.post('/v1/deposits', { ...DEPOSIT, requestId: 'first' })
    await until(() => service.store.calls.includes('commit'), 'a commit')
    const queued = [
      service.post('/v1/deposits', { ...DEPOSIT, requestId: 'a' }),
      service.post('/v1/deposits', { ...DEPOSIT, requestId: 'b' }),
    ]
    await until(() => service.engine.queueDepth === 2, 'a full queue')
    const refused = await service.post('/v1/deposits', { ...DEPOSIT, requestId: 'c' })
    assert.equal(assertProblem(refused, 503, 'overloaded')['applied'], 'no')
    assert.match(refused.headers.get('retry-after') ?? '', /^[1-9]$/)
    commits.open()
    for (const answer of [await first, ...(await Promise.all(queued))]) assert.equal(answer.status, 201)
    assert.deepEqual(await service.creditOf('user:8'), ['15', '0'])
  })

  test('that is too slow is 504, and says that the command may have applied', async () => {
    await using service = await HttpService.start({ engine: { limits: { callTimeoutMsDefault: 50 } } })
    const commits = gate()
    service.store.gate = commits.closed
    const problem = assertProblem(await service.post('/v1/deposits', DEPOSIT), 504, 'deadline_exceeded')
    assert.deepEqual([problem['applied'], problem['retryable'], problem['requestId']], ['unknown', true, 'd-1'])
    commits.open()
    service.store.gate = Promise.resolve()
    await until(() => service.engine.queueDepth === 0, 'an empty queue')
    let repeated = await service.post('/v1/deposits', DEPOSIT)
    while (repeated.status === 504) repeated = await service.post('/v1/deposits', DEPOSIT)
    assert.equal(repeated.headers.get('idempotent-replayed'), 'true')
  })

  test('that was stopped is 503 shutting_down, and not ready', async () => {
    await using service = await HttpService.start()
    await service.engine.stop()
    assertProblem(await service.post('/v1/deposits', DEPOSIT), 503, 'shutting_down')
    assertProblem(await service.get('/readyz'), 503, 'shutting_down')
    assert.equal((await service.get('/healthz')).status, 200)
  })
})

test('a caller that hangs up takes its commands out of a long queue', async () => {
  await using service = await HttpService.start({ engine: { limits: { batchesInFlightMax: 1, batchCommandsMax: 10 } } })
  const commits = gate()
  service.store.gate = commits.closed
  const deposits = (prefix: string, count: number): readonly object[] =>
    Array.from({ length: count }, (_, index) => ({
      kind: 'deposit',
      account: 'user:8',
      amount: 1,
      requestId: `${prefix}${index}`,
    }))
  const long = [1, 2].map((part) => service.post('/v1/batches', { commands: deposits(`long-${part}-`, 600) }))
  await until(() => service.engine.queueDepth > 1_000, 'a long queue')
  const caller = new AbortController()
  const depth = service.engine.queueDepth
  const lost = service.call('POST', '/v1/batches', { commands: deposits('lost-', 3) }, { signal: caller.signal })
  await until(() => service.engine.queueDepth === depth + 3, 'the commands of the caller')
  caller.abort()
  await assert.rejects(lost)
  await quiet()
  commits.open()
  for (const answer of await Promise.all(long)) assert.equal(answer.status, 200)
  await until(() => service.engine.queueDepth === 0, 'an empty queue')
  assert.deepEqual(await service.creditOf('user:8'), ['1200', '0'])
  assertProblem(await service.get('/v1/entries/lost-0'), 404, 'entry_not_found')
})

describe('the log', () => {
  function capture(level: string) {
    const lines: Record<string, unknown>[] = []
    const stream = new Writable({
      write(chunk: Buffer, _, done) {
        lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>)
        done()
      },
    })
    return { lines, logger: pino({ level }, stream) }
  }

  test('has every failure of ours with its request id and trace id, and nothing that was sent', async () => {
    const { lines, logger } = capture('info')
    await using service = await HttpService.start({ http: { logger } })
    service.store.script.push('unavailable')
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const secret = { ...DEPOSIT, memo: 'a secret', metadata: { key: 'another' } }
    await service.post('/v1/deposits', secret, { traceparent, authorization: 'Bearer s3cr3t' })
    assert.equal(lines.length, 1)
    const [line] = lines
    assert.deepEqual(
      [line?.['level'], line?.['traceId'], line?.['route'], line?.['method'], line?.['code'], line?.['requestId']],
      [40, '0af7651916cd43dd8448eb211c80319c', '/v1/deposits', 'POST', 'store_unavailable', 'd-1'],
    )
    assert.match(String(line?.['callId']), /^[0-9a-f-]{36}$/)
    assert.doesNotMatch(JSON.stringify(lines), /secret|another|s3cr3t|user:8/)
  })

  test('has passing trouble once a second, however often it comes, and counts all of it', async () => {
    const { lines, logger } = capture('info')
    const service = await HttpService.start({ http: { logger } })
    await service.engine.stop()
    await Promise.all(Array.from({ length: 20 }, () => service.post('/v1/deposits', DEPOSIT)))
    await service[Symbol.asyncDispose]()
    assert.deepEqual([...new Set(lines.map(({ code }) => code))], ['shutting_down'])
    assert.ok(lines.length < 20, `${lines.length} lines`)
    assert.equal(lines[0]!['count'], 1)
    assert.equal(
      lines.reduce((sum, { count }) => sum + Number(count), 0),
      20,
    )
  })

  test('counts requests beyond the rate of their caller, without a name', async () => {
    const { lines, logger } = capture('info')
    const limits = { callerCommandsPerSecondMax: 1, callerBurstMax: 2 }
    const service = await HttpService.start({ http: { logger, limits } })
    const answers = await Promise.all(Array.from({ length: 12 }, () => service.post('/v1/deposits', DEPOSIT)))
    await service[Symbol.asyncDispose]()
    const refused = answers.filter(({ status }) => status === 429).length
    assert.ok(refused >= 9, `${refused}`)
    assert.deepEqual([...new Set(lines.map(({ code }) => code))], ['rate_limited'])
    assert.equal(
      lines.reduce((sum, { count }) => sum + Number(count), 0),
      refused,
    )
    assert.ok(lines.length <= 2)
  })

  test('has a defect of ours with its stack', async () => {
    const { lines, logger } = capture('info')
    await using service = await HttpService.start({ http: { logger } })
    service.store.ping = () => Promise.reject(new TypeError('a defect'))
    const problem = assertProblem(await service.get('/readyz'), 500, 'internal')
    assert.doesNotMatch(JSON.stringify(problem), /a defect/, 'what broke is not for callers')
    assert.equal(lines[0]?.['level'], 50)
    assert.match(JSON.stringify(lines[0]?.['err']), /TypeError[^]*a defect[^]*http-faults\.test\.ts/)
  })

  test('is silent about what callers get wrong, and about successes', async () => {
    const { lines, logger } = capture('info')
    await using service = await HttpService.start({ http: { logger } })
    await service.give('user:8', 1)
    await service.post('/v1/charges', { account: 'user:8', amount: 2 })
    await service.post('/v1/charges', {})
    assert.deepEqual(lines, [])
  })

  test('has one line per request when it is asked for', async () => {
    const { lines, logger } = capture('info')
    await using service = await HttpService.start({ http: { logger, logRequests: true } })
    await service.give('user:8', 1)
    await service.get('/v1/accounts/user%3A8')
    await until(() => lines.length === 2, 'both lines')
    assert.deepEqual(
      lines.map(({ method, route, status }) => [method, route, status]),
      [
        ['POST', '/v1/deposits', 201],
        ['GET', '/v1/accounts/:account', 200],
      ],
    )
    assert.equal(typeof lines[0]?.['durationMs'], 'number')
    assert.doesNotMatch(JSON.stringify(lines), /user/)
  })
})
