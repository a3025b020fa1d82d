/** `metered`, images, and what happens when the ledger fails in the middle. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import type { ImageModelV4 } from '@ai-sdk/provider'
import { generateImage, generateText, wrapImageModel, wrapLanguageModel } from 'ai'
import { MockImageModelV4, MockLanguageModelV4 } from 'ai/test'
import { LedgerError } from '../../src/api/error.ts'
import {
  correctUsage,
  credits,
  imageCredits,
  metered,
  tariffOf,
  type MeteringLedger,
  type MeteringTrouble,
} from '../../src/ai/index.ts'
import { assertLaws } from '../support/audited-ledger.ts'
import { Books, PRICES } from '../support/metered-books.ts'

const SPEECH = tariffOf(PRICES, { provider: 'test', model: 'speech' })

test('any work: its estimate is set aside, its cost is settled, its value is returned', async () => {
  await using books = await Books.open()
  const estimate = { account: 'user:8', requestId: 'job-1', amount: 500n }
  const value = await metered(books.ledger, estimate, async (meter) => {
    assert.equal(meter.covered, 500n)
    assert.equal((await books.ledger.balance('user:8')).held, 500n)
    return { value: 'done', cost: 300n, metadata: { job: 7 } }
  })
  assert.equal(value, 'done')
  const speech = { account: 'user:8', requestId: 'speech-1', tariff: SPEECH, usage: { characters: 100 } }
  await metered(books.ledger, speech, () => Promise.resolve({ value: null, usage: { characters: 90 } }))
  await metered(books.ledger, { account: 'user:8', requestId: 'free', amount: 5n }, () =>
    Promise.resolve({ value: null, cost: 0n }),
  )
  assert.deepEqual(await books.holds(), [
    ['job-1', 'settled', 300n],
    ['speech-1', 'settled', 270n],
    ['free', 'released', 0n],
  ])
  assert.deepEqual((await books.ledger.entry('job-1:bill')).metadata, { job: 7 })
})

test('work that throws costs what it has spent by then; a repeat of it is refused only if that was something', async () => {
  await using books = await Books.open()
  const run = (requestId: string, spent: bigint) =>
    metered(books.ledger, { account: 'user:8', requestId, amount: 100n }, async (meter) => {
      if (spent > 0n) await meter.spend(spent)
      throw new Error('broken')
    })
  await assert.rejects(run('a', 0n), /broken/)
  await assert.rejects(run('b', 250n), /broken/)
  await assert.rejects(run('a', 0n), /broken/)
  await assert.rejects(run('b', 0n), { code: 'request_replayed' })
  assert.deepEqual(await books.holds(), [
    ['a', 'released', 0n],
    ['b', 'settled', 250n],
    ['a:2', 'released', 0n],
  ])
})

test('work that spends more than there is hears of it before, and more work than that may begin with the least', async () => {
  await using books = await Books.open(100n)
  const work = metered(books.ledger, { account: 'user:8', amount: 500n, least: 50n }, async (meter) => {
    assert.equal(meter.covered, 100n)
    await meter.spend(60n)
    await assert.rejects(meter.spend(101n), { code: 'insufficient_funds' })
    return { value: null, cost: 60n }
  })
  await work
  assert.equal(await books.available(), 40n)
  const refused = metered(books.ledger, { account: 'user:8', amount: 50n }, () => assert.fail('it began'))
  await assert.rejects(refused, {
    code: 'insufficient_funds',
    data: {
      account: 'user:8',
      asset: 'credit',
      available: '40',
      code: 'insufficient_funds',
      missing: '10',
      required: '50',
    },
  })
})

test('a hold is extended while work goes on, and work that outlives its hold is settled late', async () => {
  await using books = await Books.open()
  const long = async (limits: object): Promise<void> => {
    await metered(books.ledger, { account: 'user:8', amount: 100n, limits }, async () => {
      await sleep(2_500) // the ledger ends what is overdue about once a second
      return { value: null, cost: 80n }
    })
  }
  await Promise.all([long({ holdMs: 500, markMs: 50 }), long({ holdMs: 500, markMs: 50, lifeMs: 1 })])
  const states = (await books.holds()).map(([, state, cost]) => `${state} ${cost}`)
  assert.deepEqual(new Set(states), new Set(['expired 80', 'settled 80']))
})

test('usage that is told later corrects a bill once, up or down, whatever was refunded meanwhile', async () => {
  await using books = await Books.open()
  const bill = (requestId: string) =>
    metered(books.ledger, { account: 'user:8', requestId, amount: 100n }, () =>
      Promise.resolve({ value: null, cost: 100n }),
    )
  await bill('less')
  await bill('more')
  await bill('same')
  await books.ledger.refund('more', { amount: 30n })
  const correct = (hold: string, characters: number) =>
    correctUsage(books.ledger, { hold, tariff: SPEECH, usage: { characters } })
  for (let repeat = 0; repeat < 2; repeat++) {
    assert.equal(await correct('less', 20), -40n)
    assert.equal(await correct('more', 50), 50n)
  }
  // 33⅓ characters are 100 coins.
  await assert.rejects(books.ledger.entry('same:corrected'), { code: 'entry_not_found' })
  assert.equal(await books.available(), 10_000n - 60n - 120n - 100n)
  await assertLaws(books.ledger)
})

/** A ledger of which one method behaves otherwise. */
function altered(books: Books, changes: Partial<MeteringLedger>): MeteringLedger {
  const { ledger } = books
  return {
    freeze: (input) => ledger.freeze(input),
    amend: (hold, input) => ledger.amend(hold, input),
    settle: (hold, input) => ledger.settle(hold, input),
    release: (hold) => ledger.release(hold),
    batch: (commands, options) => ledger.batch(commands, options),
    hold: (id) => ledger.hold(id),
    ...changes,
  }
}

