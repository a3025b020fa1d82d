/** The real service over a memory store with scripted failures, and a caller that validates every response against the OpenAPI document. */
import assert from 'node:assert/strict'
import { connect, type AddressInfo, type Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { systemClock } from '../../src/engine/clock.ts'
import { Engine, type EngineOptions } from '../../src/engine/engine.ts'
import { RememberedActors } from '../../src/engine/remembered-actors.ts'
import type { KeyStore } from '../../src/access/key-store.ts'
import type { KeyInput } from '../../src/api/ledger.ts'
import { LedgerKeys } from '../../src/api/ledger-keys.ts'
import type { Reader } from '../../src/engine/reader.ts'
import type { Backend } from '../../src/http/backend.ts'
import { connectionsOf } from '../../src/http/connections.ts'
import { listen } from '../../src/http/listeners.ts'
import { buildServer, type HttpOptions } from '../../src/http/server.ts'
import { openMemoryStorage } from '../../src/stores/memory/storage.ts'
import { FaultyStore } from './faulty-store.ts'
import { OpenApiContract } from './openapi-contract.ts'

/** For a service that looks at the keys for every call. */
export const NOTICES_KEYS: HttpOptions = { keyLimits: { refreshAgeMs: 0, ageMsMax: 0, missAgeMs: 0 } }

export interface HttpServiceOptions {
  readonly http?: HttpOptions
  readonly engine?: EngineOptions
  readonly sweeper?: Backend['sweeper']
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as JSON; null when it is not JSON. */
  readonly body: Record<string, unknown>
}

export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export class HttpService implements AsyncDisposable {
  readonly app: FastifyInstance
  readonly engine: Engine
  /** All that are open, by whichever listening socket they came. */
  readonly connections: ReadonlySet<Socket>
  readonly store: FaultyStore
  readonly reader: Reader
  readonly keys: KeyStore
  readonly url: string
  readonly #contract: OpenApiContract

  private constructor(
    app: FastifyInstance,
    engine: Engine,
    { store, reader, keys }: Pick<HttpService, 'store' | 'reader' | 'keys'>,
  ) {
    this.app = app
    this.engine = engine
    this.connections = connectionsOf(app.server)
    this.store = store
    this.reader = reader
    this.keys = keys
    this.url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
    this.#contract = new OpenApiContract(app.swagger())
  }

  static async start(options: HttpServiceOptions = {}): Promise<HttpService> {
    const storage = openMemoryStorage()
    const store = new FaultyStore(storage.store)
    const engine = new Engine(store, options.engine)
    const app = buildServer(
      {
        engine,
        reader: storage.reader,
        authors: { actors: new RememberedActors(storage.actors, systemClock) },
        store: storage,
        sweeper: options.sweeper ?? null,
      },
      options.http,
    )
    await listen(app, { host: '127.0.0.1', port: 0 }, options.http?.limits)
    return new HttpService(app, engine, { store, reader: storage.reader, keys: storage.keys })
  }

  /** An object is sent as JSON, a text or a blob unchanged. */
  async call(method: string, path: string, body?: unknown, options: CallOptions = {}): Promise<Answer> {
    const headers = { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...options.headers }
    const raw = typeof body === 'string' || body instanceof Blob ? body : JSON.stringify(body)
    const response = await fetch(this.url + path, {
      method,
      headers,
      ...(raw === undefined ? {} : { body: raw }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    })
    const text = await response.text()
    const isJson = /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '')
    const answer = {
      status: response.status,
      headers: response.headers,
      text,
      body: (isJson && text !== '' ? JSON.parse(text) : null) as Record<string, unknown>,
    }
    this.#contract.check(method, path, answer)
    return answer
  }

  async get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return await this.call('GET', path, undefined, { headers })
  }

  async post(path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return await this.call('POST', path, body, { headers })
  }

  async put(path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return await this.call('PUT', path, body, { headers })
  }

  /** Makes a key at the database, and returns the header of a caller that has it. Needs `NOTICES_KEYS`. */
  async keyed(input: KeyInput): Promise<{ readonly authorization: string }> {
    const { secret } = await new LedgerKeys(this.keys, (error) => error).create(input)
    return { authorization: `Bearer ${secret}` }
  }

  /** Deposits coins for `account`. */
  async give(account: string, amount: number | string): Promise<void> {
    const { status, text } = await this.post('/v1/deposits', { account, amount })
    assert.equal(status, 201, text)
  }

  /** `available` and `held` of the account's credit. */
  async creditOf(account: string): Promise<readonly [available: string, held: string]> {
    const { body } = await this.get(`/v1/accounts/${encodeURIComponent(account)}`)
    const [balance] = body['balances'] as { available: string; held: string }[]
    assert.ok(balance)
    return [balance.available, balance.held]
  }

  /** Sends these bytes on a new connection; returns everything the service answers until it closes the connection. */
  async raw(bytes: string): Promise<string> {
    const socket = connect(Number(new URL(this.url).port), '127.0.0.1')
    socket.setEncoding('utf8')
    socket.write(bytes)
    let text = ''
    for await (const chunk of socket) text += chunk as string
    return text
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app.close()
    await this.engine.stop()
  }
}

/** Asserts that `answer` is this problem, in its status, headers and body. */
export function assertProblem(answer: Answer, status: number, code: string): Record<string, unknown> {
  const { body, headers } = answer
  assert.equal(headers.get('content-type'), 'application/problem+json; charset=utf-8', answer.text)
  assert.equal(body['code'], code, answer.text)
  assert.deepEqual([answer.status, body['status'], body['type']], [status, status, `urn:holdfast:problem:${code}`])
  return body
}
