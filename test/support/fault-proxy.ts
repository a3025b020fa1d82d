/**
 * A TCP proxy on loopback in front of a database server: injects network faults at a chosen step of a commit.
 *
 * It parses the messages (commit-dialogue.ts), so that the step is exact.
 */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { dialogueWith, type CommitKind, type Dialogue, type RequestPart } from './commit-dialogue.ts'
import type { ServerName } from '../../harness/server-installations.ts'

/** The step of the commit at which the fault occurs. */
export const STEPS = [
  'before the request',
  'within the request',
  'after the request',
  'before the answer',
  'within the answer',
  'after the answer',
] as const
export type Step = (typeof STEPS)[number]

/**
 * - `cut`: both ends see the connection close.
 * - `freeze`: nothing passes, not even a FIN; `thaw` releases everything that was held.
 * - `slow`: for a while everything passes in small chunks with pauses.
 */
export const ACTIONS = ['cut', 'freeze', 'slow'] as const
export type Action = (typeof ACTIONS)[number]

export interface ArmedFault {
  readonly action: Action
  readonly step: Step
  readonly kind: CommitKind
}

const SLOW_MS = 600
const SLOW_PIECES = 4
/** Between two chunks of a message. */
export const SLOW_PAUSE_MS = 30

export class FaultProxy implements AsyncDisposable {
  readonly #server: ServerName
  readonly #target: { readonly host: string; readonly port: number }
  readonly #listener: Server
  readonly #links = new Set<Link>()
  #armed: { readonly fault: ArmedFault; readonly struck: () => void } | null = null
  #frozen = false
  /** While positive, every connection is slow. */
  #slowPauseMs = 0

