/** Several commands in one request: each by itself, or as a group. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { assertProblem, HttpService } from '../support/http-service.ts'

type Outcome = Readonly<Record<string, unknown>> & {
  readonly answer?: Readonly<Record<string, unknown>>
  readonly problem?: Readonly<Record<string, unknown>>
}

async function batch(service: HttpService, commands: readonly object[], atomic?: boolean): Promise<readonly Outcome[]> {
  const answer = await service.post('/v1/batches', { commands, ...(atomic === undefined ? {} : { atomic }) })
  assert.equal(answer.status, 200, answer.text)
  return answer.body['outcomes'] as Outcome[]
}

function verdictsOf(outcomes: readonly Outcome[]): readonly unknown[] {
  return outcomes.map(({ status, replayed, problem }) => problem?.['code'] ?? (replayed === true ? 'replayed' : status))
}

test('every kind of command is answered as it is alone, in order', async () => {
  await using service = await HttpService.start()
  const outcomes = await batch(service, [
    { kind: 'declare', asset: 'gold', decimals: 2 },
    { kind: 'open', account: 'user:8', floor: '-10', requestId: 'o' },
    { kind: 'deposit', account: 'user:8', amount: 100, requestId: 'd' },
    { kind: 'charge', account: 'user:8', amount: 10, requestId: 'c' },
    { kind: 'transfer', legs: [{ from: 'user:8', to: 'user:9', amount: 5 }], requestId: 't' },
    { kind: 'freeze', account: 'user:8', amount: 30, requestId: 'h' },
    { kind: 'settle', hold: 'h', amount: 20 },
    { kind: 'freeze', account: 'user:8', amount: 5, requestId: 'i' },
    { kind: 'release', hold: 'i' },
  ])
  assert.deepEqual(
    verdictsOf(outcomes),
    Array.from({ length: 9 }, () => 'applied'),
  )
  const ids = outcomes.map(({ answer }) => answer?.['id'] ?? answer?.['code'] ?? answer?.['account'])
  assert.deepEqual(ids, ['gold', 'user:8', 'd', 'c', 't', 'h', 'h', 'i', 'i'])
  assert.deepEqual(outcomes[6]?.answer, (await service.get('/v1/holds/h')).body)
  assert.deepEqual(await service.creditOf('user:8'), ['65', '0'])
})

test('what one command gets wrong is its own rejection', async () => {
  await using service = await HttpService.start()
  const outcomes = await batch(service, [
    { kind: 'deposit', account: 'user:8', amount: 100, requestId: 'd' },
    { kind: 'freeze', account: 'user:8', amount: 101, requestId: 'h' },
    { kind: 'deposit', account: 'user:8', amount: 100, requestId: 'd' },
    { kind: 'deposit', account: 'user:8', amount: 1, requestId: 'd' },
    { kind: 'freeze', account: 'user:8', amount: 100, requestId: 'h' },
  ])
  assert.deepEqual(verdictsOf(outcomes), ['applied', 'insufficient_funds', 'replayed', 'request_id_reused', 'applied'])
  assert.deepEqual([outcomes[1]?.['status'], outcomes[1]?.problem?.['available']], ['rejected', '100'])
  assert.deepEqual(await service.creditOf('user:8'), ['0', '100'])
})

describe('an atomic batch', () => {
  const commands = [
    { kind: 'deposit', account: 'user:8', amount: 100, requestId: 'd' },
    { kind: 'freeze', account: 'user:8', amount: 60, requestId: 'h' },
    { kind: 'charge', account: 'user:8', amount: 41, requestId: 'c' },
    { kind: 'declare', asset: 'gold' },
  ]

  const affordable = commands.map((command) => (command.requestId === 'c' ? { ...command, amount: 40 } : command))

  test('has no effect when one command is refused, and says which', async () => {
    await using service = await HttpService.start()
    const outcomes = await batch(service, commands, true)
    const aborted = 'batch_aborted'
    assert.deepEqual(verdictsOf(outcomes), [aborted, aborted, 'insufficient_funds', aborted])
    assert.equal(outcomes[0]?.problem?.['because'], 'insufficient_funds')
    assertProblem(await service.get('/v1/accounts/user:8'), 404, 'account_not_found')
    const { body } = await service.get('/v1/assets')
    assert.equal((body['items'] as unknown[]).length, 1)
  })

  test('takes effect as a whole, and once', async () => {
    await using service = await HttpService.start()
    assert.deepEqual(verdictsOf(await batch(service, affordable, true)), ['applied', 'applied', 'applied', 'applied'])
    assert.deepEqual(verdictsOf(await batch(service, affordable, true)), [
      'replayed',
      'replayed',
      'replayed',
      'replayed',
    ])
    assert.deepEqual(await service.creditOf('user:8'), ['0', '60'])
  })

  test('that meets a fault is that fault, as a whole', async () => {
    await using service = await HttpService.start()
    service.store.script.push('unavailable')
    assertProblem(await service.post('/v1/batches', { commands: affordable, atomic: true }), 503, 'store_unavailable')
    assertProblem(await service.get('/v1/accounts/user:8'), 404, 'account_not_found')
  })
})

test('a fault of one command is its outcome, and the others succeed', async () => {
  await using service = await HttpService.start()
  service.store.refuses = ({ entries }) => entries.some(({ id }) => id === 'poison')
  const outcomes = await batch(service, [
    { kind: 'deposit', account: 'user:8', amount: 1, requestId: 'a' },
    { kind: 'deposit', account: 'user:8', amount: 1, requestId: 'poison' },
    { kind: 'deposit', account: 'user:8', amount: 1, requestId: 'b' },
  ])
  assert.deepEqual(verdictsOf(outcomes), ['applied', 'store_refused', 'applied'])
  const { status, problem } = outcomes[1]!
  assert.deepEqual([status, problem?.['requestId'], problem?.['applied']], ['faulted', 'poison', 'no'])
  assert.deepEqual(await service.creditOf('user:8'), ['2', '0'])
})

test('a thousand commands fit, one more does not', async () => {
  await using service = await HttpService.start()
  const commands = Array.from({ length: 1_001 }, (_, index) => ({
    kind: 'deposit',
    account: `user:${index % 7}`,
    amount: 1,
    requestId: `d-${index}`,
  }))
  const refused = await service.post('/v1/batches', { commands })
  assert.equal(assertProblem(refused, 400, 'invalid_request')['pointer'], '/commands')
  const outcomes = await batch(service, commands.slice(1))
  assert.equal(outcomes.length, 1_000)
  assert.deepEqual(
    outcomes.map(({ answer }) => answer?.['id']),
    commands.slice(1).map(({ requestId }) => requestId),
  )
})

test('a large answer is written part by part, and says the same as each command alone', async () => {
  await using service = await HttpService.start()
  await service.give('user:8', 1_000)
  // The largest metadata that may be attached.
  const metadata = Object.fromEntries(Array.from({ length: 32 }, (_, key) => [`k${key}`, '"'.repeat(512)]))
  const holds = Array.from({ length: 40 }, (_, index) => `h${index}`)
  for (const requestId of holds) await service.post('/v1/holds', { requestId, account: 'user:8', amount: 2, metadata })
  const commands = holds.map((hold) => ({ kind: 'settle', hold, amount: 1 }))
  const small = await service.post('/v1/batches', { commands: commands.slice(0, 1) })
  const large = await service.post('/v1/batches', { commands })
  const length = small.headers.get('content-length')
  assert.deepEqual([length, large.headers.get('content-length')], [String(small.text.length), null])
  assert.ok(large.text.length > 1_000_000)
  const outcomes = large.body['outcomes'] as Outcome[]
  assert.deepEqual(
    outcomes.map(({ answer }) => answer?.['id']),
    holds,
  )
  for (const { answer } of outcomes.slice(0, 3)) {
    assert.deepEqual(answer, (await service.get(`/v1/holds/${String(answer?.['id'])}`)).body)
  }
})
