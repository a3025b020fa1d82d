/** The client against the real service over a real socket. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { LedgerError } from '../../src/api/error.ts'
import type { BatchOutcome, Ledger } from '../../src/api/ledger.ts'
import type { ProblemCode } from '../../src/api/problem.ts'
import { connect, type ConnectOptions } from '../../src/client/index.ts'
import { errorOf } from '../support/ledger-errors.ts'
import { RunningService } from '../support/running-service.ts'
import { plain } from '../support/repeats.ts'

const BEYOND_DOUBLE = 9_007_199_254_740_993n

/** Short pauses, so that the tests are short; otherwise the defaults. */
function client(service: { readonly url: string }, limits: ConnectOptions['limits'] = {}): Ledger {
  return connect(service.url, { limits: { pauseMsMin: 5, pauseMsMax: 50, ...limits } })
}

async function refused(promise: Promise<unknown>, code: ProblemCode): Promise<LedgerError> {
  const error = await errorOf(promise)
  assert.equal(error.code, code, error.message)
  return error
}

function answerOf(outcome: BatchOutcome | undefined): unknown {
  assert.equal(outcome?.status, 'applied')
  return outcome?.status === 'applied' ? outcome.answer : null
}

describe('every method does over HTTP what it does in process', () => {
  test('amounts beyond 2^53 come back exact', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service)
    const entry = await ledger.deposit({ account: 'user:8', amount: BEYOND_DOUBLE })
    assert.equal(entry.postings.find(({ account }) => account === 'user:8')?.available, BEYOND_DOUBLE)
    const hold = await ledger.freeze({ account: 'user:8', amount: BEYOND_DOUBLE - 1n })
    const settled = await ledger.settle(hold.id, { amount: BEYOND_DOUBLE - 3n })
    assert.deepEqual([settled.settled, settled.released], [BEYOND_DOUBLE - 3n, 2n])
    const { balances } = await ledger.account('user:8')
    assert.deepEqual(
      balances.map(({ available, held, total }) => [available, held, total]),
      [[3n, 0n, 3n]],
    )
  })

  test('metadata, memos and instants come back as they were sent', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service)
    const metadata = { model: 'llama-70b', 名: '算力 \u0001"\\', seconds: 1.25, cached: false, parent: null }
    const entry = await ledger.deposit({ requestId: 'd-1', account: 'user:8', amount: 10n, memo: '充值 💎', metadata })
    assert.deepEqual(entry.metadata, metadata)
    assert.equal(entry.memo, '充值 💎')
    const expiresAt = Date.now() + 123_457
    await ledger.house({ account: '@gpu' })
    const hold = await ledger.freeze({ account: 'user:8', amount: 1n, payee: '@gpu', expiresAt, metadata })
    assert.deepEqual([hold.metadata, hold.expiresAt, hold.payee], [metadata, expiresAt, '@gpu'])
    assert.deepEqual(await ledger.hold(hold.id), plain(hold))
    assert.deepEqual(await ledger.entry('d-1'), plain(entry))
    const opened = await ledger.open({ account: 'user:9', floor: -500n, metadata })
    assert.deepEqual([opened.metadata, opened.balance?.floor], [metadata, -500n])
    assert.deepEqual((await ledger.account('user:9')).metadata, metadata)
  })

  test('a house account whose stripes are beyond int64 together is exact', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service)
    await ledger.house({ account: '@promo' })
    for (const to of ['user:8', 'user:9']) {
      const legs = Array.from({ length: 900 }, () => ({ from: '@promo', to, amount: 10n ** 16n }))
      await ledger.transfer({ legs })
    }
    const [balance] = (await ledger.account('@promo')).balances
    assert.deepEqual([balance?.available, balance?.total, balance?.floor], [-18n * 10n ** 18n, -18n * 10n ** 18n, null])
    const stripes = (await ledger.postings('@promo')).items.map(({ stripe }) => stripe)
    assert.equal(new Set(stripes).size, 2)
    const more = await refused(ledger.deposit({ account: 'user:8', amount: 10n ** 16n + 1n }), 'invalid_request')
    assert.equal(more.pointer, '/amount')
  })

  test('names with every allowed character work in paths', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service)
    const account = Array.from({ length: 93 }, (_, index) => String.fromCharCode(0x7e - index)).join('')
    const requestId = 'AZaz09:_./@+=-'
    await ledger.deposit({ account, amount: 10n })
    const hold = await ledger.freeze({ requestId, account, amount: 4n })
    assert.equal(hold.id, requestId)
    await ledger.release(requestId)
    assert.equal((await ledger.hold(requestId)).state, 'released')
    assert.equal((await ledger.entry(`${requestId}~release`)).kind, 'release')
    assert.equal((await ledger.account(account)).balances[0]?.available, 10n)
  })

  test('rates, and transfers across assets', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service)
    await ledger.declare({ asset: 'gold' })
    await ledger.deposit({ account: 'user:8', amount: 100n })
    const rate = plain(
      await ledger.rate({ from: 'credit', to: 'gold', numerator: 1n, denominator: 3n, rounding: 'up' }),
    )
    const later = plain(await ledger.rate({ from: 'credit', to: 'gold', numerator: BEYOND_DOUBLE, denominator: 10n }))
    assert.deepEqual((await ledger.rates()).items, [later])
    assert.deepEqual((await ledger.rateHistory('credit', 'gold')).items, [later, rate])
    assert.deepEqual((await ledger.rateHistory('credit', 'gold', { limit: 1 })).items, [later])
    const legs = [{ from: 'user:8', to: 'user:9', amount: 10n, toAsset: 'gold', toAmount: BEYOND_DOUBLE }]
    const entry = await ledger.transfer({ requestId: 't-1', legs })
    assert.equal(entry.legs?.[0]?.rate?.numerator, BEYOND_DOUBLE)
    assert.deepEqual(await ledger.entry('t-1'), plain(entry))
    const back = [{ from: 'user:9', to: 'user:8', amount: 1n, asset: 'gold', toAsset: 'credit' }]
    const error = await refused(ledger.transfer({ legs: back }), 'unknown_rate')
    assert.deepEqual(error.details, { asset: 'gold', toAsset: 'credit' })
  })

  test('transfers, charges and assets', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service)
    assert.equal((await ledger.declare({ asset: 'gold', decimals: 2, name: 'Gold' })).decimals, 2)
    await ledger.deposit({ account: 'user:8', asset: 'gold', amount: 100n })
    const legs = [
      { from: 'user:8', to: 'user:9', asset: 'gold', amount: 20n },
      { from: 'user:8', to: 'user:10', asset: 'gold', amount: 30n },
    ]
    assert.equal((await ledger.transfer({ legs })).postings.length, 3)
    assert.equal((await ledger.charge({ account: 'user:8', asset: 'gold', amount: 50n })).kind, 'charge')
    assert.deepEqual(
      (await ledger.assets()).map(({ code }) => code),
      ['credit', 'gold'],
    )
  })

  test('assets are all read, and balances as many as are asked for', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service)
    const codes = Array.from({ length: 1_001 }, (_, index) => `c${String(index).padStart(4, '0')}`)
    await ledger.batch(codes.slice(0, 500).map((asset) => ({ kind: 'declare', asset })))
    await ledger.batch(codes.slice(500).map((asset) => ({ kind: 'declare', asset })))
    assert.deepEqual(
      (await ledger.assets()).map(({ code }) => code),
      [...codes, 'credit'],
    )
    for (const asset of ['credit', 'c0007', 'c1000']) await ledger.deposit({ account: 'user:8', amount: 1n, asset })
    const first = await ledger.account('user:8', { limit: 2 })
    const rest = await ledger.account('user:8', { limit: 2, cursor: first.next! })
    const assets = [...first.balances, ...rest.balances].map(({ asset }) => asset)
    assert.deepEqual([assets, rest.next], [['c0007', 'c1000', 'credit'], null])
    assert.equal((await ledger.account('user:8')).next, null)
  })

  test('pages go on where the last one ended', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service)
    await ledger.deposit({ account: 'user:8', amount: 100n })
    for (let index = 0; index < 5; index++) await ledger.freeze({ account: 'user:8', amount: 1n })
    const first = await ledger.holds({ account: 'user:8', state: 'open', limit: 3 })
    assert.ok(first.next !== null)
    const second = await ledger.holds({ account: 'user:8', state: 'open', limit: 3, cursor: first.next })
    assert.deepEqual([first.items.length, second.items.length, second.next], [3, 2, null])
    const postings = await ledger.postings('user:8', { kind: 'freeze', limit: 10 })
    assert.deepEqual(
      postings.items.map(({ version }) => version),
      [6, 5, 4, 3, 2],
    )
    const error = await refused(ledger.holds({ cursor: 'nonsense' }), 'invalid_request')
    assert.equal(error.details['parameter'], 'cursor')
  })

  test('input that breaks a rule of form never leaves', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service)
    const error = await refused(ledger.deposit({ account: 'user:8', amount: 0n }), 'invalid_request')
    assert.deepEqual([error.pointer, error.applied], ['/amount', 'no'])
    await refused(ledger.account('..'), 'invalid_request')
    await refused(ledger.batch([]), 'invalid_request')
    assert.equal(service.requests.length, 0)
  })
})