  static async open(server: ServerName, target: { readonly host: string; readonly port: number }): Promise<FaultProxy> {
    const proxy = new FaultProxy(server, target)
    proxy.#listener.listen(0, '127.0.0.1')
    await once(proxy.#listener, 'listening')
    return proxy
  }

  private constructor(server: ServerName, target: { readonly host: string; readonly port: number }) {
    this.#server = server
    this.#target = target
    this.#listener = createServer((client) => this.#join(client))
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port
  }

  /** Arms a fault for the next commit of this kind. Resolves when it strikes, with the time of `performance.now()`. */
  async strikeNext(fault: ArmedFault): Promise<number> {
    await new Promise<void>((resolve) => {
      this.#armed = { fault, struck: resolve }
    })
    return performance.now()
  }

  /** Disarms a fault that has not struck yet. */
  disarm(): void {
    this.#armed = null
  }

  /** Cuts every open connection. */
  cutAll(): void {
    for (const link of this.#links) link.cut()
  }

  /** Freezes every open connection and every new one. */
  freezeAll(): void {
    this.#frozen = true
    for (const link of this.#links) link.freeze()
  }

  /** Ends every freeze: held data is delivered, however late. */
  thaw(): void {
    this.#frozen = false
    for (const link of this.#links) link.thaw()
  }

  /** Slows every connection by this pause between two chunks; 0 ends it. */
  slowAll(pauseMs: number): void {
    this.#slowPauseMs = pauseMs
    for (const link of this.#links) link.slow(pauseMs > 0 ? Infinity : 0, pauseMs)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cutAll()
    this.#listener.close()
    await once(this.#listener, 'close')
  }

  #join(client: Socket): void {
    const link: Link = new Link({
      client,
      server: connect(this.#target),
      dialogue: dialogueWith(this.#server),
      take: (kind) => this.#take(kind),
      onEnd: () => this.#links.delete(link),
    })
    this.#links.add(link)
    if (this.#frozen) link.freeze()
    if (this.#slowPauseMs > 0) link.slow(Infinity, this.#slowPauseMs)
  }

  #take(kind: CommitKind): ArmedFault | null {
    const armed = this.#armed
    if (armed === null || armed.fault.kind !== kind) return null
    this.#armed = null
    armed.struck()
    return armed.fault
  }
}

interface LinkParts {
  readonly client: Socket
  readonly server: Socket
  readonly dialogue: Dialogue
  readonly take: (kind: CommitKind) => ArmedFault | null
  readonly onEnd: () => void
}

class Link {
  readonly #parts: LinkParts
  readonly #toServer: Pipe
  readonly #toClient: Pipe
  /** The fault for the commit in progress; null before and after it. */
  #fault: ArmedFault | null = null
  /** The part of the answer that is held back until the answer is complete. */
  #answer: Buffer[] = []
  #isOver = false

  constructor(parts: LinkParts) {
    const { client, server, dialogue } = parts
    this.#parts = parts
    this.#toServer = new Pipe(server)
    this.#toClient = new Pipe(client)
    listen(client, {
      length: (bytes) => dialogue.clientMessageLength(bytes),
      hear: (message) => this.#fromClient(message),
      end: () => this.#ended(this.#toServer),
    })
    listen(server, {
      length: (bytes) => dialogue.serverMessageLength(bytes),
      hear: (message) => this.#fromServer(message),
      end: () => this.#ended(this.#toClient),
    })
  }

  cut(): void {
    this.#isOver = true
    this.#parts.client.destroy()
    this.#parts.server.destroy()
    this.#parts.onEnd()
  }

  freeze(): void {
    this.#toServer.freeze()
    this.#toClient.freeze()
  }

  thaw(): void {
    this.#toServer.thaw()
    this.#toClient.thaw()
  }

  slow(until: number, pauseMs: number): void {
    this.#toServer.slow(until, pauseMs)
    this.#toClient.slow(until, pauseMs)
  }

  #fromClient(message: Buffer): void {
    if (this.#isOver) return
    const part = this.#parts.dialogue.clientSays(message)
    if (part?.isFirst === true && this.#fault === null) {
      this.#fault = this.#parts.take(part.kind)
      if (this.#fault !== null) this.#parts.dialogue.follow()
    }
    if (this.#fault === null || part === null) this.#toServer.write(message)
    else this.#passRequest(message, part, this.#fault)
  }

  #passRequest(message: Buffer, part: RequestPart, fault: ArmedFault): void {
    const middle = message.length >> 1
    if (fault.step === 'before the request') {
      this.#act(fault)
      this.#toServer.write(message)
    } else if (fault.step === 'within the request' && (part.kind === 'plain' ? part.isFirst : part.isLast)) {
      this.#toServer.write(message.subarray(0, middle))
      this.#act(fault)
      this.#toServer.write(message.subarray(middle))
    } else if (fault.step === 'after the request' && part.isLast) {
      this.#toServer.write(message, () => this.#act(fault))
    } else {
      this.#toServer.write(message)
    }
  }

  #fromServer(message: Buffer): void {
    if (this.#isOver) return
    const said = this.#parts.dialogue.serverSays(message)
    const fault = this.#fault
    if (fault === null || said === null) return this.#toClient.write(message)
    if (fault.step === 'after the answer') {
      this.#toClient.write(message, said === 'answer' ? undefined : () => this.#act(fault))
    } else if (fault.step === 'before the answer' || fault.step === 'within the answer') {
      this.#answer.push(message)
      if (said === 'end of answer') this.#passAnswer(fault)
    } else {
      this.#toClient.write(message)
    }
  }

  #passAnswer(fault: ArmedFault): void {
    const answer = Buffer.concat(this.#answer.splice(0))
    const passed = fault.step === 'before the answer' ? 0 : answer.length >> 1
    if (passed > 0) this.#toClient.write(answer.subarray(0, passed))
    // Data that was written is sent before the connection is closed.
    const rest = (): void => {
      this.#act(fault)
      this.#toClient.write(answer.subarray(passed))
    }
    if (passed > 0 && fault.action === 'cut') setTimeout(rest, 5)
    else rest()
  }

  #act({ action }: ArmedFault): void {
    this.#fault = null
    if (action === 'cut') this.cut()
    else if (action === 'freeze') this.freeze()
    else this.slow(performance.now() + SLOW_MS, SLOW_PAUSE_MS)
  }

  /** One side has closed or reset the connection. */
  #ended(other: Pipe): void {
    other.end()
    if (this.#parts.client.destroyed && this.#parts.server.destroyed) this.#parts.onEnd()
  }
}

/** One direction of a connection. Preserves the order of data that is held or slowed. */
class Pipe {
  readonly #target: Socket
  readonly #waiting: { readonly bytes: Buffer; readonly onWritten: (() => void) | undefined }[] = []
  #isFrozen = false
  #isPassing = false
  #endIsWaiting = false
  /** On the clock of `performance.now()`. */
  #slowUntil = 0
  #slowPauseMs = 0

  constructor(target: Socket) {
    this.#target = target
  }

  write(bytes: Buffer, onWritten?: () => void): void {
    this.#waiting.push({ bytes, onWritten })
    this.#pass()
  }

  end(): void {
    this.#endIsWaiting = true
    this.#pass()
  }

  slow(until: number, pauseMs: number): void {
    this.#slowUntil = until
    this.#slowPauseMs = pauseMs
  }

  freeze(): void {
    this.#isFrozen = true
  }

  thaw(): void {
    this.#isFrozen = false
    this.#pass()
  }

  #pass(): void {
    if (this.#isPassing) return
    while (!this.#isFrozen && this.#waiting.length > 0) {
      if (performance.now() < this.#slowUntil) return void this.#passSlowly()
      const { bytes, onWritten } = this.#waiting.shift()!
      if (this.#target.writable) this.#target.write(bytes, onWritten)
    }
    if (this.#endIsWaiting && !this.#isFrozen && this.#waiting.length === 0) this.#target.destroySoon()
  }

  async #passSlowly(): Promise<void> {
    this.#isPassing = true
    const { bytes, onWritten } = this.#waiting.shift()!
    const pieceBytes = Math.max(1, Math.ceil(bytes.length / SLOW_PIECES))
    for (let from = 0; from < bytes.length; from += pieceBytes) {
      await new Promise((resolve) => setTimeout(resolve, this.#slowPauseMs))
      if (this.#target.writable) this.#target.write(bytes.subarray(from, from + pieceBytes))
    }
    onWritten?.()
    this.#isPassing = false
    this.#pass()
  }
}

interface Listening {
  readonly length: (bytes: Buffer) => number | null
  readonly hear: (message: Buffer) => void
  readonly end: () => void
}

/** Splits the stream into messages. */
function listen(socket: Socket, { length, hear, end }: Listening): void {
  let bytes = Buffer.alloc(0)
  socket.setNoDelay(true)
  socket.on('error', () => undefined)
  socket.on('close', end)
  socket.on('data', (more) => {
    bytes = bytes.length === 0 ? more : Buffer.concat([bytes, more])
    for (let next = length(bytes); next !== null; next = length(bytes)) {
      const message = bytes.subarray(0, next)
      bytes = bytes.subarray(next)
      hear(message)
    }
  })
}
