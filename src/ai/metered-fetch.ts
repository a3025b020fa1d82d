/** `fetch` to an API that speaks the OpenAI protocol, charged for. */
import { recordOf } from '../prices/price-table.ts'
import { CallMeter, inputOf } from './call-meter.ts'
import { CallIds } from './call-ids.ts'
import { CreditsError } from './credits-error.ts'
import { meteringOf, type CallOptions, type CreditsOptions, type Metering } from './credits-options.ts'
import { dataOf, eventTexts } from './event-texts.ts'
import { MeteredStream, type PieceMeaning, type StreamReading } from './metered-stream.ts'
import { bodyToSend, isFinishIn, parsed, readRequest, textIn, usageIn, type OpenAiRequest } from './openai-protocol.ts'

export interface MeteredFetchOptions extends CreditsOptions {
  /** The provider's name in the prices. */
  readonly provider: string
  /** Default: the `fetch` of the platform. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
}

/** A request: `body` is the JSON text of a chat completion, a completion, or embeddings. */
export interface MeteredRequest extends Omit<RequestInit, 'body'> {
  readonly body: string
  /** Who pays. */
  readonly holdfast: CallOptions
}

export type MeteredFetch = (url: string, request: MeteredRequest) => Promise<Response>

/**
 * Like `fetch`, for `chat/completions`, `completions` and `embeddings` of any provider with that protocol, streamed or not. The answer comes
 * through unchanged, with the hold in the header `x-holdfast-hold`; its body must be read or cancelled. A call that cannot be paid or was made
 * before is answered with 402 or 409 and an error in the form of the protocol. Each call of the function is one attempt.
 *
 * @throws LedgerError `invalid_request` for a body that is not understood and for a model without a price; what `fetch` throws
 */
export function meteredFetch(options: MeteredFetchOptions): MeteredFetch {
  const metering = meteringOf(options)
  const send = options.fetch ?? ((url: string, init: RequestInit) => fetch(url, init))
  return async (url, { holdfast, body, ...init }) => {
    const request = readRequest(body, metering)
    let meter: CallMeter
    try {
      meter = await CallMeter.begin(planOf(request, holdfast, options.provider, metering), metering)
    } catch (error) {
      if (error instanceof CreditsError) return refusal(error)
      throw error
    }
    const isOver = (): boolean => init.signal?.aborted === true
    try {
      const payable = meter.isBoundByCoins && !request.isStream ? meter.payableTokens : null
      const response = await send(url, { ...init, body: bodyToSend(request, payable) })
      if (!response.ok || response.body === null) {
        await meter.end('failed')
        return withHold(response, response.body, meter)
      }
      const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
      return isStream
        ? streamed(response, request, meter, metering, init.signal ?? undefined)
        : await whole(response, request, meter)
    } catch (error) {
      await meter.end(isOver() ? 'aborted' : 'failed')
      throw error
    }
  }
}

function planOf(request: OpenAiRequest, options: CallOptions, provider: string, { limits }: Metering) {
  const { model, prompt, outputTokensMax, isStream } = request
  return {
    provider,
    model,
    options,
    ids: new CallIds(options.requestId, limits.holdsMax),
    ...inputOf(prompt),
    ...(outputTokensMax === undefined ? {} : { outputTokensMax }),
    isStream,
  }
}

async function whole(response: Response, request: OpenAiRequest, meter: CallMeter): Promise<Response> {
  const text = await response.text()
  const answer = parsed(text)
  const record = recordOf(answer)
  // A page of a proxy, or an error with the status of an answer.
  if (record === null || (record['choices'] ?? record['data']) === undefined) await meter.end('failed')
  meter.note(textIn(answer))
  await meter.end('done', usageIn(answer, request.outputTokensMax === 0))
  return withHold(response, text, meter)
}

function streamed(
  response: Response,
  request: OpenAiRequest,
  meter: CallMeter,
  { limits }: Metering,
  signal: AbortSignal | undefined,
): Response {
  const stream = new MeteredStream(eventTexts(response.body!), meter, limits, new EventReader(request))
  return withHold(response, stream.readable(signal).pipeThrough(new TextEncoderStream()), meter)
}

/** Understands the events of one answer. The usage can be in any of them; the last one counts. */
class EventReader implements StreamReading<string> {
  readonly #wantsUsage: boolean
  #told: ReturnType<typeof usageIn> = { input: null, output: null }
  #isFinished = false

  constructor({ wantsUsage }: OpenAiRequest) {
    this.#wantsUsage = wantsUsage
  }

  meaningOf(event: string): PieceMeaning<string> {
    const data = dataOf(event)
    if (data === '') return {}
    if (data.trim() === '[DONE]') return { finishes: this.#told }
    const value = recordOf(parsed(data))
    if (value === null) return { breaks: true }
    if (value['error'] !== undefined && value['error'] !== null) return { breaks: true }
    const usage = usageIn(value, false)
    if (usage.input !== null || usage.output !== null) this.#told = usage
    this.#isFinished ||= isFinishIn(value)
    const { choices } = value
    const hasChoices = Array.isArray(choices) && choices.length > 0
    if (hasChoices) return { delivers: textIn(value) }
    return { hidden: !this.#wantsUsage && recordOf(value['usage']) !== null }
  }

  /** Some providers leave out the last event. */
  atEnd(): ReturnType<typeof usageIn> | null {
    return this.#isFinished ? this.#told : null
  }

  refusal({ responseBody }: CreditsError): string {
    return `data: ${responseBody}\n\n`
  }
}

/** Headers that describe the bytes of the answer, which are others now. */
const OF_BYTES = ['content-encoding', 'content-length', 'transfer-encoding']

function withHold(
  { status, statusText, headers: given }: Response,
  body: ReadableStream<Uint8Array> | string | null,
  { holdId }: CallMeter,
): Response {
  const headers = new Headers(given)
  for (const name of OF_BYTES) headers.delete(name)
  headers.set('x-holdfast-hold', holdId)
  return new Response(body, { status, statusText, headers })
}

function refusal(error: CreditsError): Response {
  return new Response(error.responseBody, {
    status: error.statusCode,
    headers: { 'content-type': 'application/json' },
  })
}
