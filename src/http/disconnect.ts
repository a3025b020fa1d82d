/**
 * What to do with the commands of a caller that hung up.
 *
 * A command that will be in the next batch is committed before anybody notices, so it gets no signal, and the usual request
 * costs nothing here. Only behind a long queue does it pay to take a lost caller's commands out.
 */
import type { Socket } from 'node:net'
import type { FastifyRequest } from 'fastify'
import type { SubmitOptions } from '../engine/engine.ts'
import type { Backend } from './backend.ts'

/** Two full batches of the engine. */
const QUEUE_DEPTH_LONG = 1_000

const NO_OPTIONS: SubmitOptions = {}

/** One signal per connection, made when it is first needed. */
const signals = new WeakMap<Socket, SubmitOptions>()

export function patienceOf(request: FastifyRequest, backend: Backend): SubmitOptions {
  if (backend.engine.queueDepth < QUEUE_DEPTH_LONG) return NO_OPTIONS
  const { socket } = request.raw
  let options = signals.get(socket)
  if (options === undefined) {
    const hungUp = new AbortController()
    socket.once('close', () => hungUp.abort())
    if (socket.destroyed) hungUp.abort()
    options = { signal: hungUp.signal }
    signals.set(socket, options)
  }
  return options
}
