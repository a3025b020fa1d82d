/** The endings of a call of a model on every real store, over HTTP to a server that speaks the OpenAI protocol: what each costs, exactly. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, test } from 'node:test'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { streamText, wrapLanguageModel, type LanguageModel } from 'ai'
import { startChild } from '../../harness/children.ts'
import { correctUsage, credits, tariffOf } from '../../src/ai/index.ts'
import { migrateLedger } from '../../src/ledger.ts'
import { Books, PRICES } from '../support/metered-books.ts'
import { OpenAiServer, PIECE } from '../support/openai-server.ts'
import { realStores } from '../support/places.ts'

const FUNDS = 100_000n
const PROMPT = 'x'.repeat(30) // 7 tokens
const USAGE = { prompt_tokens: 20, completion_tokens: 9 }
const EXACT = 20n + 2n * 9n
const RETRY = { 'retry-after-ms': '1' }
/** Bounds what is waited for; it only ends a hang. */
const WAIT_MS_MAX = 30_000

function modelOf(books: Books, server: OpenAiServer): LanguageModel {
  const provider = createOpenAICompatible({ name: 'test', baseURL: server.url, includeUsage: true })
  return wrapLanguageModel({ model: provider.chatModel('chat'), middleware: credits(books.options()) })
}

interface Call {
  readonly requestId: string
  readonly maxRetries?: number
  /** The reader aborts when it has so many pieces. */
  readonly piecesMax?: number
}

/** The text that was delivered. */
async function read(model: LanguageModel, { requestId, maxRetries = 0, piecesMax }: Call): Promise<string> {
  const reader = new AbortController()
  const result = streamText({
    model,
    prompt: PROMPT,
    maxRetries,
    abortSignal: reader.signal,
    providerOptions: { holdfast: { account: 'user:8', requestId } },
    onError: () => undefined,
  })
  let text = ''
  for await (const part of result.stream) {
    if (part.type === 'text-delta') text += part.text
    if (piecesMax !== undefined && text.length >= piecesMax * PIECE.length) reader.abort()
  }
  return text
}

for (const { name, skip, open } of realStores()) {
  describe(`on ${name}`, { skip }, () => {
    test('an answer that is read to its end, aborted, broken off, refused and tried again costs what it should', async () => {
      await using place = await open()
      await migrateLedger(place.url)
      await using books = await Books.open(FUNDS, place.url)
      await using server = await OpenAiServer.start()
      const model = modelOf(books, server)
      server.willAnswer({ pieces: 3, usage: USAGE })
      assert.equal(await read(model, { requestId: 'whole' }), PIECE.repeat(3))
      server.willAnswer({ pieces: 1_000, pauseMs: 20 })
      const delivered = (await read(model, { requestId: 'aborted', piecesMax: 5 })).length / PIECE.length
      assert.ok(delivered >= 5)
      server.willAnswer({ pieces: 4, instead: '{"error":{"message":"overloaded"}}' })
      await read(model, { requestId: 'cut' })
      server.willAnswer({ status: 500 })
      await read(model, { requestId: 'failed' })
      server.willAnswer({ status: 429, headers: RETRY }, { status: 503, headers: RETRY }, { pieces: 2, usage: USAGE })
      await read(model, { requestId: 'retried', maxRetries: 2 })
      // A repeat of what was paid is refused, and the model is not called.
      const calls = server.requests.length
      await read(model, { requestId: 'whole' })
      assert.equal(server.requests.length, calls)
      assert.deepEqual(await books.holds(), [
        ['whole', 'settled', EXACT],
        ['aborted', 'settled', 7n + 2n * BigInt(2 * delivered)],
        ['cut', 'settled', 7n + 2n * 8n],
        ['failed', 'released', 0n],
        ['retried', 'released', 0n],
        ['retried:2', 'released', 0n],
        ['retried:3', 'settled', EXACT],
      ])
      assert.deepEqual(books.troubles, [])
    })

    test('a process that is killed in the middle costs what it had delivered at its last mark', async () => {
      await using place = await open()
      await migrateLedger(place.url)
      await using books = await Books.open(FUNDS, place.url)
      const { ledger } = books
      await using server = await OpenAiServer.start()
      server.willAnswer({ pieces: 10_000, pauseMs: 5 })
      const script = join(import.meta.dirname, 'killed-writer.ts')
      const child = startChild(process.execPath, [script, place.url, server.url], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let pieces = 0
      for await (const line of createInterface(child.stdout))
        if (line === 'piece' && ++pieces === 100) child.kill('SIGKILL')
      let hold = await ledger.hold('killed')
      const mark = hold.onExpiry!.settle
      const deadline = Date.now() + WAIT_MS_MAX
      while (hold.state === 'open') {
        assert.ok(Date.now() < deadline, 'the hold never expires')
        await sleep(50)
        hold = await ledger.hold('killed')
      }
      assert.deepEqual([hold.state, hold.settled], ['expired', mark])
      // Two tokens a piece, and the prompt.
      assert.ok(mark > 7n + 4n * 10n && mark <= 7n + 4n * BigInt(server.sentCount), `${mark}`)
      assert.equal(await books.available(), FUNDS - mark)
      // The provider's own list tells the usage later.
      const tariff = tariffOf(PRICES, { provider: 'test', model: 'chat' })
      const usage = { inputTokens: 18, outputTokens: 900 }
      const more = await correctUsage(ledger, { hold: 'killed', tariff, usage })
      assert.equal(mark + more, 1_818n)
      assert.equal(await books.available(), FUNDS - 1_818n)
    })
  })
}
