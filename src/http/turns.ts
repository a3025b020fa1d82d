/**
 * Reads take turns, so that no caller blocks the event loop for long, however many pages it requests at once (law 8).
 *
 * A read whose rows are ready runs in the current turn of the event loop, and so would hundreds of them. When a turn has taken
 * `turnMsMax`, further reads wait for later turns: one read per turn, connection by connection. Of the pipelined requests of a
 * connection, the next is read when the previous response was sent, so a caller that does not take its responses has only one prepared.
 */
import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { responseBefore } from './connections.ts'
import type { HttpLimits } from './limits.ts'

type Go = () => void

class Turns {
  readonly #msMax: number
  readonly #waiting = new Map<Socket, Go[]>()
  #beganAt = 0
  #isOpen = false

  constructor({ turnMsMax }: Pick<HttpLimits, 'turnMsMax'>) {
    this.#msMax = turnMsMax
  }

  /** Calls `go` at once if the turn has time left, otherwise in a later turn. */
  take(socket: Socket, go: Go): void {
    if (!this.#isOpen) this.#begin()
    if (this.#waiting.size === 0 && performance.now() - this.#beganAt < this.#msMax) return go()
    const own = this.#waiting.get(socket)
    if (own === undefined) this.#waiting.set(socket, [go])
    else own.push(go)
  }

  #begin(): void {
    this.#isOpen = true
    this.#beganAt = performance.now()
    setImmediate(() => this.#next())
  }

  #next(): void {
    this.#isOpen = false
    const [first] = this.#waiting
    if (first === undefined) return
    this.#begin()
    const [socket, own] = first
    // The connection goes to the end of the queue.
    this.#waiting.delete(socket)
    const go = own.shift()
    if (own.length > 0) this.#waiting.set(socket, own)
    go?.()
  }
}

/** Only reads take turns. Commands and health requests do not wait. */
export function takeTurns(app: FastifyInstance, limits: HttpLimits): void {
  const turns = new Turns(limits)
  const path = `${app.prefix}/v1/`
  const isRead = (method: string, url: string): boolean => method === 'GET' && url.startsWith(path)
  app.addHook('preHandler', ({ raw, method, url }, _, done) => {
    if (!isRead(method, url)) return done()
    const before = responseBefore(raw)
    const go = (): void => turns.take(raw.socket, done)
    if (before === null || before.writableFinished || before.destroyed) go()
    else before.once('close', go)
  })
  app.addHook('preSerialization', ({ raw, method, url }: FastifyRequest, _, payload, done) => {
    if (!isRead(method, url)) return done(null, payload)
    turns.take(raw.socket, () => done(null, payload))
  })
}
