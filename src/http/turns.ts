/**
 * Reads take turns, so that no caller holds the event loop for long, however many pages he asks for at once (law 8).
 *
 * A read that could answer at once (from memory, or because rows have come) runs in the turn of the event loop in which it was asked for, and
 * so would six hundred of them. Once a turn has taken `turnMsMax`, the others wait for later ones: one each, connection by connection.
 * What is pipelined on one connection is read when the answer before it has left, so that a caller who takes none of his answers has one
 * of them made.
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

  /** Calls `go` at once while the turn has time left, else in a later one. */
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
    // To the end of the line, behind every other connection.
    this.#waiting.delete(socket)
    const go = own.shift()
    if (own.length > 0) this.#waiting.set(socket, own)
    go?.()
  }
}

/** Whoever asks how the service is, and commands, wait for nobody. */
export function takeTurns(app: FastifyInstance, limits: HttpLimits): void {
  const turns = new Turns(limits)
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

function isRead(method: string, url: string): boolean {
  return method === 'GET' && url.startsWith('/v1/')
}
