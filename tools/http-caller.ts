/** HTTP calls with their durations: from before sending until the response is complete. */
import { request, type Agent, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { once } from 'node:events'

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly ms: number
}

export class HttpCaller implements Disposable {
  readonly #url: string
  readonly #agent: Agent

  constructor(url: string, agent: Agent) {
    this.#url = url
    this.#agent = agent
  }

  async get(path: string): Promise<HttpAnswer> {
    return await this.#call('GET', path, null)
  }

  async post(path: string, body: object): Promise<HttpAnswer> {
    return await this.#call('POST', path, JSON.stringify(body))
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }

  async #call(method: string, path: string, body: string | null): Promise<HttpAnswer> {
    const begunAt = performance.now()
    const headers =
      body === null ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const outgoing = request(this.#url + path, { method, agent: this.#agent, headers })
    outgoing.end(body ?? undefined)
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
    let text = ''
    response.setEncoding('utf8').on('data', (part: string) => (text += part))
    await once(response, 'end')
    return { status: response.statusCode ?? 0, headers: response.headers, body: text, ms: performance.now() - begunAt }
  }
}
