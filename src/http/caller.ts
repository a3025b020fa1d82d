/** Who sends a request, and what its commands carry of that into the engine. */
import { isIPv6, type Socket } from 'node:net'
import type { FastifyRequest } from 'fastify'
import type { SubmitOptions } from '../engine/engine.ts'
import { callerKeyOf } from './access.ts'
import type { Origin } from '../engine/ticket.ts'
import type { CallSpan } from '../telemetry/call-tracing.ts'
import type { Backend } from './backend.ts'
import { traceIdOf } from './trace.ts'

/** Of a request, once somebody asked. A symbol, because a request of your own fastify may have any names. */
const CALLER = Symbol('caller')

/** The groups of an IPv6 address that name a network: whoever has one address of it usually has all 2^64 of them. */
const NETWORK_GROUPS = 4

/**
 * Who sends the request: callers take turns, and share what is limited. The key, or the account of a token; without keys the address, or of
 * IPv6 the network (/64).
 */
export function callerOf(request: FastifyRequest): string {
  // Each request is asked for several times.
  const known = request as { [CALLER]?: string }
  return (known[CALLER] ??= findCaller(request))
}

function findCaller(request: FastifyRequest): string {
  const key = callerKeyOf(request)
  if (key === null) return isIPv6(request.ip) ? networkOf(request.ip) : request.ip
  return key.account === null ? `key ${key.number}` : `key ${key.number} ${key.account}`
}

function networkOf(address: string): string {
  // An IPv4 address in IPv6 notation is a caller of its own.
  if (address.includes('.')) return address
  const [left = '', right = ''] = address.split('%', 1)[0]!.split('::')
  const before = left === '' ? [] : left.split(':')
  const after = right === '' ? [] : right.split(':')
  const zeros = Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0')
  return [...before, ...zeros, ...after].slice(0, NETWORK_GROUPS).join(':')
}

/** Two full batches of the engine. */
const QUEUE_DEPTH_LONG = 1_000

/** One signal per connection, created on first use. */
const signals = new WeakMap<Socket, AbortSignal>()

/**
 * Commands of a caller that has disconnected are cancelled. Normally a command is in the next batch and is committed before a disconnect
 * is noticed, so it gets no signal, and the usual request costs nothing here. It is only worth cancelling commands that wait in a long
 * queue.
 */
export function submitOptionsOf(request: FastifyRequest, backend: Backend, span: CallSpan | null): SubmitOptions {
  const caller = callerOf(request)
  const origin = backend.engine.observesBatches === true ? originOf(request, span) : undefined
  if (backend.engine.queueDepth < QUEUE_DEPTH_LONG) return { caller, origin }
  const { socket } = request.raw
  let signal = signals.get(socket)
  if (signal === undefined) {
    const hungUp = new AbortController()
    socket.once('close', () => hungUp.abort())
    if (socket.destroyed) hungUp.abort()
    signal = hungUp.signal
    signals.set(socket, signal)
  }
  return { caller, signal, origin }
}

/** For observers of batches. */
function originOf(request: FastifyRequest, span: CallSpan | null): Origin {
  const callId = request.id
  if (span !== null) return { callId, ...span.origin }
  const traceId = traceIdOf(request)
  return traceId === undefined ? { callId } : { callId, traceId }
}