describe('errors are typed', () => {
  test('a rejection keeps its fields, and amounts are bigint', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service)
    await ledger.deposit({ account: 'user:8', amount: 10n })
    await ledger.freeze({ account: 'user:8', amount: 4n })
    const error = await refused(ledger.charge({ account: 'user:8', amount: BEYOND_DOUBLE }), 'insufficient_funds')
    assert.deepEqual([error.status, error.retryable, error.applied], [402, false, 'no'])
    const numbers = { available: 6n, held: 4n, floor: 0n, required: BEYOND_DOUBLE }
    assert.deepEqual(error.details, { account: 'user:8', asset: 'credit', ...numbers })
  })

  test('what is not there is not found', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service)
    await refused(ledger.account('user:8'), 'account_not_found')
    await refused(ledger.hold('nope'), 'hold_not_found')
    await refused(ledger.entry('nope'), 'entry_not_found')
    await refused(ledger.release('nope'), 'hold_not_found')
  })

  test('what answers is no Holdfast service', async () => {
    await using service = await RunningService.start()
    await using elsewhere = connect(`${service.url}/docs`)
    const error = await refused(elsewhere.deposit({ account: 'user:8', amount: 1n }), 'route_not_found')
    assert.equal(error.retryable, false)
    service.gate = async (_, reply) => {
      await reply.header('content-type', 'text/html').send('<html>Welcome</html>')
    }
    await using ledger = client(service)
    const unexpected = await refused(ledger.deposit({ requestId: 'd', account: 'a', amount: 1n }), 'unexpected_answer')
    assert.deepEqual([unexpected.applied, unexpected.details['requestId']], ['unknown', 'd'])
    await refused(ledger.assets(), 'unexpected_answer')
  })

  test('a URL that no service can have is refused at once', () => {
    for (const url of ['', 'localhost:4680', 'ftp://host', 'http://user:secret@host', 'http://host/?a=b']) {
      assert.throws(() => connect(url), { code: 'invalid_request' }, url)
    }
  })
})

