/**
 * A closed loop of HTTP requests over keep-alive connections, one request at a time on each.
 *
 * Implements only as much HTTP/1.1 as a server with Content-Length needs: a full client would cost more than the server under measurement.
 */
import { connect, type Socket } from 'node:net'

export interface Exchange {
  readonly status: number
  /** Status line and headers. */
  readonly head: string
  readonly body: string
}

export interface Origin {
  /** The address from which the connection comes. Default: the system chooses. */
  readonly localAddress?: string
}

interface PostOptions {
  /** The server closes the connection after its answer. */
  readonly isLast?: boolean
}

const HEAD_END = '\r\n\r\n'

export class HttpConnection {
  readonly #socket: Socket
  readonly #host: string
  #received = ''
  #waiting: ((exchange: Exchange) => void) | null = null
  #failed: ((error: Error) => void) | null = null
  #isOpen = true

  private constructor(socket: Socket, host: string) {
    this.#socket = socket
    this.#host = host
    socket.setNoDelay(true)
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => this.#receive(chunk))
    socket.on('error', (error) => this.#failed?.(error))
    socket.on('close', () => {
      this.#isOpen = false
      this.#failed?.(closed())
    })
  }

  static async open(port: number, origin: Origin = {}): Promise<HttpConnection> {
    const socket = connect({ port, host: '127.0.0.1', ...origin })
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    return new HttpConnection(socket, `127.0.0.1:${port}`)
  }

  /** False when the server has closed it. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** @throws Error when the connection ends before the answer */
  post(path: string, body: string, { isLast = false }: PostOptions = {}): Promise<Exchange> {
    return this.#send(
      `POST ${path} HTTP/1.1\r\nHost: ${this.#host}\r\nContent-Type: application/json\r\n` +
        `${isLast ? 'Connection: close\r\n' : ''}Content-Length: ${body.length}\r\n\r\n${body}`,
    )
  }

  /** The server closes the connection after its answer. @throws Error when the connection ends before the answer */
  getLast(path: string): Promise<Exchange> {
    return this.#send(`GET ${path} HTTP/1.1\r\nHost: ${this.#host}\r\nConnection: close\r\n\r\n`)
  }

  close(): void {
    this.#failed = null
    this.#socket.destroy()
  }

  #send(request: string): Promise<Exchange> {
    if (!this.#isOpen) return Promise.reject(closed())
    return new Promise((resolve, reject) => {
      this.#waiting = resolve
      this.#failed = reject
      this.#socket.write(request, 'latin1')
    })
  }

  #receive(chunk: string): void {
    this.#received += chunk
    const headEnd = this.#received.indexOf(HEAD_END)
    if (headEnd < 0) return
    const length = /content-length: (\d+)/i.exec(this.#received.slice(0, headEnd))
    if (length === null) throw new Error('A response without Content-Length.')
    const bodyAt = headEnd + HEAD_END.length
    const end = bodyAt + Number(length[1])
    if (this.#received.length < end) return
    const head = this.#received.slice(0, headEnd)
    const exchange = { status: Number(head.slice(9, 12)), head, body: this.#received.slice(bodyAt, end) }
    this.#received = this.#received.slice(end)
    this.#waiting?.(exchange)
  }
}

function closed(): Error {
  return new Error('The server closed the connection.')
}
