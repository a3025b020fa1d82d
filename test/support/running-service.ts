/** The real service on a real socket; it can be stopped, restarted on the same port, and made to fail. */
import type { AddressInfo } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Engine } from '../../src/engine/engine.ts'
import type { HttpLimits } from '../../src/http/limits.ts'
import { buildServer } from '../../src/http/server.ts'
import { openMemoryStorage } from '../../src/stores/memory/storage.ts'
import { Tables } from '../../src/stores/memory/tables.ts'

/** Sees each request before the service, and may answer in its place. */
export type Gate = (request: FastifyRequest, reply: FastifyReply) => Promise<void>

export class RunningService implements AsyncDisposable {
  /** Paths of the requests that arrived, in order. */
  readonly requests: string[] = []
  gate: Gate | null = null
  /** Called when an answer is ready, before it is sent. */
  beforeAnswer: Gate | null = null
  readonly #tables = new Tables()
  readonly #limits: Partial<HttpLimits>
  #port = 0
  #stop: (() => Promise<void>) | null = null
  #engine: Engine | null = null

  private constructor(limits: Partial<HttpLimits>) {
    this.#limits = limits
  }

  static async start(limits: Partial<HttpLimits> = {}): Promise<RunningService> {
    const service = new RunningService({ shutdownMs: 200, ...limits })
    await service.start()
    return service
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** Requests that carry commands. */
  get batchRequestCount(): number {
    return this.requests.filter((path) => path === '/v1/batches').length
  }

  /** Restarts on the same port with the same rows. */
  async start(): Promise<void> {
    const storage = openMemoryStorage(this.#tables)
    const engine = new Engine(storage.store)
    const app = buildServer({ engine, reader: storage.reader, store: storage, sweeper: null }, { limits: this.#limits })
    this.#watch(app)
    await app.listen({ host: '127.0.0.1', port: this.#port })
    this.#port = (app.server.address() as AddressInfo).port
    this.#engine = engine
    this.#stop = async () => {
      await app.close()
      await engine.stop()
      await storage.close()
    }
  }

  async stop(): Promise<void> {
    await this.#stop?.()
    this.#stop = null
  }

  /** Ends an expired hold, as the sweeper does. */
  async expire(hold: string): Promise<void> {
    const outcome = await this.#engine?.submit({ kind: 'release', hold, cause: 'expiry' })
    if (outcome?.status !== 'applied') {
      throw new Error(`${hold} did not expire: ${JSON.stringify(outcome)}`)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.gate = null
    this.beforeAnswer = null
    await this.stop()
  }

  #watch(app: FastifyInstance): void {
    app.addHook('preHandler', async (request, reply) => {
      this.requests.push(request.url)
      await this.gate?.(request, reply)
    })
    app.addHook('onSend', async (request, reply, payload) => {
      await this.beforeAnswer?.(request, reply)
      return payload
    })
  }
}
