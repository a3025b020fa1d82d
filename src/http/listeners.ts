/**
 * The listening sockets of the service. Upholds law 8.
 *
 * Node accepts about one new connection per listening socket and turn of the event loop. Under load a turn takes 10 ms and more, so
 * with one socket a hundred new connections would wait for seconds. So several sockets listen on one address and port (SO_REUSEPORT): the
 * kernel distributes new connections over them, and all of them go to the one HTTP server.
 *
 * The kernel also lets another process of the same user join such a port, without an error. So the port is first bound alone, which fails
 * while anybody else has it. An abstract socket excludes a second service between that and the shared binding.
 */
import { once } from 'node:events'
import { createServer, type AddressInfo, type ListenOptions, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { connectionsOf } from './connections.ts'
import { HTTP_LIMITS, type HttpLimits } from './limits.ts'

export interface Address {
  readonly host: string
  /** 0 for a free one. */
  readonly port: number
}

/** The errors with which systems without SO_REUSEPORT refuse it. */
const UNSUPPORTED = new Set(['ENOTSUP', 'EINVAL', 'ENOPROTOOPT', 'ENOSYS'])
/** The time that another service may take between its exclusive and its shared binding, and the pause between two attempts. */
const CLAIM_MS_MAX = 2_000
const CLAIM_RETRY_MS = 10

/**
 * Listens on `address` with up to `listenersMax` sockets, or with one where the system does not support more. `app.server` has the first;
 * all end with `app.close`. `connectionsMax` is for all of them together. Call it before the application is ready.
 *
 * @throws Error EADDRINUSE, also when another process listens with SO_REUSEPORT; EACCES, EADDRNOTAVAIL
 */
export async function listen(
  app: FastifyInstance,
  address: Address,
  limits: Partial<Pick<HttpLimits, 'connectionsMax' | 'listenersMax'>> = {},
): Promise<void> {
  const { connectionsMax, listenersMax } = { ...HTTP_LIMITS, ...limits }
  if (listenersMax === 1 || !(await isSupported(address.host))) return void (await app.listen({ ...address }))
  const further = new FurtherListeners(app, connectionsMax)
  await using _ = await claim(address.port)
  if (address.port !== 0) await bindAlone(address)
  await app.listen(sharing(address))
  const bound = app.server.address() as AddressInfo
  await further.open({ host: bound.address, port: bound.port }, listenersMax - 1)
}

function sharing(address: Address): Address & { readonly reusePort: true } {
  return { ...address, reusePort: true }
}

async function isSupported(host: string): Promise<boolean> {
  try {
    await closed(await listening({ host, port: 0, reusePort: true }))
    return true
  } catch (error) {
    if (UNSUPPORTED.has((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}

/** @throws Error EADDRINUSE if anybody listens on the port */
async function bindAlone(address: Address): Promise<void> {
  await closed(await listening({ ...address }))
}

/**
 * Excludes other services that are between their two bindings of `port`. The name of an abstract socket belongs to the same network
 * namespace as the port, and vanishes with the process. A port that the system chooses is free of others.
 *
 * @throws Error EADDRINUSE
 */
async function claim(port: number): Promise<AsyncDisposable> {
  if (port === 0 || process.platform !== 'linux') return { [Symbol.asyncDispose]: async () => {} }
  const path = `\0holdfast-listening-on-${port}`
  for (const since = performance.now(); ;) {
    try {
      const server = await listening({ path })
      return { [Symbol.asyncDispose]: () => closed(server) }
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
      if (!isTaken || performance.now() - since > CLAIM_MS_MAX) throw Object.assign(error as Error, { port })
    }
    await sleep(CLAIM_RETRY_MS)
  }
}

/** Every listening socket but the first. */
class FurtherListeners {
  readonly #app: FastifyInstance
  readonly #connectionsMax: number
  readonly #servers: Server[] = []
  /** The open connections of all listening sockets. */
  readonly #connections: ReadonlySet<Socket>
  #ownCount = 0

  constructor(app: FastifyInstance, connectionsMax: number) {
    this.#app = app
    this.#connectionsMax = connectionsMax
    this.#connections = connectionsOf(app.server)
    // Connections end as those of the first socket do: `app.server` has them, and `app.close` waits for all.
    app.addHook('preClose', (done) => {
      for (const server of this.#servers) server.close()
      done()
    })
  }

  /** As many as the system allows, up to `count`: one is enough to serve. */
  async open(address: Address, count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      // The options of an HTTP server's sockets.
      const server = createServer({ allowHalfOpen: true, noDelay: true })
      server.on('connection', (socket) => this.#pass(socket))
      try {
        server.listen(sharing(address))
        await once(server, 'listening')
      } catch {
        return
      }
      this.#servers.push(server)
    }
  }

  #pass(socket: Socket): void {
    if (this.#connections.size >= this.#connectionsMax) return void socket.destroy()
    this.#count(1)
    socket.once('close', () => this.#count(-1))
    this.#app.server.emit('connection', socket)
  }

  /** Node counts the connections of `app.server` itself, so those of the others lower its limit. */
  #count(change: 1 | -1): void {
    this.#ownCount += change
    this.#app.server.maxConnections = this.#connectionsMax - this.#ownCount
  }
}

async function listening(options: ListenOptions): Promise<Server> {
  const server = createServer()
  server.listen(options)
  await once(server, 'listening')
  return server
}

async function closed(server: Server): Promise<void> {
  server.close()
  await once(server, 'close')
}
