/** A key is who calls: it has turns, shares and a rate of its own, its name is in what it books, and its bounds hold in the rules too. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertProblem, HttpService, NOTICES_KEYS, type Answer } from '../support/http-service.ts'
import { until } from '../support/mysql-ledger.ts'

const WRITES = ['deposits:write', 'holds:write', 'accounts:read', 'statements:read'] as const
const deposit = (account = 'user:8'): object => ({ account, amount: 5 })

test('a key with a rate is refused beyond it, and others are served', async () => {
  await using service = await HttpService.start({ http: NOTICES_KEYS })
  const slow = await service.keyed({ name: 'slow', scopes: [...WRITES], commandsPerSecond: 1, burst: 2 })
  const other = await service.keyed({ name: 'other', scopes: [...WRITES] })
  assert.equal((await service.post('/v1/deposits', deposit(), slow)).status, 201)
  assert.equal((await service.get('/v1/accounts/user:8', slow)).status, 200)
  const refused = await service.post('/v1/deposits', deposit(), slow)
  assertProblem(refused, 429, 'rate_limited')
  assert.equal(refused.headers.get('retry-after'), '1')
  assert.equal((await service.post('/v1/deposits', deposit(), other)).status, 201)
})

test('callers of one address are told apart by their keys', async () => {
  await using service = await HttpService.start({ http: { ...NOTICES_KEYS, limits: { requestsInFlightMax: 20 } } })
  const noisy = await service.keyed({ name: 'noisy', scopes: [...WRITES] })
  const quiet = await service.keyed({ name: 'quiet', scopes: [...WRITES] })
  assert.equal((await service.post('/v1/deposits', deposit(), quiet)).status, 201)
  const { promise, resolve } = Promise.withResolvers<void>()
  service.store.gate = promise
  const waiting: Promise<Answer>[] = []
  let refused: Answer | null = null
  while (refused === null) {
    const answer = service.post('/v1/deposits', deposit(), noisy)
    refused = await Promise.race([answer, new Promise<null>((done) => setTimeout(done, 50, null))])
    if (refused === null) waiting.push(answer)
  }
  assertProblem(refused, 503, 'overloaded')
  assert.ok(waiting.length < 20)
  const own = service.post('/v1/deposits', deposit(), quiet)
  await until(async () => service.engine.queueDepth >= 1, 'the quiet caller')
  resolve()
  for (const answer of await Promise.all([...waiting, own])) assert.equal(answer.status, 201)
})

test('what a key books has its name, and a hold out of its bounds is not there for it', async () => {
  await using service = await HttpService.start({ http: NOTICES_KEYS })
  const shop = await service.keyed({ name: 'shop', scopes: [...WRITES] })
  const team = await service.keyed({ name: 'team', scopes: [...WRITES], accounts: ['team:'] })
  await service.post('/v1/deposits', { ...deposit(), requestId: 'd' }, shop)
  const hold = { requestId: 'h', account: 'user:8', amount: 2 }
  assert.equal((await service.post('/v1/holds', hold, shop)).status, 201)
  const { body } = await service.get('/v1/entries/d', shop)
  assert.deepEqual(body['by'], { key: 'shop', address: '127.0.0.1', trace: null })
  assertProblem(await service.post('/v1/holds/h/settle', { amount: 1 }, team), 404, 'hold_not_found')
  const settles = { commands: [{ kind: 'settle', hold: 'h', amount: 1 }] }
  const batch = await service.post('/v1/batches', settles, team)
  assert.match(batch.text, /hold_not_found/)
  assert.equal((await service.post('/v1/holds/h/settle', { amount: 1 }, shop)).status, 200)
})

test('metrics need a key with their scope, as soon as there are keys', async () => {
  const metrics = {
    contentType: 'text/plain; charset=utf-8',
    metrics: () => Promise.resolve('holdfast_test 1\n'),
  }
  await using service = await HttpService.start({ http: { ...NOTICES_KEYS, metrics } })
  assert.equal((await service.get('/metrics')).status, 200)
  const reader = await service.keyed({ name: 'prometheus', scopes: ['metrics:read'] })
  const shop = await service.keyed({ name: 'shop', scopes: [...WRITES] })
  await until(async () => (await service.get('/metrics')).status === 401, 'keys are noticed')
  assert.equal((await service.get('/metrics', reader)).text, 'holdfast_test 1\n')
  assertProblem(await service.get('/metrics', shop), 403, 'forbidden')
})
