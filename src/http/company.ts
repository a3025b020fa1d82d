/**
 * How much of the event loop a caller may have while other callers are there (law 8).
 *
 * A turn of the event loop reads every connection on which something arrived, and answers everything that was committed. With a thousand
 * busy connections of one caller it takes a hundred milliseconds, and whoever arrives meanwhile waits for its end. So in company, a caller
 * has a limited number of requests at work at once, `inCompanyMax`, or as many as come in the time of a commit if that takes longer:
 *
 *   - Its further requests wait in the order of arrival, with their bodies unread.
 *   - From then on, its connections rest after an answer: the next request of each stays in the kernel, where it costs nothing. They are
 *     read again in turns.
 *
 * Without company nobody waits, so that one caller fills whole batches.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Others } from '../engine/others.ts'
import { isFirstCall, isLastCall } from './connections.ts'
import type { HttpLimits } from './limits.ts'

/** So many bytes of a body count as one more request. */
const BODY_BYTES = 256
/**
 * A connection counts as so many more requests. It is at least that much work; and so fewer are answered in a turn than the listening
 * sockets accept in one, so that new connections of others do not wait behind this caller's in the backlog.
 */
const CONNECTION_WEIGHT = 3
/** About what one process serves. With a slow database, as many requests are at work as arrive during a commit (Little's law). */
const REQUESTS_PER_MS = 10

export interface Visit {
  readonly caller: string
  /** In requests. */
  readonly weight: number
  /** False for a connection of a proxy, on which others call too: it does not rest. */
  readonly hasOwnConnection: boolean
  /** Called when the request may go on. */
  readonly go: () => void
  /** Called instead when it has waited for too long. */
  readonly refuse: () => void
  /** Called when the caller has the answer or has hung up. Here, because each listener of a response costs a microsecond. */
  readonly onGone: () => void
}

interface Visitor extends Visit {
  readonly arrivedAt: number
  state: 'waiting' | 'at work' | 'gone'
}

interface Presence {
  /** The weights of the requests at work, and one for each connection that is read again and has not sent anything yet. */
  atWork: number
  readonly waiting: Visitor[]
  readonly resting: Set<Socket>
  readonly awake: Set<Socket>
}

export class Company {
  readonly #inCompanyMax: number
  readonly #commitMs: () => number
  readonly #waitMsMax: number
  readonly #present = new Map<string, Presence>()
  readonly #others = new Others()
  #isOver = false

  /** @param commitMs how long the database takes for a commit at least */
  constructor(
    { inCompanyMax, companyWaitMsMax }: Pick<HttpLimits, 'inCompanyMax' | 'companyWaitMsMax'>,
    commitMs: () => number,
  ) {
    this.#commitMs = commitMs
    this.#inCompanyMax = inCompanyMax
    this.#waitMsMax = companyWaitMsMax
  }

  /** Calls `go` at once or later, or `refuse` later; neither when the caller has hung up before. */
  receive(visit: Visit, response: ServerResponse): void {
    const arrivedAt = performance.now()
    const { caller, hasOwnConnection } = visit
    this.#others.hear(caller, arrivedAt)
    const visitor: Visitor = { ...visit, arrivedAt, state: 'waiting' }
    const { socket } = response.req
    const presence = this.#presenceOf(caller)
    if (presence.awake.delete(socket)) presence.atWork--
    response.once('close', () => {
      visit.onGone()
      const mayRest = hasOwnConnection && response.writableFinished && isLastCall(response)
      this.#leave(visitor, mayRest ? socket : null)
    })
    if (presence.waiting.length === 0 && this.#hasRoom(caller, presence, arrivedAt)) begin(visitor, presence)
    else presence.waiting.push(visitor)
  }

  /** From now on nobody waits. Resolves when the connections that rested were read. */
  async end(): Promise<void> {
    this.#isOver = true
    for (const [caller, presence] of this.#present) this.#fill(caller, presence, performance.now())
    await new Promise<void>((resolve) => afterNextPoll(resolve))
  }

  #leave(visitor: Visitor, socket: Socket | null): void {
    const { caller, weight, state } = visitor
    visitor.state = 'gone'
    if (state !== 'at work') return
    const presence = this.#present.get(caller)!
    presence.atWork -= weight
    const now = performance.now()
    const isCrowded = presence.waiting.length > 0 || presence.resting.size > 0
    if (isCrowded && socket !== null && this.#hasCompany(caller, now)) {
      socket.pause()
      presence.resting.add(socket)
    }
    if (isCrowded) this.#fill(caller, presence, now)
    this.#forget(caller, presence)
  }

  /** Lets in what waits, then reads connections that rest. */
  #fill(caller: string, presence: Presence, now: number): void {
    const { waiting, resting } = presence
    while (waiting.length > 0 && this.#hasRoom(caller, presence, now)) {
      const next = waiting.shift()!
      if (next.state === 'gone') continue
      if (now - next.arrivedAt <= this.#waitMsMax) begin(next, presence)
      else {
        next.state = 'gone'
        next.refuse()
      }
    }
    const read: Socket[] = []
    for (const socket of resting) {
      if (!this.#hasRoom(caller, presence, now)) break
      resting.delete(socket)
      if (socket.destroyed) continue
      socket.resume()
      presence.awake.add(socket)
      presence.atWork++
      read.push(socket)
    }
    if (read.length > 0) afterNextPoll(() => this.#settle(caller, presence, read))
  }

  /** Those of the connections that have not sent anything have nothing to send now. */
  #settle(caller: string, presence: Presence, read: readonly Socket[]): void {
    for (const socket of read) if (presence.awake.delete(socket)) presence.atWork--
    this.#fill(caller, presence, performance.now())
    this.#forget(caller, presence)
  }

  #presenceOf(caller: string): Presence {
    let presence = this.#present.get(caller)
    if (presence === undefined) {
      presence = { atWork: 0, waiting: [], resting: new Set(), awake: new Set() }
      this.#present.set(caller, presence)
    }
    return presence
  }

  /** While something waits or rests, something else is at work: its end continues. */
  #forget(caller: string, presence: Presence): void {
    const isIdle = presence.atWork === 0 && presence.waiting.length === 0
    // The caller may have come back meanwhile.
    if (isIdle && this.#present.get(caller) === presence) this.#present.delete(caller)
  }

  #hasRoom(caller: string, { atWork }: Presence, now: number): boolean {
    const max = Math.max(this.#inCompanyMax, this.#commitMs() * REQUESTS_PER_MS)
    return atWork < max || !this.#hasCompany(caller, now)
  }

  #hasCompany(caller: string, now: number): boolean {
    return !this.#isOver && this.#others.areThere(caller, now)
  }
}

function begin(visitor: Visitor, presence: Presence): void {
  presence.atWork += visitor.weight
  visitor.state = 'at work'
  visitor.go()
}

/** After the event loop has read what had arrived: the first immediate is of the same turn. */
function afterNextPoll(action: () => void): void {
  setImmediate(() => setImmediate(action))
}

/** In requests: a large body is more work than a small one, and so is a new connection. Without a length the body is as large as it may be. */
export function weightOf(request: IncomingMessage, { bodyBytesMax }: Pick<HttpLimits, 'bodyBytesMax'>): number {
  const { headers } = request
  const length = headers['content-length']
  const isChunked = length === undefined && headers['transfer-encoding'] !== undefined
  const bytes = isChunked ? bodyBytesMax : Number(length ?? 0)
  const isFirst = isFirstCall(request)
  return 1 + Math.floor(bytes / BODY_BYTES) + (isFirst ? CONNECTION_WEIGHT : 0)
}
