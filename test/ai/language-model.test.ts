/** Every ending of a call through the AI SDK, with the mock provider of its test kit: what it costs, exactly. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import type { LanguageModelV4, LanguageModelV4StreamPart, LanguageModelV4Usage } from '@ai-sdk/provider'
import {
  APICallError,
  generateText,
  jsonSchema,
  simulateReadableStream,
  stepCountIs,
  streamText,
  tool,
  wrapLanguageModel,
} from 'ai'
import { MockLanguageModelV4 } from 'ai/test'
import { credits, CreditsError, type CreditsOptions } from '../../src/ai/index.ts'
import { Books } from '../support/metered-books.ts'

const STOP = { unified: 'stop', raw: 'stop' } as const
const PROMPT = 'x'.repeat(30) // 7 tokens as it is charged; 10, and 8 for the message, as it is set aside

function usageOf(
  input: number | undefined,
  output: number | undefined,
  more: { cached?: number; reasoning?: number } = {},
): LanguageModelV4Usage {
  return {
    inputTokens: { total: input, noCache: undefined, cacheRead: more.cached, cacheWrite: undefined },
    outputTokens: { total: output, text: undefined, reasoning: more.reasoning },
  }
}

function answer(text: string, usage: LanguageModelV4Usage) {
  return { content: [{ type: 'text' as const, text }], finishReason: STOP, usage, warnings: [] }
}

/** A stream of pieces of eight characters, two tokens each as they are charged. */
function pieces(count: number, end: readonly LanguageModelV4StreamPart[]): LanguageModelV4StreamPart[] {
  const deltas = Array.from({ length: count }, () => ({ type: 'text-delta', id: '1', delta: '12345678' }) as const)
  return [{ type: 'stream-start', warnings: [] }, { type: 'text-start', id: '1' }, ...deltas, ...end]
}

function finish(usage: LanguageModelV4Usage): LanguageModelV4StreamPart[] {
  return [
    { type: 'text-end', id: '1' },
    { type: 'finish', finishReason: STOP, usage },
  ]
}

function streamOf(chunks: LanguageModelV4StreamPart[], chunkDelayInMs: number | null = null) {
  return { stream: simulateReadableStream({ chunks, chunkDelayInMs, initialDelayInMs: null }) }
}

function wrapped(books: Books, mock: LanguageModelV4, changes: Partial<CreditsOptions> = {}): LanguageModelV4 {
  return wrapLanguageModel({ model: mock, middleware: credits(books.options(changes)) })
}

function chat(doStream: ConstructorParameters<typeof MockLanguageModelV4>[0]): MockLanguageModelV4 {
  return new MockLanguageModelV4({ provider: 'test.chat', modelId: 'chat', ...doStream })
}

const payer = (requestId?: string) => ({
  holdfast: { account: 'user:8', ...(requestId === undefined ? {} : { requestId }) },
})
const params = () => ({
  prompt: [{ role: 'user' as const, content: [{ type: 'text' as const, text: PROMPT }] }],
  providerOptions: payer(),
})
const quiet = { maxRetries: 0, onError: () => undefined } as const

test('an answer in one piece costs the usage that the provider tells, and says so', async () => {
  await using books = await Books.open()
  const model = wrapped(books, chat({ doGenerate: answer('hello', usageOf(100, 50, { cached: 40, reasoning: 10 })) }))
  const { finalStep } = await generateText({ model, prompt: PROMPT, providerOptions: payer('chat-1') })
  // 60 × 1 + 40 × 0.5 + 40 × 2 + 10 × 3
  assert.deepEqual(finalStep.providerMetadata?.['holdfast'], { hold: 'chat-1', cost: '190', exact: true })
  await books.assertCosts(190n)
  assert.partialDeepStrictEqual(books.bills, [{ hold: 'chat-1', ending: 'done', exact: true, cost: 190n }])
  const hold = await books.ledger.hold('chat-1')
  assert.partialDeepStrictEqual(hold.metadata, { provider: 'test', model: 'chat', priceVersion: 'test-1' })
})

test('a stream that is read to its end costs what its last part tells', async () => {
  await using books = await Books.open()
  const model = wrapped(books, chat({ doStream: streamOf(pieces(3, finish(usageOf(20, 7)))) }))
  const result = streamText({ model, prompt: PROMPT, providerOptions: payer('chat-1') })
  assert.equal(await result.text, '12345678'.repeat(3))
  assert.deepEqual((await result.finalStep).providerMetadata?.['holdfast'], { hold: 'chat-1', cost: '34', exact: true })
  await books.assertCosts(34n)
})

