/** A TCP proxy on loopback that cuts connections on command, as a network might. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { once } from 'node:events'

/** What to do with the next message that contains a given text. */
export interface Cut {
  /** ASCII text in the client's data. */
  readonly sent: string
  /** Null: the message is dropped. Otherwise everything passes until the server's answer contains this text. */
  readonly answered: Buffer | null
}

interface Target {
  readonly host: string
  readonly port: number
}

interface Pair {
  readonly client: Socket
  readonly server: Socket
}

export class CuttingProxy implements AsyncDisposable {
  readonly #listener: Server
  #target: Target
  readonly #pairs = new Set<Pair>()
  #cut: Cut | null = null
  /** While true, new connections are closed at once. */
  refusing = false
  refusedCount = 0
  /** While true, all data is dropped in both directions. */
  silent = false

  private constructor(target: Target) {
    this.#target = target
    this.#listener = createServer((client) => {
      if (!this.refusing) {
        this.#join({ client, server: connect(this.#target) })
        return
      }
      this.refusedCount++
      client.destroy()
    })
  }

  static async open(target: Target): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(target)
    proxy.#listener.listen(0, '127.0.0.1')
    await once(proxy.#listener, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port
  }

  get connectionCount(): number {
    return this.#pairs.size
  }

  /** Redirects new connections to `target`. Existing ones stay, as they do when a DNS name moves to another server. */
  leadTo(target: Target): void {
    this.#target = target
  }

  /** Arms the next cut. */
  cutNext(cut: Cut): void {
    this.#cut = cut
  }

  cutAll(): void {
    for (const pair of this.#pairs) destroy(pair)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cutAll()
    this.#listener.close()
    await once(this.#listener, 'close')
  }

  #join(pair: Pair): void {
    const { client, server } = pair
    this.#pairs.add(pair)
    let awaited: Buffer | null = null
    client.on('data', (data) => {
      if (this.silent) return
      const cut = this.#cut
      if (awaited === null && cut !== null && data.includes(cut.sent)) {
        this.#cut = null
        if (cut.answered === null) {
          destroy(pair)
          return
        }
        awaited = cut.answered
      }
      server.write(data)
    })
    server.on('data', (data) => {
      if (this.silent) return
      if (awaited === null) client.write(data)
      else if (data.includes(awaited)) destroy(pair)
    })
    for (const socket of [client, server]) {
      socket.on('error', () => destroy(pair))
      socket.on('close', () => {
        this.#pairs.delete(pair)
        destroy(pair)
      })
    }
  }
}

function destroy({ client, server }: Pair): void {
  client.destroy()
  server.destroy()
}
