/** Serves a file of metrics to Prometheus, as the textfile collector of node_exporter does. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export class TextExporter implements AsyncDisposable {
  /** Host and port. */
  readonly target: string
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
    this.target = `127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  /** The file is read for each request; a missing one has no metrics. */
  static async start(file: string): Promise<TextExporter> {
    const server = createServer((_, response) => {
      const send = (text: string): void => void response.setHeader('content-type', 'text/plain').end(text)
      readFile(file, 'utf8').then(send, () => send(''))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new TextExporter(server)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
