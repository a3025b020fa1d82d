import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LedgerError } from '../api/error.ts'
import { isCount } from '../prices/usage.ts'
import { CallIds, CallIdsByOptions } from './call-ids.ts'
import { dataOf, eventTexts } from './event-texts.ts'
import { limitsOf, METERING_LIMITS } from './limits.ts'
import { bodyToSend, isFinishIn, readRequest, textIn, usageIn } from './openai-protocol.ts'

const METERING = { limits: METERING_LIMITS }

function request(body: object) {
  return readRequest(JSON.stringify(body), METERING)
}

test('whatever a provider sends is understood or ignored: counts are counts, and nothing throws', () => {
  const usage = fc.record(
    {
      prompt_tokens: fc.oneof(fc.jsonValue(), fc.nat()),
      completion_tokens: fc.oneof(fc.jsonValue(), fc.nat()),
      prompt_tokens_details: fc.oneof(fc.jsonValue(), fc.record({ cached_tokens: fc.oneof(fc.jsonValue(), fc.nat()) })),
      completion_tokens_details: fc.oneof(fc.jsonValue(), fc.record({ reasoning_tokens: fc.nat() })),
    },
    { requiredKeys: [] },
  )
  const event = fc.oneof(
    fc.jsonValue(),
    fc.record({ usage, choices: fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue())) }),
  )
  fc.assert(
    fc.property(event, fc.boolean(), (value, isEmbedding) => {
      const { input, output } = usageIn(value, isEmbedding)
      for (const count of Object.values({ ...input, ...output })) assert.ok(isCount(count), JSON.stringify(value))
      assert.equal(typeof textIn(value), 'string')
      assert.equal(typeof isFinishIn(value), 'boolean')
    }),
  )
})

test('any body is a request or is refused', () => {
  const body = fc.oneof(
    fc.jsonValue(),
    fc.record({ model: fc.string(), messages: fc.jsonValue(), n: fc.jsonValue(), tools: fc.jsonValue() }),
  )
  fc.assert(
    fc.property(body, (value) => {
      try {
        const { prompt, choices } = readRequest(JSON.stringify(value), METERING)
        assert.ok(isCount(prompt.held) && isCount(prompt.charged) && choices >= 1)
      } catch (error) {
        assert.ok(error instanceof LedgerError && error.code === 'invalid_request', String(error))
      }
    }),
  )
})

test('a prompt counts its texts, its files and its tools, not the bytes of its files', () => {
  const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(100_000)}` } }
  const text = { type: 'text', text: 'x'.repeat(30) }
  assert.equal(
    request({ model: 'm', messages: [{ role: 'user', content: [text, image] }] }).prompt.held,
    8 + 10 + 1_500,
  )
  const tools = [{ type: 'function', function: { name: 'f' } }]
  assert.equal(request({ model: 'm', messages: [], tools }).prompt.held, Math.ceil(JSON.stringify(tools).length / 3))
  assert.equal(request({ model: 'm', input: [[1, 2, 3], 'x'.repeat(6)] }).prompt.held, 5)
})

test('what is sent asks for the usage, and for no more tokens than can be paid, by the field that the caller uses', () => {
  const stream = request({ model: 'm', messages: [], stream: true, stream_options: { other: 1 } })
  assert.deepEqual(JSON.parse(bodyToSend(stream, null)), {
    model: 'm',
    messages: [],
    stream: true,
    stream_options: { other: 1, include_usage: true },
  })
  const two = request({ model: 'm', messages: [], max_completion_tokens: 500, n: 2 })
  assert.equal(two.outputTokensMax, 1_000)
  assert.deepEqual(JSON.parse(bodyToSend(two, 101)), { model: 'm', messages: [], max_completion_tokens: 50, n: 2 })
  assert.partialDeepStrictEqual(JSON.parse(bodyToSend(request({ model: 'm', prompt: 'x' }), 7)), { max_tokens: 7 })
})

test('events are split wherever the bytes are, and keep every character', async () => {
  const events = fc.array(
    fc.string({ unit: fc.constantFrom('a', '李', '\n', 'data: ', ':') }).map((text) => text.replaceAll(/\n+/g, '\n')),
  )
  await fc.assert(
    fc.asyncProperty(
      events,
      fc.constantFrom('\n\n', '\r\n\r\n'),
      fc.integer({ min: 1, max: 7 }),
      async (parts, end, size) => {
        const whole = parts.map((part) => `data: ${part.trim()}${end}`).join('')
        const bytes = new TextEncoder().encode(whole)
        const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
          start(controller) {
            for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size))
            controller.close()
          },
        })
        const got: string[] = []
        for await (const event of eventTexts(source)) got.push(event)
        assert.equal(got.join(''), whole)
        assert.ok(got.every((event) => event.endsWith(end)))
      },
    ),
    { numRuns: 50 },
  )
  assert.equal(dataOf(': comment\nevent: x\ndata: a\ndata:b\n\n'), 'a\nb')
  assert.equal(dataOf(': ping\n\n'), '')
})

test('an event without an end is not collected without a bound', async () => {
  const piece = new TextEncoder().encode('x'.repeat(1_048_576))
  const endless = new ReadableStream<Uint8Array<ArrayBuffer>>({ pull: (controller) => controller.enqueue(piece) })
  await assert.rejects(async () => {
    for await (const event of eventTexts(endless)) assert.fail(`${event.length}`)
  }, /more than 4194304 characters/)
})

test('a request has an id per hold, up to a limit, and objects without an id are requests of their own', () => {
  const ids = new CallIds('chat-1', 3)
  assert.deepEqual([ids.next(), ids.next(), ids.next()], ['chat-1', 'chat-1:2', 'chat-1:3'])
  assert.throws(() => ids.next(), { code: 'invalid_request', message: /more than 3 holds/ })
  for (const wrong of ['', 'a b', 'x'.repeat(101), 7, null, {}]) {
    if (wrong !== null) assert.throws(() => new CallIds(wrong, 3), { code: 'invalid_request' })
  }
  const byOptions = new CallIdsByOptions(3)
  const named = { requestId: 'a' }
  assert.equal(byOptions.of(named, 'a'), byOptions.of(named, 'a'))
  assert.notEqual(byOptions.of(named, 'a'), byOptions.of({ requestId: 'a' }, 'a'))
  const unnamed = {}
  assert.notEqual(byOptions.of(unnamed, undefined).next(), byOptions.of(unnamed, undefined).next())
})

test('a limit is a whole number of at least 1', () => {
  for (const wrong of [0, -1, 0.5, Number.NaN]) assert.throws(() => limitsOf({ markMs: wrong }), RangeError)
  assert.equal(limitsOf({ markMs: 5 }).markMs, 5)
})