test('what the provider does not tell is estimated: by the prompt, and by what was delivered', async () => {
  await using books = await Books.open()
  const nothing = usageOf(undefined, undefined)
  const model = wrapped(
    books,
    chat({ doStream: streamOf(pieces(10, finish(nothing))), doGenerate: answer('12345678', usageOf(0, 0)) }),
  )
  await streamText({ model, prompt: PROMPT, providerOptions: payer() }).text
  await generateText({ model, prompt: PROMPT, providerOptions: payer() })
  // 7 tokens of the prompt, and 20 or 2 of the answer.
  await books.assertCosts(47n, 11n)
  assert.deepEqual(
    books.bills.map(({ exact }) => exact),
    [false, false],
  )
})

test('a usage that is no count is not trusted', async () => {
  await using books = await Books.open()
  for (const wrong of [-5, 1.5, Number.NaN, 1e300]) {
    const model = wrapped(books, chat({ doGenerate: answer('12345678', usageOf(wrong, wrong)) }))
    await generateText({ model, prompt: PROMPT, providerOptions: payer() })
  }
  // One that no command can move.
  const huge = wrapped(books, chat({ doGenerate: answer('12345678', usageOf(2 ** 53 - 1, 2 ** 53 - 1)) }))
  await generateText({ model: huge, prompt: PROMPT, providerOptions: payer() })
  await books.assertCosts(11n, 11n, 11n, 11n, 11n)
})

test('an abort by the user costs what was delivered, nothing, or all that was set aside, as it was agreed', async () => {
  for (const [onAbort, cost] of [
    ['delivered', 7n + 2n * 6n],
    ['nothing', 0n],
    ['everything', 18n + 2n * 1_000n],
  ] as const) {
    await using books = await Books.open()
    const model = wrapped(books, chat({ doStream: streamOf(pieces(50, finish(usageOf(20, 100))), 5) }), {
      onAbort,
      hold: 'full',
    })
    const controller = new AbortController()
    const result = streamText({
      model,
      prompt: PROMPT,
      providerOptions: payer(),
      abortSignal: controller.signal,
      ...quiet,
    })
    let count = 0
    for await (const part of result.stream) {
      if (part.type !== 'text-delta') continue
      count += 1
      if (count === 3) controller.abort()
    }
    await settledAfter(books, 1)
    const [bill] = books.bills
    assert.equal(bill!.ending, 'aborted')
    if (onAbort !== 'delivered') await books.assertCosts(cost)
    else {
      // The SDK may have read a piece or two more than it has given.
      assert.ok(bill!.cost >= cost && bill!.cost <= cost + 8n, `${bill!.cost}`)
      await books.assertCosts(bill!.cost)
    }
  }
})

test('an abort before anything was delivered costs nothing', async () => {
  await using books = await Books.open()
  const controller = new AbortController()
  const never = chat({
    doStream: ({ abortSignal }) =>
      Promise.resolve({
        stream: new ReadableStream({
          start: (stream) => abortSignal?.addEventListener('abort', () => stream.error(abortSignal.reason)),
        }),
      }),
  })
  const model = wrapped(books, never)
  const result = streamText({
    model,
    prompt: PROMPT,
    providerOptions: payer(),
    abortSignal: controller.signal,
    ...quiet,
  })
  setTimeout(() => controller.abort(), 20)
  await result.consumeStream()
  await settledAfter(books, 1)
  await books.assertCosts(0n)
})

test('a reader that breaks off costs what it got', async () => {
  await using books = await Books.open()
  const model = wrapped(books, chat({ doStream: streamOf(pieces(50, finish(usageOf(20, 100)))) }))
  const { stream } = await model.doStream(params())
  let count = 0
  for await (const part of stream) if (part.type === 'text-delta' && ++count === 5) break
  await books.assertCosts(7n + 2n * 10n)
})

test('a stream that nobody reads is given up, and what was not delivered costs nothing', async () => {
  await using books = await Books.open()
  const limits = { markMs: 10, stallMs: 50 }
  const model = wrapped(books, chat({ doStream: streamOf(pieces(50, finish(usageOf(20, 100)))) }), { limits })
  const { stream } = await model.doStream(params())
  await settledAfter(books, 1)
  await books.assertCosts(0n)
  assert.ok(stream)
})

