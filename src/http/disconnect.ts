/**
 * Cancels the commands of a caller that has disconnected.
 *
 * Normally a command is in the next batch and is committed before a disconnect is noticed, so it gets no signal, and the usual request
 * costs nothing here. It is only worth cancelling commands that wait in a long queue.
 */
import type { Socket } from 'node:net'
import type { FastifyRequest } from 'fastify'
import type { SubmitOptions } from '../engine/engine.ts'
import type { Backend } from './backend.ts'

/** Two full batches of the engine. */
const QUEUE_DEPTH_LONG = 1_000

const NO_OPTIONS: SubmitOptions = {}

/** One signal per connection, created on first use. */
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
