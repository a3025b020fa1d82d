/**
 * Reads and batch requests take turns, so that no caller blocks the event loop for long, however much it requests at once (law 8).
 *
 * A read whose rows are ready runs in the current turn of the event loop, and so would hundreds of them. A batch request is hundreds of
 * commands to check. When a turn has taken `turnMsMax`, further ones wait for later turns: one per turn, connection by connection. Of the
 * pipelined reads of a connection, the next begins when the previous response was sent, so a caller that does not take its responses has
 * only one prepared. The bodies of waiting batch requests are in memory, so only `batchesWaitingMax` may wait.
 */
import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { LedgerError } from '../api/error.ts'
import { SharedPlaces } from '../engine/shares.ts'
import { callerOf } from './caller.ts'
import { responseBefore } from './connections.ts'
import type { HttpLimits } from './limits.ts'

type Go = () => void

export const BATCH_PATH = '/v1/batches'
const RETRY_AFTER_MS = 1_000

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

/** Single commands and health requests do not wait. */
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
  batchesTakeTurns(app, turns, limits)
}

/** Only of the route of batch requests: its path has no parameter. */
function batchesTakeTurns(app: FastifyInstance, turns: Turns, { batchesWaitingMax }: HttpLimits): void {
  const path = app.prefix + BATCH_PATH
  const waiting = new SharedPlaces(batchesWaitingMax)
  app.addHook('preHandler', (request, _, done) => {
    if (request.method !== 'POST' || request.routeOptions.url !== path) return done()
    const caller = callerOf(request)
    if (waiting.enter(caller) !== null) {
      const message = `Too many of the ${batchesWaitingMax} batch requests that can wait are waiting already.`
      return done(new LedgerError('overloaded', message, { retryAfterMs: RETRY_AFTER_MS }))
    }
    turns.take(request.raw.socket, () => {
      waiting.leave(caller)
      done()
    })
  })
}