test('a reader that stops without a word costs what it got, and its next read fails', async () => {
  await using books = await Books.open()
  const limits = { markMs: 10, stallMs: 50 }
  const model = wrapped(books, chat({ doStream: streamOf(pieces(50, finish(usageOf(20, 100)))) }), { limits })
  const reader = (await model.doStream(params())).stream.getReader()
  for (let part = 0; part < 6; part++) await reader.read() // start, text-start, four pieces
  await settledAfter(books, 1)
  await assert.rejects(reader.read(), /Nobody read the answer for 50 ms/)
  await books.assertCosts(7n + 2n * 8n)
})

test('an error of the provider costs nothing before the first piece, and what was delivered after it', async () => {
  await using books = await Books.open()
  const broken = { type: 'error', error: new Error('overloaded') } as const
  const before = chat({ doStream: streamOf([{ type: 'stream-start', warnings: [] }, broken]) })
  await streamText({
    model: wrapped(books, before),
    prompt: PROMPT,
    providerOptions: payer(),
    ...quiet,
  }).consumeStream()
  const after = chat({ doStream: streamOf(pieces(4, [broken])) })
  await streamText({ model: wrapped(books, after), prompt: PROMPT, providerOptions: payer(), ...quiet }).consumeStream()
  const free = wrapped(books, chat({ doStream: streamOf(pieces(4, [broken])) }), { onCut: 'nothing' })
  await streamText({ model: free, prompt: PROMPT, providerOptions: payer(), ...quiet }).consumeStream()
  const cut = chat({ doStream: streamOf(pieces(6, [])) })
  await streamText({ model: wrapped(books, cut), prompt: PROMPT, providerOptions: payer(), ...quiet }).consumeStream()
  await books.assertCosts(0n, 23n, 0n, 31n)
  assert.deepEqual(
    books.bills.map(({ ending }) => ending),
    ['failed', 'cut', 'cut', 'cut'],
  )
})

test('each attempt has a hold of its own, never two at once, and only the one that answers costs', async () => {
  await using books = await Books.open()
  const holdsAtOnce: number[] = []
  let attempt = 0
  const flaky = chat({
    doGenerate: async () => {
      const { items } = await books.ledger.holds({ account: 'user:8', state: 'open' })
      holdsAtOnce.push(items.length)
      attempt += 1
      if (attempt < 3) throw unavailable()
      return answer('hello', usageOf(10, 5))
    },
  })
  await generateText({ model: wrapped(books, flaky), prompt: PROMPT, providerOptions: payer('chat-1'), maxRetries: 2 })
  assert.deepEqual(holdsAtOnce, [1, 1, 1])
  assert.deepEqual(await books.holds(), [
    ['chat-1', 'released', 0n],
    ['chat-1:2', 'released', 0n],
    ['chat-1:3', 'settled', 20n],
  ])
})

test('a repeat of a request is refused while it runs and when it was paid, and works again after it failed', async () => {
  await using books = await Books.open()
  let fails = true
  const once = chat({
    doGenerate: async () => {
      await sleep(20)
      if (fails) throw new Error('no')
      return answer('hello', usageOf(10, 5))
    },
  })
  // Two processes: each has a middleware of its own.
  const call = () =>
    generateText({ model: wrapped(books, once), prompt: PROMPT, providerOptions: payer('chat-1'), maxRetries: 0 })
  await assert.rejects(call(), /no/)
  fails = false
  const outcomes = await Promise.allSettled([call(), call(), call()])
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected')
      assert.match(String(outcome.reason), /The request was made before: its hold "chat-1:2" is open/)
  }
  await assert.rejects(call(), (error) => {
    assert.ok(error instanceof CreditsError)
    assert.deepEqual(error.data, { code: 'request_replayed', account: 'user:8', hold: 'chat-1:2', state: 'settled' })
    return true
  })
  assert.deepEqual(await books.holds(), [
    ['chat-1', 'released', 0n],
    ['chat-1:2', 'settled', 20n],
  ])
})

