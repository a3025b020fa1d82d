/**
 * Calls to a real HTTP server that speaks the OpenAI protocol well and badly, by `meteredFetch` and by the AI SDK's own provider for it: what
 * each costs, exactly.
 */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, test } from 'node:test'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { embed, embedMany, generateText, streamText, wrapEmbeddingModel, wrapLanguageModel } from 'ai'
import { credits, embeddingCredits, meteredFetch, type CreditsOptions } from '../../src/ai/index.ts'
import { Books } from '../support/metered-books.ts'
import { OpenAiServer, PIECE, type Answer } from '../support/openai-server.ts'

const PROMPT = 'x'.repeat(30) // 7 tokens as it is charged; 10, and 8 for the message, as it is set aside
const USAGE = { prompt_tokens: 20, completion_tokens: 9 }
const EXACT = 20n + 2n * 9n
const RETRY = { 'retry-after-ms': '1' }

/** A way to make one call; what the user got of it. A refusal or a failure is thrown. */
type Caller = (books: Books, server: OpenAiServer, call: Call) => Promise<string>

interface Call {
  readonly isStream: boolean
  readonly requestId?: string
  readonly changes?: Partial<CreditsOptions>
  readonly maxTokens?: number
}

const byFetch: Caller = async (books, server, { isStream, requestId, changes, maxTokens }) => {
  const send = meteredFetch({ ...books.options(changes), provider: 'test' })
  const response = await send(`${server.url}/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({
      model: 'chat',
      messages: [{ role: 'user', content: PROMPT }],
      ...(isStream ? { stream: true } : {}),
      ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
    }),
    holdfast: { account: 'user:8', ...(requestId === undefined ? {} : { requestId }) },
  })
  const text = await response.text()
  if (!response.ok) throw Object.assign(new Error(text), { statusCode: response.status })
  if (text.includes('"error"') || text.startsWith('<')) throw new Error(text)
  return [...text.matchAll(/"content":"([^"]*)"/g)].map(([, content]) => content).join('')
}

const bySdk: Caller = async (books, server, { isStream, requestId, changes, maxTokens }) => {
  const provider = createOpenAICompatible({ name: 'test', baseURL: server.url, includeUsage: true })
  const model = wrapLanguageModel({ model: provider.chatModel('chat'), middleware: credits(books.options(changes)) })
  const call = {
    model,
    prompt: PROMPT,
    maxRetries: 0,
    providerOptions: { holdfast: { account: 'user:8', ...(requestId === undefined ? {} : { requestId }) } },
    ...(maxTokens === undefined ? {} : { maxOutputTokens: maxTokens }),
  }
  if (!isStream) return (await generateText(call)).text
  const errors: unknown[] = []
  const result = streamText({ ...call, onError: ({ error }) => void errors.push(error) })
  let text = ''
  for await (const part of result.stream) if (part.type === 'text-delta') text += part.text
  if (errors.length > 0) throw errors[0]
  return text
}

interface Case {
  readonly name: string
  readonly isStream: boolean
  readonly answer: Answer
  /** In coins. */
  readonly cost: bigint
  /** Whether the user sees a failure. */
  readonly fails?: boolean
}

const ESTIMATE = 7n + 2n * 6n // three pieces of two tokens

const CASES: readonly Case[] = [
  { name: 'one piece, with its usage', isStream: false, answer: { pieces: 3, usage: USAGE }, cost: EXACT },
  { name: 'one piece, without a usage', isStream: false, answer: { pieces: 3 }, cost: ESTIMATE },
  {
    name: 'one piece, cached and reasoning tokens',
    isStream: false,
    answer: {
      pieces: 1,
      usage: {
        prompt_tokens: 100,
        completion_tokens: 30,
        prompt_tokens_details: { cached_tokens: 60 },
        completion_tokens_details: { reasoning_tokens: 10 },
      },
    },
    cost: 40n + 30n + 2n * 20n + 3n * 10n,
  },
  { name: 'one piece that is no JSON', isStream: false, answer: { instead: '<html>' }, cost: 0n, fails: true },
  { name: 'one piece, a connection that is reset', isStream: false, answer: { reset: true }, cost: 0n, fails: true },
  { name: 'a stream, the usage in the last event', isStream: true, answer: { pieces: 3, usage: USAGE }, cost: EXACT },
  { name: 'a stream, byte by byte', isStream: true, answer: { pieces: 3, usage: USAGE, bytewise: true }, cost: EXACT },
  {
    name: 'a stream, the usage with the end',
    isStream: true,
    answer: { pieces: 3, usage: USAGE, usageIn: 'finish' },
    cost: EXACT,
  },
  {
    name: 'a stream, the usage in every piece',
    isStream: true,
    answer: { pieces: 3, usage: USAGE, usageIn: 'every piece' },
    cost: EXACT,
  },
  { name: 'a stream that never tells its usage', isStream: true, answer: { pieces: 3 }, cost: ESTIMATE },
  {
    name: 'a stream without its last event',
    isStream: true,
    answer: { pieces: 3, usage: USAGE, done: false },
    cost: EXACT,
  },
  {
    name: 'a stream that is cut after some pieces',
    isStream: true,
    answer: { pieces: 3, reset: true, finish: false },
    cost: ESTIMATE,
    fails: true,
  },
  {
    name: 'a stream that is cut before the first piece',
    isStream: true,
    answer: { reset: true, finish: false },
    cost: 0n,
    fails: true,
  },
  {
    name: 'a stream with an error in the middle',
    isStream: true,
    answer: { pieces: 3, instead: '{"error":{"message":"overloaded","type":"server_error"}}', done: false },
    cost: ESTIMATE,
    fails: true,
  },
  { name: 'too many requests', isStream: true, answer: { status: 429 }, cost: 0n, fails: true },
  { name: 'out of order', isStream: false, answer: { status: 503 }, cost: 0n, fails: true },
]

for (const [way, caller] of [
  ['fetch', byFetch],
  ['the AI SDK', bySdk],
] as const) {
  describe(`by ${way}`, () => {
    for (const { name, isStream, answer, cost, fails = false } of CASES) {
      test(`${name}: costs ${cost}`, async () => {
        await using books = await Books.open()
        await using server = await OpenAiServer.start()
        server.willAnswer(answer)
        const called = caller(books, server, { isStream })
        if (fails) await assert.rejects(called)
        else assert.equal(await called, PIECE.repeat(answer.pieces!))
        await books.assertCosts(cost)
        assert.deepEqual(books.troubles, [])
      })
    }

    test('a request that was paid is not sent again, and one that failed may be', async () => {
      await using books = await Books.open()
      await using server = await OpenAiServer.start()
      server.willAnswer({ status: 503 }, { pieces: 1, usage: USAGE })
      const call = { isStream: true, requestId: 'chat-1' } as const
      await assert.rejects(caller(books, server, call))
      assert.equal(await caller(books, server, call), PIECE)
      await assert.rejects(caller(books, server, call), { statusCode: 409, message: /was made before/ })
      assert.equal(server.requests.length, 2)
      assert.deepEqual(await books.holds(), [
        ['chat-1', 'released', 0n],
        ['chat-1:2', 'settled', EXACT],
      ])
    })

    test('a call that cannot be paid is not sent', async () => {
      await using books = await Books.open(100n)
      await using server = await OpenAiServer.start()
      for (const isStream of [true, false]) {
        await assert.rejects(caller(books, server, { isStream }), { statusCode: 402, message: /46 are missing/ })
      }
      assert.equal(server.requests.length, 0)
      assert.deepEqual(await books.holds(), [])
    })

    test('a stream ends before a piece that cannot be paid, and the provider is told to stop', async () => {
      await using books = await Books.open(218n)
      await using server = await OpenAiServer.start()
      server.willAnswer({ pieces: 500, pauseMs: 1, usage: USAGE })
      await assert.rejects(caller(books, server, { isStream: true }), /no coins left for the rest of the answer/)
      await books.assertCosts(207n)
      while (server.abandonedCount === 0) await sleep(5)
      assert.ok(server.sentCount < 500)
    })

    test('an answer in one piece is only as long as can be paid', async () => {
      await using books = await Books.open(218n)
      await using server = await OpenAiServer.start()
      server.willAnswer({ pieces: 1, usage: { prompt_tokens: 18, completion_tokens: 100 } })
      await caller(books, server, { isStream: false, maxTokens: 500 })
      assert.equal(server.requests[0]!['max_tokens'], 100)
      await books.assertCosts(218n)
    })
  })
}

test('retries of the SDK after 429 and 503 end with one paid hold', async () => {
  await using books = await Books.open()
  await using server = await OpenAiServer.start()
  server.willAnswer({ status: 429, headers: RETRY }, { status: 503, headers: RETRY }, { pieces: 2, usage: USAGE })
  const provider = createOpenAICompatible({ name: 'test', baseURL: server.url, includeUsage: true })
  const model = wrapLanguageModel({ model: provider.chatModel('chat'), middleware: credits(books.options()) })
  const result = streamText({
    model,
    prompt: PROMPT,
    maxRetries: 2,
    providerOptions: { holdfast: { account: 'user:8', requestId: 'a' } },
  })
  assert.equal(await result.text, PIECE.repeat(2))
  assert.deepEqual(await books.holds(), [
    ['a', 'released', 0n],
    ['a:2', 'released', 0n],
    ['a:3', 'settled', EXACT],
  ])
})

test('fetch passes an answer on as it came, and hides a usage that the caller did not ask for', async () => {
  await using books = await Books.open()
  await using server = await OpenAiServer.start()
  const send = meteredFetch({ ...books.options(), provider: 'test' })
  for (const wants of [false, true]) {
    server.willAnswer({ pieces: 1, usage: USAGE })
    const stream = { stream: true, ...(wants ? { stream_options: { include_usage: true } } : {}) }
    const response = await send(`${server.url}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'chat', messages: [], ...stream }),
      holdfast: { account: 'user:8', requestId: `wants-${wants}` },
    })
    assert.equal(response.headers.get('x-holdfast-hold'), `wants-${wants}`)
    const text = await response.text()
    assert.equal(text.includes('"usage"'), wants)
    assert.match(text, /^: a comment\n\ndata: \{.*\n\n(data: .*\n\n)+data: \[DONE\]\n\n$/)
    assert.deepEqual(server.requests.at(-1)!['stream_options'], { include_usage: true })
  }
  await books.assertCosts(EXACT, EXACT)
})

