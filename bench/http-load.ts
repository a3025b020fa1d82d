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

const HEAD_END = '\r\n\r\n'

export class HttpConnection {
  readonly #socket: Socket
  readonly #host: string
  #received = ''
  #waiting: ((exchange: Exchange) => void) | null = null
  #failed: ((error: Error) => void) | null = null

  private constructor(socket: Socket, host: string) {
    this.#socket = socket
    this.#host = host
    socket.setNoDelay(true)
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => this.#receive(chunk))
    socket.on('error', (error) => this.#failed?.(error))
    socket.on('close', () => this.#failed?.(new Error('The server closed the connection.')))
  }

  static async open(port: number): Promise<HttpConnection> {
    const socket = connect(port, '127.0.0.1')
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    return new HttpConnection(socket, `127.0.0.1:${port}`)
  }

  post(path: string, body: string): Promise<Exchange> {
    return new Promise((resolve, reject) => {
      this.#waiting = resolve
      this.#failed = reject
      this.#socket.write(
        `POST ${path} HTTP/1.1\r\nHost: ${this.#host}\r\nContent-Type: application/json\r\n` +
          `Content-Length: ${body.length}\r\n\r\n${body}`,
        'latin1',
      )
    })
  }

  close(): void {
    this.#failed = null
    this.#socket.destroy()
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