describe('calls that are made together travel together', () => {
  test('a thousand calls need a handful of requests', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service)
    await ledger.deposit({ account: 'user:8', amount: 100_000n })
    const holds = await Promise.all(
      Array.from({ length: 1_000 }, () => ledger.freeze({ account: 'user:8', amount: 1n })),
    )
    assert.equal(new Set(holds.map(({ id }) => id)).size, 1_000)
    assert.ok(service.batchRequestCount <= 5, `${service.batchRequestCount} requests`)
    assert.equal((await ledger.account('user:8')).balances[0]?.held, 1_000n)
  })

  test('callers in a loop stay together', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service)
    await ledger.deposit({ account: 'user:8', amount: 100_000n })
    const rounds = 10
    const callers = Array.from({ length: 50 }, async () => {
      for (let round = 0; round < rounds; round++) {
        const hold = await ledger.freeze({ account: 'user:8', amount: 3n })
        assert.equal((await ledger.settle(hold.id, { amount: 2n })).released, 1n)
      }
    })
    await Promise.all(callers)
    // 1,000 commands; 2 connections with 25 callers each need at least 40.
    assert.ok(service.batchRequestCount < 150, `${service.batchRequestCount} requests`)
    assert.equal((await ledger.account('user:8')).balances[0]?.available, 99_000n)
  })

  test('each call gets its own answer, and one that is refused does not disturb the others', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service)
    await ledger.deposit({ account: 'user:8', amount: 1_000n })
    const amounts = Array.from({ length: 40 }, (_, index) => BigInt(index + 1))
    const calls = amounts.map((amount) => ledger.freeze({ account: amount % 4n === 0n ? 'poor' : 'user:8', amount }))
    const outcomes = await Promise.allSettled(calls)
    for (const [index, outcome] of outcomes.entries()) {
      const amount = amounts[index]!
      if (amount % 4n === 0n) assert.equal(outcome.status, 'rejected')
      else assert.equal(outcome.status === 'fulfilled' && outcome.value.amount, amount)
    }
  })

  test('the commands of a batch are decided in order, and each has its outcome', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service)
    const outcomes = await ledger.batch([
      { kind: 'deposit', account: 'user:8', amount: 10n },
      { kind: 'freeze', requestId: 'h', account: 'user:8', amount: 7n },
      { kind: 'freeze', account: 'user:8', amount: 7n },
      { kind: 'settle', hold: 'h', amount: 7n },
    ])
    assert.deepEqual(
      outcomes.map((outcome) => (outcome.status === 'applied' ? outcome.status : outcome.error.code)),
      ['applied', 'applied', 'insufficient_funds', 'applied'],
    )
    assert.partialDeepStrictEqual(answerOf(outcomes[3]), { state: 'settled', settled: 7n })
  })

  test('an atomic batch is all or nothing, alone in its request', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service)
    const group = ledger.batch(
      [
        { kind: 'deposit', account: 'user:8', amount: 10n },
        { kind: 'charge', account: 'user:8', amount: 11n },
      ],
      { atomic: true },
    )
    const beside = ledger.deposit({ account: 'user:9', amount: 1n })
    const outcomes = await group
    assert.deepEqual(
      outcomes.map((outcome) => (outcome.status === 'applied' ? 'applied' : outcome.error.code)),
      ['batch_aborted', 'insufficient_funds'],
    )
    assert.equal((await beside).kind, 'deposit')
    await refused(ledger.account('user:8'), 'account_not_found')
  })

  test('more unanswered calls than the limit are turned away without an effect', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service, { unansweredCommandsMax: 10 })
    const calls = Array.from({ length: 12 }, () => ledger.deposit({ account: 'user:8', amount: 1n }))
    const outcomes = await Promise.allSettled(calls)
    const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as LedgerError] : []))
    assert.deepEqual(
      errors.map(({ code, applied }) => [code, applied]),
      [
        ['overloaded', 'no'],
        ['overloaded', 'no'],
      ],
    )
    assert.equal((await ledger.account('user:8')).balances[0]?.available, 10n)
  })
})
