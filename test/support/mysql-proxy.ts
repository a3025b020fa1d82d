/**
 * A TCP proxy in front of a MySQL server that loses the connection around a COMMIT, at a chosen step.
 *
 * It parses the packets (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html), so that the step is exact.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/**
 * - `before`: the server never receives the text with the COMMIT.
 * - `during`: the server receives it, and the connection is closed at once.
 * - `after`: the server has acknowledged the commit, and the answer is lost.
 * - `silence`: the server never receives it, and the connection stays open.
 */
export type CutAt = 'before' | 'during' | 'after' | 'silence'

const COM_QUERY = 3
const OK = 0
const MORE_RESULTS = 8

export class MysqlProxy implements AsyncDisposable {
  readonly #server: Server
  #target: { readonly host: string; readonly port: number }
  readonly #sockets = new Set<Socket>()
  /** The fault for the next commit. */
  #cutAt: CutAt | null = null

  /** @param port to listen on; 0 for any free port */
  static async start(target: { readonly host: string; readonly port: number }, port = 0): Promise<MysqlProxy> {
    const proxy = new MysqlProxy(target)
    await new Promise<void>((resolve) => {
      proxy.#server.listen(port, '127.0.0.1', resolve)
    })
    return proxy
  }

  private constructor(target: { readonly host: string; readonly port: number }) {
    this.#target = target
    this.#server = createServer((client) => this.#join(client))
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Redirects new connections; existing ones stay. */
  leadTo(target: { readonly host: string; readonly port: number }): void {
    this.#target = target
  }

  /** Loses the next commit; reads are not affected. */
  cutNextCommit(cutAt: CutAt): void {
    this.#cutAt = cutAt
  }

  /** Cuts every open connection. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cutAll()
    await new Promise((resolve) => {
      this.#server.close(resolve)
    })
  }

  #join(client: Socket): void {
    const server = connect(this.#target)
    const cut = (): void => {
      client.destroy()
      server.destroy()
    }
    for (const socket of [client, server]) {
      this.#sockets.add(socket.setNoDelay(true))
      socket.on('error', cut).on('close', () => {
        this.#sockets.delete(socket)
        cut()
      })
    }
    /** True once the commit that is to be lost was forwarded: the server's answers are dropped. */
    let swallows = false
    const fromClient = new Packets((packet) => {
      const cutAt = isCommit(packet) ? this.#cutAt : null
      if (cutAt !== null) this.#cutAt = null
      if (cutAt === 'silence') return
      if (cutAt === 'before') return cut()
      swallows = cutAt === 'after'
      server.write(packet, () => {
        if (cutAt === 'during') cut()
      })
    })
    const fromServer = new Packets((packet) => {
      if (!swallows) client.write(packet)
      else if (isLastReply(packet)) cut()
    })
    client.on('data', (bytes) => fromClient.push(bytes))
    server.on('data', (bytes) => fromServer.push(bytes))
  }
}

/** Splits a stream of bytes into packets: three bytes of length, one of sequence, the payload. */
class Packets {
  readonly #onPacket: (packet: Buffer) => void
  #bytes = Buffer.alloc(0)

  constructor(onPacket: (packet: Buffer) => void) {
    this.#onPacket = onPacket
  }

  push(bytes: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes])
    while (this.#bytes.length >= 4) {
      const end = 4 + this.#bytes.readUIntLE(0, 3)
      if (this.#bytes.length < end) return
      const packet = this.#bytes.subarray(0, end)
      this.#bytes = this.#bytes.subarray(end)
      this.#onPacket(packet)
    }
  }
}

function isCommit(packet: Buffer): boolean {
  if (packet[4] !== COM_QUERY || packet.readUIntLE(0, 3) < 6) return false
  const text = packet.toString('latin1', 5)
  return /COMMIT(;\nEND)?$/.test(text) && !text.includes('READ ONLY')
}

/** An error packet, or the last OK packet. Every statement of the text is answered by one OK. */
function isLastReply(packet: Buffer): boolean {
  if (packet[4] !== OK) return true
  const afterRows = afterLength(packet, 5)
  const status = packet.readUInt16LE(afterLength(packet, afterRows))
  return (status & MORE_RESULTS) === 0
}

/** The position after a length-encoded integer. */
function afterLength(packet: Buffer, position: number): number {
  const first = packet[position]!
  if (first < 0xfb) return position + 1
  return position + (first === 0xfc ? 3 : first === 0xfd ? 4 : 9)
}