test('fetch: a reader that goes away costs what it got, and so does an abort', async () => {
  for (const way of ['cancel', 'abort'] as const) {
    await using books = await Books.open()
    await using server = await OpenAiServer.start()
    server.willAnswer({ pieces: 500, pauseMs: 2 })
    const controller = new AbortController()
    const send = meteredFetch({ ...books.options(), provider: 'test' })
    const response = await send(`${server.url}/chat/completions`, {
      method: 'POST',
      signal: controller.signal,
      body: JSON.stringify({ model: 'chat', messages: [{ role: 'user', content: PROMPT }], stream: true }),
      holdfast: { account: 'user:8' },
    })
    const reader = response.body!.getReader()
    for (let event = 0; event < 4; event++) await reader.read() // the comment and three pieces
    if (way === 'cancel') await reader.cancel()
    else {
      controller.abort()
      await assert.rejects(async () => {
        while (!(await reader.read()).done);
      })
    }
    while (books.bills.length === 0) await sleep(5)
    const [bill] = books.bills
    assert.equal(bill!.ending, 'aborted')
    // A pipe of streams reads a few events ahead of its reader.
    assert.ok(bill!.cost >= ESTIMATE && bill!.cost <= ESTIMATE + 4n * 4n, `${bill!.cost}`)
    await books.assertCosts(bill!.cost)
    while (server.abandonedCount === 0) await sleep(5)
  }
})