test('a repeat with the same object of options is noticed too, and an attempt after a cut is not a repeat', async () => {
  await using books = await Books.open()
  const providerOptions = payer('chat-1')
  const model = wrapped(books, chat({ doGenerate: answer('hello', usageOf(10, 5)) }))
  const call = () => generateText({ model, prompt: PROMPT, providerOptions, maxRetries: 0 })
  const both = await Promise.allSettled([call(), call()])
  assert.deepEqual(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
  await assert.rejects(call(), { code: 'request_replayed', statusCode: 409 })
  await books.assertCosts(20n)

  const broken = { type: 'error', error: unavailable() } as const
  const streams = [streamOf(pieces(4, [broken])), streamOf(pieces(2, finish(usageOf(10, 5))))]
  const flaky = chat({ doStream: () => Promise.resolve(streams.shift()!) })
  const again = payer('chat-2')
  const cutting = wrapped(books, flaky)
  const stream = () => streamText({ model: cutting, prompt: PROMPT, providerOptions: again, ...quiet })
  await stream().consumeStream()
  assert.equal(await stream().text, '1234567812345678')
  await books.assertCosts(20n, 23n, 20n)
})

test('a stream that the SDK begins again after a cut has a hold for each attempt', async () => {
  await using books = await Books.open()
  const broken = { type: 'error', error: new Error('overloaded') } as const
  const streams = [streamOf(pieces(2, [broken])), streamOf(pieces(3, finish(usageOf(10, 5))))]
  const flaky = chat({ doStream: () => Promise.resolve(streams.shift()!) })
  const options = { model: wrapped(books, flaky), prompt: PROMPT, providerOptions: payer('chat-1'), streamRetries: 1 }
  assert.equal(await streamText({ ...options, onError: () => undefined }).text, '12345678'.repeat(3))
  await books.assertCosts(15n, 20n)
})

test('a loop with tools has one hold per step, and a loop that runs out of coins has paid for the steps before', async () => {
  for (const [funds, costs] of [
    [10_000n, [30n, 20n]],
    [185n, [30n]],
  ] as const) {
    await using books = await Books.open(funds)
    const call = { type: 'tool-call', toolCallId: 'c1', toolName: 'weather', input: '{"city":"Bern"}' } as const
    const looping = chat({
      doGenerate: [
        {
          content: [call],
          finishReason: { unified: 'tool-calls', raw: 'tool_calls' },
          usage: usageOf(10, 10),
          warnings: [],
        },
        answer('sunny', usageOf(10, 5)),
      ],
    })
    const weather = tool({ inputSchema: jsonSchema<{ city: string }>({ type: 'object' }), execute: () => 'sunny' })
    const result = generateText({
      model: wrapped(books, looping),
      prompt: 'x',
      tools: { weather },
      stopWhen: stepCountIs(3),
      providerOptions: payer('chat-1'),
    })
    if (funds === 10_000n) assert.equal((await result).steps.length, 2)
    else await assert.rejects(result, { code: 'insufficient_funds' })
    await books.assertCosts(...costs)
    const ids = (await books.holds()).map(([id]) => id)
    assert.deepEqual(ids, ['chat-1', 'chat-1:2'].slice(0, costs.length))
  }
})

test('a loop that streams has one hold per step too', async () => {
  await using books = await Books.open()
  const call = { type: 'tool-call', toolCallId: 'c1', toolName: 'weather', input: '{}' } as const
  const looping = chat({
    doStream: [
      streamOf([
        call,
        { type: 'finish', finishReason: { unified: 'tool-calls', raw: 'tool_calls' }, usage: usageOf(10, 10) },
      ]),
      streamOf(pieces(2, finish(usageOf(10, 5)))),
    ],
  })
  const weather = tool({ inputSchema: jsonSchema({ type: 'object' }), execute: () => 'sunny' })
  const providerOptions = payer('chat-1')
  const result = streamText({
    model: wrapped(books, looping),
    prompt: 'x',
    tools: { weather },
    stopWhen: stepCountIs(3),
    providerOptions,
  })
  assert.equal(await result.text, '1234567812345678')
  await books.assertCosts(30n, 20n)
})

test('a call that cannot be paid is refused as an error of the SDK, with what is missing, and the model is not called', async () => {
  await using books = await Books.open(50n)
  const mock = chat({ doStream: streamOf(pieces(1, finish(usageOf(1, 1)))) })
  const told: unknown[] = []
  const result = streamText({
    model: wrapped(books, mock),
    prompt: PROMPT,
    providerOptions: payer('chat-1'),
    onError: ({ error }) => void told.push(error),
  })
  await result.consumeStream()
  assert.equal(mock.doStreamCalls.length, 0)
  const [error] = told
  assert.ok(APICallError.isInstance(error), String(error))
  assert.deepEqual([error.statusCode, error.isRetryable], [402, false])
  // 18 for the prompt and 64 tokens of output.
  assert.deepEqual(error.data, {
    code: 'insufficient_funds',
    account: 'user:8',
    asset: 'credit',
    available: '50',
    required: '146',
    missing: '96',
  })
  assert.match(error.message, /"user:8" has 50 credit to spend; the call needs 146, so 96 are missing/)
  JSON.stringify(error)
  assert.deepEqual(await books.holds(), [])
})

test('a hold is shrunk to what is available, and an answer in one piece is only as long as can be paid', async () => {
  await using books = await Books.open(218n)
  const mock = chat({ doGenerate: answer('hello', usageOf(18, 100)) })
  await generateText({ model: wrapped(books, mock), prompt: PROMPT, providerOptions: payer(), maxOutputTokens: 900 })
  assert.equal(mock.doGenerateCalls[0]!.maxOutputTokens, 100)
  await books.assertCosts(218n)
  assert.deepEqual(books.troubles, [])
})

test('a stream raises its hold while it goes on, and stops before a piece that cannot be paid', async () => {
  await using rich = await Books.open(5_000n)
  const long = () => streamOf(pieces(400, finish(usageOf(18, 800))))
  const limits = { streamTokens: 64 }
  await streamText({
    model: wrapped(rich, chat({ doStream: long() }), { limits }),
    prompt: PROMPT,
    providerOptions: payer(),
  }).text
  await rich.assertCosts(18n + 1_600n)
  assert.deepEqual(rich.troubles, [])

  await using poor = await Books.open(318n)
  const told: unknown[] = []
  const onError = ({ error }: { error: unknown }): void => void told.push(error)
  const result = streamText({
    model: wrapped(poor, chat({ doStream: long() }), { limits }),
    prompt: PROMPT,
    providerOptions: payer(),
    onError,
  })
  let text = ''
  for await (const part of result.stream) if (part.type === 'text-delta') text += part.text
  // 300 coins are 150 tokens: 75 pieces.
  assert.equal(text.length, 75 * 8)
  assert.match(String(told[0]), /"user:8" has no coins left for the rest of the answer; 4 more were needed/)
  assert.partialDeepStrictEqual(poor.bills, [{ ending: 'stopped', cost: 307n }])
  // The prompt is charged at less than was set aside for it.
  await poor.assertCosts(307n)
  assert.equal(await poor.available(), 11n)
  assert.deepEqual(poor.troubles, [])
})

test('holds of usual answers let many calls run beside each other that whole ones would refuse', async () => {
  const refusedOf = async (hold: 'learned' | 'full'): Promise<number> => {
    await using books = await Books.open(10_000n)
    const mock = chat({
      doGenerate: async () => {
        await sleep(5)
        return answer('hello', usageOf(18, 20))
      },
    })
    const model = wrapped(books, mock, { hold })
    const call = () => generateText({ model, prompt: PROMPT, providerOptions: payer(), maxRetries: 0 })
    for (let before = 0; before < 8; before++) await call()
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, call))
    const refused = outcomes.filter(({ status }) => status === 'rejected').length
    await books.assertCosts(...Array.from({ length: 108 - refused }, () => 58n))
    return refused
  }
  assert.equal(await refusedOf('learned'), 0)
  assert.ok((await refusedOf('full')) > 90)
})