const outage = (): Promise<never> => Promise.reject(new LedgerError('store_unavailable', 'The database is away.'))

test('a freeze whose answer was lost is recognized as its own', async () => {
  await using books = await Books.open()
  const ledger = altered(books, {
    // As the client sends a call again when it got no answer.
    freeze: async (input) => {
      await books.ledger.freeze(input)
      return await books.ledger.freeze(input)
    },
  })
  await metered(ledger, { account: 'user:8', requestId: 'a', amount: 10n }, () =>
    Promise.resolve({ value: null, cost: 7n }),
  )
  assert.deepEqual(await books.holds(), [['a', 'settled', 7n]])
})

test('an answer is delivered when the ledger fails meanwhile, and the trouble is told', async () => {
  await using books = await Books.open()
  const troubles: MeteringTrouble[] = []
  const options = { account: 'user:8', amount: 10n, onTrouble: (trouble: MeteringTrouble) => troubles.push(trouble) }
  const unsettled = altered(books, { batch: outage })
  const value = await metered(unsettled, { ...options, requestId: 'a' }, () =>
    Promise.resolve({ value: 'yes', cost: 7n }),
  )
  assert.equal(value, 'yes')
  const unraised = altered(books, { amend: outage })
  await metered(unraised, { ...options, requestId: 'b' }, async (meter) => {
    await meter.spend(15n)
    return { value: null, cost: 15n }
  })
  assert.deepEqual(
    troubles.map(({ kind, hold, cost }) => [kind, hold, cost]),
    [
      ['unsettled', 'a', 7n],
      ['unmarked', 'b', 15n],
    ],
  )
  assert.deepEqual(await books.holds(), [
    ['a', 'open', 0n],
    ['b', 'settled', 15n],
  ])
})

test('a cost that the account cannot pay any more is a shortfall, and told', async () => {
  await using books = await Books.open(100n)
  const troubles: MeteringTrouble[] = []
  const estimate = { account: 'user:8', amount: 60n, onTrouble: (trouble: MeteringTrouble) => troubles.push(trouble) }
  await metered(books.ledger, estimate, () => Promise.resolve({ value: null, cost: 130n }))
  assert.partialDeepStrictEqual(troubles, [{ kind: 'shortfall', cost: 130n, owed: 30n }])
  assert.equal(await books.available(), 0n)
})

test('a ledger that is away refuses a call as something that can be tried again, and the model is not called', async () => {
  await using books = await Books.open()
  const mock = new MockLanguageModelV4({ provider: 'test', modelId: 'chat' })
  const options = books.options({ ledger: altered(books, { freeze: outage }) })
  const model = wrapLanguageModel({ model: mock, middleware: credits(options) })
  const call = generateText({ model, prompt: 'x', maxRetries: 0, providerOptions: { holdfast: { account: 'user:8' } } })
  await assert.rejects(call, { code: 'store_unavailable', isRetryable: true, statusCode: 503 })
  assert.equal(mock.doGenerateCalls.length, 0)
})

test('whoever is told of a bill cannot change what it costs', async () => {
  await using books = await Books.open()
  const usage = {
    inputTokens: { total: 5, noCache: 5, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: 5, text: 5, reasoning: 0 },
  }
  const doGenerate = { content: [], finishReason: { unified: 'stop', raw: 'stop' } as const, usage, warnings: [] }
  const mock = new MockLanguageModelV4({ provider: 'test', modelId: 'chat', doGenerate })
  const onBill = () => {
    throw new Error('a defect of the program')
  }
  const model = wrapLanguageModel({ model: mock, middleware: credits(books.options({ onBill })) })
  await generateText({ model, prompt: 'x', providerOptions: { holdfast: { account: 'user:8' } } })
  await books.assertCosts(15n)
})

test('images cost what came, by the image or by their tokens', async () => {
  await using books = await Books.open()
  const usage = { inputTokens: 12, outputTokens: 40, totalTokens: 52 }
  const image = (modelId: string, changes: object) =>
    wrapImageModel({
      model: new MockImageModelV4({
        provider: 'test.image',
        modelId,
        maxImagesPerCall: 2,
        doGenerate: ({ n }) =>
          Promise.resolve({
            images: Array.from({ length: n }, () => 'iVBORw0KGgo='),
            warnings: [],
            response: { timestamp: new Date(), modelId, headers: undefined },
            ...changes,
          }),
      }) as ImageModelV4, // the mock is not typed for exactOptionalPropertyTypes
      middleware: imageCredits(books.options()),
    })
  const call = (requestId: string) => ({
    prompt: 'a lighthouse',
    n: 3,
    providerOptions: { holdfast: { account: 'user:8', requestId } },
  })
  await generateImage({ model: image('image', {}), ...call('a') })
  await generateImage({ model: image('image-tokens', { usage }), ...call('b') })
  const broken = image('image', { images: undefined })
  await assert.rejects(generateImage({ model: broken, ...call('c'), maxRetries: 0 }))
  const holds = await books.holds()
  // 0.25 × 1000 an image; two calls of 12 + 2 × 40.
  const costs = holds.filter(([id]) => !id.startsWith('c')).map(([id, , cost]) => `${id} ${cost}`)
  assert.deepEqual(new Set(costs), new Set(['a 500', 'a:2 250', 'b 92', 'b:2 92']))
})
