/** A chat that costs credits: streamed answers, abort, balance, and what each answer did cost. */
import { readFile } from 'node:fs/promises'
import { streamText, wrapLanguageModel, type ModelMessage } from 'ai'
import type { LanguageModelV4 } from '@ai-sdk/provider'
import { Hono, type Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { toProblem, type Ledger } from '../../src/index.ts' // outside this repository: from 'holdfast'
import { credits, CreditsError, type PriceBook, type SettledCall } from '../../src/ai/index.ts' // from 'holdfast/ai'

export interface ChatOptions {
  readonly ledger: Ledger
  readonly prices: PriceBook
  readonly model: LanguageModelV4
  readonly onBill?: (call: SettledCall) => void
}

interface Question {
  /** Made by the page for each question, so that a question that is sent twice is answered and paid once. */
  readonly id: string
  readonly messages: ModelMessage[]
}

/** What a line of the answer can be. */
type Line =
  | { readonly text: string }
  | { readonly cost: string; readonly available: string }
  | { readonly error: string; readonly missing?: string }

const GIFT = 500n
const TOP_UP = 1_000n
const COOKIE = 'chat-user'
const FILES = {
  '/': ['page.html', 'text/html'],
  '/page.js': ['page.js', 'text/javascript'],
  '/page.css': ['page.css', 'text/css'],
}

export function chatApp({ ledger, prices, model: provider, onBill }: ChatOptions): Hono {
  const app = new Hono()
  const told = onBill === undefined ? {} : { onBill }
  const model = wrapLanguageModel({ model: provider, middleware: credits({ ledger, prices, ...told }) })

  for (const [path, [file, type]] of Object.entries(FILES)) {
    app.get(path, async (context) => {
      const policy = "default-src 'self'"
      const text = await readFile(new URL(file!, import.meta.url), 'utf8')
      return context.body(text, 200, { 'content-type': `${type}; charset=utf-8`, 'content-security-policy': policy })
    })
  }

  app.get('/favicon.ico', (context) => context.body(null, 204))

  app.get('/balance', async (context) => {
    const { available, held } = await ledger.balance(await accountOf(context, ledger))
    return context.json({ available: `${available}`, held: `${held}` })
  })

  // A real program deposits when its payment provider says that it was paid, with the id of the payment as the request id.
  app.post('/top-up', async (context) => {
    const account = await accountOf(context, ledger)
    await ledger.deposit({ account, amount: TOP_UP, memo: 'Top-up' })
    const { available } = await ledger.balance(account)
    return context.json({ available: `${available}` })
  })

  app.post('/chat', async (context) => {
    const account = await accountOf(context, ledger)
    const { id, messages } = await context.req.json<Question>()
    const answer = streamText({
      model,
      messages,
      // The page closes the connection to stop the answer.
      abortSignal: context.req.raw.signal,
      // The id is the user's own, so it cannot meet that of another user.
      providerOptions: { holdfast: { account, requestId: `${account}:${id}` } },
      onError: () => undefined,
    })
    return new Response(lines(answer, ledger, account).pipeThrough(new TextEncoderStream()), {
      headers: { 'content-type': 'application/x-ndjson' },
    })
  })

  app.onError((error) => {
    const { status, headers, body } = toProblem(error)
    return new Response(body, { status, headers })
  })
  return app
}

type Answer = ReturnType<typeof streamText>

/** The answer as lines of JSON. A reader that goes away cancels it, which ends the call. */
function lines(answer: Answer, ledger: Ledger, account: string): ReadableStream<string> {
  const write = (line: Line): string => `${JSON.stringify(line)}\n`
  async function* all(): AsyncGenerator<string> {
    for await (const part of answer.stream) {
      if (part.type === 'text-delta') yield write({ text: part.text })
      if (part.type === 'error') yield write(refusal(part.error))
      if (part.type === 'finish-step') {
        const bill = part.providerMetadata?.['holdfast'] as { readonly cost?: string } | undefined
        const { available } = await ledger.balance(account)
        yield write({ cost: bill?.cost ?? '?', available: `${available}` })
      }
    }
  }
  return ReadableStream.from(all())
}

function refusal(error: unknown): Line {
  if (!(error instanceof CreditsError)) return { error: 'The model failed. You paid only for what you got.' }
  const { missing } = error.data
  if (missing !== undefined) return { error: `Your credits are used up: ${missing} are missing.`, missing }
  return { error: error.message }
}

/** Who asks: here whoever has the cookie. A real program knows who has signed in. */
async function accountOf(context: Context, ledger: Ledger): Promise<string> {
  const known = getCookie(context, COOKIE)
  if (known !== undefined && /^[0-9a-f-]{36}$/.test(known)) return `user:${known}`
  const id = crypto.randomUUID()
  setCookie(context, COOKIE, id, { httpOnly: true, sameSite: 'Strict' })
  await ledger.deposit({ requestId: `gift:${id}`, account: `user:${id}`, amount: GIFT, memo: 'Welcome' })
  return `user:${id}`
}
