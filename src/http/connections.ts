/** What Node's server would answer, drop or cut on its own, answered as everything else is: with a problem, and in its turn. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { LedgerError } from '../api/error.ts'
import { sendToSocket } from './respond.ts'

/** 0 takes away Node's own limit, beyond which it drops headers without a word; `headerBytesMax` bounds them. */
const HEADERS_COUNT_UNLIMITED = 0
const HOST = 'host'

export function answerEverything(server: Server): void {
  server.maxHeadersCount = HEADERS_COUNT_UNLIMITED
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    exchanges.set(socket, { request, response, before: exchanges.get(socket)?.response ?? null })
  })
  // RFC 9110, section 10.1.1, lets a server pass over what it does not know.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
  server.on('connect', (_: IncomingMessage, socket: Duplex) => {
    // Nobody else listens to a connection that Node has handed over.
    socket.on('error', () => socket.destroy())
    refuse(socket, new LedgerError('invalid_request', 'CONNECT is for proxies, and this is none.'))
  })
}

/** The response that goes before the answer to `request` on its connection. */
export function responseBefore(request: IncomingMessage): ServerResponse | null {
  const last = exchanges.get(request.socket)
  if (last === undefined) return null
  // The service may see a request before it is the last of its connection.
  return last.request === request ? last.before : last.response
}

/** Those that are open, from here on. */
export function connectionsOf(server: Server): ReadonlySet<Socket> {
  const open = new Set<Socket>()
  server.on('connection', (socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  return open
}

/** RFC 9112, section 3.2, has a server refuse HTTP/1.1 without it, and any request with two: a proxy may have gone by the other one. */
export function needOneHost({ raw }: FastifyRequest, _: FastifyReply, done: (error?: Error) => void): void {
  const count = hostsOf(raw)
  if (count > 1) return done(LedgerError.invalidParameter('Host', 'A request has one Host header.'))
  const isMissing = count === 0 && raw.httpVersionMinor === 1
  done(isMissing ? LedgerError.invalidParameter('Host', 'HTTP/1.1 needs a Host header.') : undefined)
}

function hostsOf({ rawHeaders }: IncomingMessage): number {
  let count = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!
    if (name.length === HOST.length && name.toLowerCase() === HOST) count++
  }
  return count
}

/** Bytes that never became a request. */
export function clientErrorHandler(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    refuse(socket, new LedgerError('request_timeout', 'The request did not arrive in time.'))
  } else if (error.code === 'HPE_HEADER_OVERFLOW') {
    refuse(socket, new LedgerError('headers_too_large', 'The headers are larger than the service accepts.'))
  } else {
    refuse(socket, new LedgerError('invalid_request', 'This is not HTTP/1.1 as the service understands it.'))
  }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** The response of the request before on the same connection. */
  readonly before: ServerResponse | null
}

/** The last of each connection. Node sends responses in the order of their requests. */
const exchanges = new WeakMap<Duplex, Exchange>()

/**
 * Behind the answers to what came before on the connection: a refusal in front of them would be taken for the answer to another
 * request. A request whose body is not whole is the one that is refused; when it is answered already, the connection just ends.
 */
function refuse(socket: Duplex, error: LedgerError): void {
  const last = exchanges.get(socket)
  if (last === undefined) return sendToSocket(socket, error)
  const { request, response, before } = last
  if (request.complete || response.headersSent) {
    afterwards(response, () => (request.complete ? sendToSocket(socket, error) : socket.end()))
  } else {
    refused.set(request, error)
    afterwards(before, () => sendToSocket(socket, error))
  }
}

/** Requests whose callers were told that they were not whole. The rest of one can still arrive, and must not take effect then. */
const refused = new WeakMap<IncomingMessage, LedgerError>()

/** For a request whose body is there. @throws LedgerError the refusal that its caller has got */
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