test('who pays must be said, and a model without a price is refused before anything is set aside', async () => {
  await using books = await Books.open()
  const mock = chat({ doGenerate: answer('hello', usageOf(1, 1)) })
  const model = wrapped(books, mock)
  const wrong: readonly (readonly [options: object, message: RegExp])[] = [
    [{}, /does not say who pays/],
    [{ holdfast: {} }, /account must be/],
    [{ holdfast: { account: 'user:8', user: 'x' } }, /user is no option/],
    [{ holdfast: { account: 'user:8', requestId: 'y'.repeat(101) } }, /requestId must be/],
  ]
  for (const [providerOptions, message] of wrong) {
    const call = generateText({ model, prompt: 'x', providerOptions: providerOptions as ReturnType<typeof payer> })
    await assert.rejects(call, { code: 'invalid_request', message })
  }
  const unknown = new MockLanguageModelV4({ provider: 'test', modelId: 'other', doGenerate: answer('', usageOf(1, 1)) })
  const call = generateText({ model: wrapped(books, unknown), prompt: 'x', providerOptions: payer() })
  await assert.rejects(call, { code: 'invalid_request', message: /test\/other has no price in version test-1/ })
  assert.equal(mock.doGenerateCalls.length + unknown.doGenerateCalls.length, 0)
  assert.deepEqual(await books.holds(), [])
})

/** Waits until as many calls have ended. The test's limit ends it. */
async function settledAfter(books: Books, count: number): Promise<void> {
  while (books.bills.length < count) await sleep(5)
}

function unavailable(): APICallError {
  return new APICallError({
    message: 'overloaded',
    url: 'test:',
    requestBodyValues: {},
    statusCode: 503,
    isRetryable: true,
    responseHeaders: { 'retry-after-ms': '1' },
  })
}
