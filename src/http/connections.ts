/** Cases that Node's server would answer, drop or close without the service. They are answered with a problem, in order. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { LedgerError } from '../api/error.ts'
import { sendToSocket } from './respond.ts'

/** 0 removes Node's limit, above which it silently drops headers. `headerBytesMax` limits them instead. */
const HEADERS_COUNT_UNLIMITED = 0
const HOST = 'host'

export function answerEverything(server: Server): void {
  server.maxHeadersCount = HEADERS_COUNT_UNLIMITED
  server.on('request', record)
  // RFC 9110, section 10.1.1: a server may ignore an unknown expectation.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
  server.on('connect', (_: IncomingMessage, socket: Duplex) => {
    // Node has handed over this connection, so it needs an error listener.
    socket.on('error', () => socket.destroy())
    refuse(socket, new LedgerError('invalid_request', 'CONNECT is not supported: this service is not a proxy.'))
  })
}

/** The response before that to `request` on its connection, if it may still be on its way. */
export function responseBefore(request: IncomingMessage): ServerResponse | null {
  const last = connections.get(request.socket)?.last ?? null
  if (last === null) return null
  // The hooks of the service can run before `request` is recorded as the last call of its connection.
  return last.request === request ? last.before : last.response
}

/** Whether no other request has arrived on its connection after that of `response`. */
export function isLastCall(response: ServerResponse): boolean {
  const last = connections.get(response.req.socket)?.last ?? null
  return last === null || last.response === response
}

/** Whether `request` is the first one on its connection. */
export function isFirstCall(request: IncomingMessage): boolean {
  const connection = connections.get(request.socket)
  if (connection === undefined) return true
  const { last, callsCount } = connection
  return callsCount === (last?.request === request ? 1 : 0)
}

/** The open connections of `server`, from now on. */
export function connectionsOf(server: Server): ReadonlySet<Socket> {
  const open = new Set<Socket>()
  server.on('connection', (socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  return open
}

/**
 * RFC 9112, section 3.2: a server must refuse an HTTP/1.1 request without a Host header, and any request with two. A proxy could have
 * used the other one.
 */
export function needOneHost({ raw }: FastifyRequest, _: FastifyReply, done: (error?: Error) => void): void {
  const count = headerCount(raw, HOST)
  if (count > 1) return done(LedgerError.invalidParameter('Host', 'A request must have exactly one Host header.'))
  const isMissing = count === 0 && raw.httpVersionMinor === 1
  done(isMissing ? LedgerError.invalidParameter('Host', 'HTTP/1.1 requires a Host header.') : undefined)
}

/** How often a request has a header, given in lower case: Node shows one of several. */
export function headerCount({ rawHeaders }: IncomingMessage, header: string): number {
  let count = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!
    if (name.length === header.length && name.toLowerCase() === header) count++
  }
  return count
}

/** Handles bytes that are not a valid request. */
export function clientErrorHandler(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    refuse(socket, new LedgerError('request_timeout', 'The request did not arrive in time.'))
  } else if (error.code === 'HPE_HEADER_OVERFLOW') {
    refuse(socket, new LedgerError('headers_too_large', 'The headers are larger than the limit of the service.'))
  } else {
    refuse(socket, new LedgerError('invalid_request', 'This is not a valid HTTP/1.1 request.'))
  }
}

interface Call {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** The response to the previous request on the same connection. */
  readonly before: ServerResponse | null
}

interface Connection {
  callsCount: number
  /**
   * Node sends responses in the order of their requests. Null when the last one was sent: a thousand open connections that each remember
   * their last request would make every young collection of garbage copy them all.
   */
  last: Call | null
}

const connections = new WeakMap<Duplex, Connection>()

function record(request: IncomingMessage, response: ServerResponse): void {
  const { socket } = request
  let connection = connections.get(socket)
  if (connection === undefined) {
    connection = { callsCount: 0, last: null }
    connections.set(socket, connection)
  }
  const { last } = connection
  const call = { request, response, before: last?.response ?? null }
  connection.callsCount++
  connection.last = call
  response.once('close', () => {
    // Of a request that was answered early, the rest can still arrive.
    if (connection.last === call && request.complete) connection.last = null
  })
}

/**
 * The refusal is sent after the responses to earlier requests of the connection; before them, it would look like the response to
 * another request. If the body of the last request is incomplete, that request is refused. If it was already answered, the connection
 * is closed without a refusal.
 */
function refuse(socket: Duplex, error: LedgerError): void {
  const last = connections.get(socket)?.last ?? null
  if (last === null) return sendToSocket(socket, error)
  const { request, response, before } = last
  if (request.complete || response.headersSent) {
    afterwards(response, () => (request.complete ? sendToSocket(socket, error) : socket.end()))
  } else {
    refused.set(request, error)
    afterwards(before, () => sendToSocket(socket, error))
  }
}

/** Requests that were refused as incomplete. The rest of such a request can still arrive, and must then have no effect. */
const refused = new WeakMap<IncomingMessage, LedgerError>()

/** Called when the body of a request is complete. @throws LedgerError if the request was already refused */
export function requireNotRefused(request: IncomingMessage): void {
  const refusal = refused.get(request)
  if (refusal !== undefined) throw refusal
}

function afterwards(response: ServerResponse | null, action: () => void): void {
  if (response === null || response.writableFinished) return action()
  response.once('close', () => {
    if (response.req.socket.writable) action()
  })
}
