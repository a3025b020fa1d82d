/** A server that speaks the OpenAI protocol, as badly as it is told to. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Usage {
  readonly prompt_tokens: number
  readonly completion_tokens: number
  readonly prompt_tokens_details?: { readonly cached_tokens: number }
  readonly completion_tokens_details?: { readonly reasoning_tokens: number }
}

/** One answer of the server. */
export interface Answer {
  /** Default 200. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** The pieces of the text; each is 8 characters if it is a number of them. */
  readonly pieces?: number
  readonly pauseMs?: number
  readonly usage?: Usage
  /** Where a stream tells the usage. Default: in an event of its own before the last one. */
  readonly usageIn?: 'own event' | 'finish' | 'every piece'
  /** Whether a stream has the last event `[DONE]`. Default true. */
  readonly done?: boolean
  /** Whether a stream says that it has finished. Default true. */
  readonly finish?: boolean
  /** The connection is reset after the pieces, or after the header if there are none. */
  readonly reset?: boolean
  /** Sent as an event in place of the rest of the stream, or as the body. */
  readonly instead?: string
  /** Whether the bytes of a stream arrive one by one. */
  readonly bytewise?: boolean
}

export const PIECE = '12345678'

export class OpenAiServer implements AsyncDisposable {
  readonly #server: Server
  readonly #answers: Answer[] = []
  /** The bodies of the requests so far. */
  readonly requests: Readonly<Record<string, unknown>>[] = []
  /** Pieces that were sent. */
  sentCount = 0
  /** Answers whose reader went away before their end. */
  abandonedCount = 0

  private constructor(server: Server) {
    this.#server = server
  }

  static async start(): Promise<OpenAiServer> {
    const server = createServer()
    const started = new OpenAiServer(server)
    server.on('request', (request, response) => void started.#answer(request, response))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return started
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`
  }

  /** The next requests get these answers, in this order. */
  willAnswer(...answers: readonly Answer[]): void {
    this.#answers.push(...answers)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const body = JSON.parse(text) as Readonly<Record<string, unknown>>
    this.requests.push(body)
    response.on('close', () => {
      if (!response.writableFinished) this.abandonedCount += 1
    })
    const answer = this.#answers.shift() ?? { status: 500, instead: 'no answer was prepared' }
    const { status = 200, headers = {}, instead, reset } = answer
    if (status !== 200) {
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(instead ?? JSON.stringify({ error: { message: `status ${status}`, type: 'test', code: null } }))
    } else if (body['stream'] === true) await this.#stream(response, answer)
    else if (reset === true) response.destroy()
    else {
      response.writeHead(200, { 'content-type': 'application/json', ...headers })
      response.end(instead ?? JSON.stringify(whole(body, answer)))
    }
  }

  async #stream(response: ServerResponse, answer: Answer): Promise<void> {
    const {
      pieces = 0,
      pauseMs,
      usage,
      usageIn = 'own event',
      done = true,
      finish = true,
      reset,
      instead,
      headers,
    } = answer
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', ...headers })
    response.flushHeaders()
    const told = (where: typeof usageIn) => (usage !== undefined && usageIn === where ? { usage } : {})
    const send = async (event: object | string): Promise<void> => {
      const text = `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`
      if (answer.bytewise !== true) return void response.write(text)
      for (const byte of Buffer.from(text)) {
        response.write(Buffer.from([byte]))
        await sleep(0)
      }
    }
    response.write(': a comment\n\n')
    for (let piece = 0; piece < pieces && !response.destroyed; piece++) {
      await send({
        ...CHUNK,
        choices: [{ index: 0, delta: { content: PIECE }, finish_reason: null }],
        ...told('every piece'),
      })
      this.sentCount += 1
      if (pauseMs !== undefined) await sleep(pauseMs)
    }
    if (instead !== undefined) await send(instead)
    else if (finish)
      await send({ ...CHUNK, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], ...told('finish') })
    if (usage !== undefined && usageIn === 'own event') await send({ ...CHUNK, choices: [], usage })
    if (reset === true) {
      await sleep(20)
      response.destroy()
      return
    }
    if (done) await send('[DONE]')
    response.end()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

const CHUNK = { id: 'chunk', object: 'chat.completion.chunk', created: 1, model: 'chat' }

function whole(body: Readonly<Record<string, unknown>>, { pieces = 0, usage }: Answer): object {
  const told = usage === undefined ? {} : { usage }
  if (body['input'] !== undefined) {
    const inputs = Array.isArray(body['input']) ? body['input'] : [body['input']]
    return {
      object: 'list',
      data: inputs.map((_, index) => ({ index, embedding: [1, 2] })),
      model: 'embedding',
      ...told,
    }
  }
  const message = { role: 'assistant', content: PIECE.repeat(pieces) }
  return {
    id: 'whole',
    object: 'chat.completion',
    created: 1,
    model: 'chat',
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    ...told,
  }
}