test('fetch: a body that is not understood, or of a model without a price, is refused before anything is set aside', async () => {
  await using books = await Books.open()
  await using server = await OpenAiServer.start()
  const send = meteredFetch({ ...books.options(), provider: 'test' })
  for (const [body, message] of [
    ['{', /JSON object/],
    ['[]', /JSON object/],
    ['{"messages":[]}', /model must be/],
    ['{"model":"chat"}', /needs messages, prompt or input/],
    ['{"model":"none","messages":[]}', /no price/],
  ] as const) {
    const call = send(`${server.url}/chat/completions`, { method: 'POST', body, holdfast: { account: 'user:8' } })
    await assert.rejects(call, { code: 'invalid_request', message })
  }
  assert.equal(server.requests.length, 0)
  assert.deepEqual(await books.holds(), [])
})

test('embeddings cost their input: of one text, of many in several calls, and by fetch', async () => {
  await using books = await Books.open()
  await using server = await OpenAiServer.start()
  const provider = createOpenAICompatible({ name: 'test', baseURL: server.url })
  const model = wrapEmbeddingModel({
    model: provider.embeddingModel('embedding'),
    middleware: [
      embeddingCredits(books.options()),
      { specificationVersion: 'v4', overrideMaxEmbeddingsPerCall: () => 2 },
    ],
  })
  const usage = (tokens: number): Answer => ({ usage: { prompt_tokens: tokens, completion_tokens: 0 } })
  server.willAnswer(usage(7))
  await embed({ model, value: 'hello', providerOptions: { holdfast: { account: 'user:8', requestId: 'one' } } })
  const values = Array.from({ length: 5 }, (_, index) => `text ${index}`)
  server.willAnswer(usage(4), usage(4), usage(4))
  await embedMany({ model, values, providerOptions: { holdfast: { account: 'user:8', requestId: 'many' } } })
  server.willAnswer({})
  const send = meteredFetch({ ...books.options(), provider: 'test' })
  const body = JSON.stringify({ model: 'embedding', input: ['x'.repeat(30), [1, 2, 3]] })
  await (
    await send(`${server.url}/embeddings`, {
      method: 'POST',
      body,
      holdfast: { account: 'user:8', requestId: 'fetched' },
    })
  ).text()
  const holds = await books.holds()
  const costOf = (name: string): bigint =>
    holds.filter(([id]) => id.split(':')[0] === name).reduce((sum, [, , cost]) => sum + cost, 0n)
  assert.equal(costOf('one'), 7n)
  assert.equal(server.requests.length, 5)
  assert.equal(costOf('many'), 12n)
  assert.equal(costOf('fetched'), 10n)
})
