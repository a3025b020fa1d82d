/** All responses are written here; no other file sets a status. */
import { Readable, type Duplex } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyReply } from 'fastify'
import { answeredOf } from '../api/answered.ts'
import type { Contract } from '../api/contract.ts'
import type { LedgerError } from '../api/error.ts'
import { problemOfRejection } from '../api/problem-details.ts'
import { PROBLEM_TYPE, retryAfterSeconds } from '../api/problem-response.ts'
import type { OutcomeWire, ProblemWire } from '../api/outcome-schemas.ts'
import type { CommandKind } from '../domain/command.ts'
import { PAGE_BYTES_MAX } from '../domain/page.ts'
import type { Outcome } from '../domain/outcome.ts'

const JSON_TYPE = 'application/json; charset=utf-8'

export function sendOutcome(
  reply: FastifyReply,
  { kind, route, answer, answered }: Contract,
  outcome: Outcome,
): FastifyReply {
  if (outcome.status === 'rejected') return sendProblem(reply, problemOfRejection(outcome.rejection))
  if (outcome.replayed) reply.header('idempotent-replayed', 'true')
  const tag = answer.tag?.(outcome.answer) ?? null
  if (tag !== null) reply.header('etag', `"${tag}"`)
  return protect(reply)
    .code(route.status)
    .send(answered.toWire(answeredOf(kind as CommandKind, outcome)))
}

export function sendFound(reply: FastifyReply, body: object): FastifyReply {
  return protect(reply).code(200).send(body)
}

/** @param type the Content-Type */
export function sendText(reply: FastifyReply, text: string, type: string): FastifyReply {
  return protect(reply).header('content-type', type).code(200).send(text)
}

/** A new thing that is no answer of a command. */
export function sendMade(reply: FastifyReply, body: object): FastifyReply {
  return protect(reply).code(201).send(body)
}

/** @param policy the Content-Security-Policy */
export function sendPage(reply: FastifyReply, page: string, policy: string): FastifyReply {
  reply.header('content-type', 'text/html; charset=utf-8').header('content-security-policy', policy)
  return protect(reply).header('referrer-policy', 'no-referrer').code(200).send(page)
}

/** An answer that has a tag. @param isKnown whether the caller has it already */
export function sendTagged(
  reply: FastifyReply,
  body: object,
  { tag, isKnown }: { readonly tag: string; readonly isKnown: boolean },
): FastifyReply {
  protect(reply).header('etag', `"${tag}"`)
  return isKnown ? reply.code(304).send() : reply.code(200).send(body)
}

/** The UTF-16 units of a response that are written in one turn of the event loop. */
const PART_CHARACTERS = 65_536

/**
 * The outcomes of a batch. A thousand holds with the largest metadata are a hundred megabytes, so what is larger than a page is written
 * in parts, at the speed of the caller.
 *
 * @param giveWay called between two parts of what is sent at once
 * @param onLarge called if the response is larger than a page
 */
export async function sendOutcomes(
  reply: FastifyReply,
  outcomes: readonly OutcomeWire[],
  { giveWay, onLarge }: { readonly giveWay: () => Promise<void>; readonly onLarge: () => void },
): Promise<FastifyReply> {
  const parts = partsOf(outcomes)
  let begun = ''
  let part = parts.next()
  for (; part.done !== true && begun.length <= PAGE_BYTES_MAX; part = parts.next()) {
    if (begun !== '') await giveWay()
    begun += part.value
  }
  protect(reply).code(200).header('content-type', JSON_TYPE)
  if (part.done === true) return reply.send(begun)
  onLarge()
  return reply.send(Readable.from(inTurns([begun, part.value], parts), { objectMode: false }))
}

function* partsOf(outcomes: readonly OutcomeWire[]): Generator<string, undefined> {
  let text = '{"outcomes":['
  for (const [index, outcome] of outcomes.entries()) {
    if (text.length > PART_CHARACTERS) {
      yield text
      text = ''
    }
    text += (index === 0 ? '' : ',') + JSON.stringify(outcome)
  }
  yield `${text}]}`
}

async function* inTurns(begun: readonly string[], rest: Iterable<string>): AsyncGenerator<string> {
  yield* begun
  for (const part of rest) {
    await nextTurn()
    yield part
  }
}

/**
 * Sends a file while it is generated. After an error the connection is reset: an HTTP/1.0 response ends with its connection, so an
 * ordinary close would make a truncated file look complete.
 */
export function sendFile(
  reply: FastifyReply,
  file: { readonly name: string; readonly type: string; readonly content: Readable },
): FastifyReply {
  file.content.once('error', () => {
    if (reply.raw.headersSent) reply.raw.req.socket.resetAndDestroy()
  })
  reply.header('content-type', `${file.type}; charset=utf-8`)
  reply.header('content-disposition', `attachment; filename="${file.name}"`)
  return protect(reply).code(200).send(file.content)
}

/** @param type the Content-Type of lines that are written as they come */
export function sendLines(reply: FastifyReply, lines: Readable, type: string): FastifyReply {
  return protect(reply).header('content-type', `${type}; charset=utf-8`).code(200).send(lines)
}

export function sendError(reply: FastifyReply, error: LedgerError): FastifyReply {
  // RFC 9110, section 15.5.6: the header must be there, and may be empty.
  if (error.status === 405) reply.header('allow', String(error.details['allow']))
  return sendProblem(reply, error.toJSON())
}

function sendProblem(reply: FastifyReply, problem: ProblemWire): FastifyReply {
  if (problem.retryAfterMs !== undefined) reply.header('retry-after', retryAfterSeconds(problem.retryAfterMs))
  reply.header('content-type', PROBLEM_TYPE)
  return protect(reply).code(problem.status).send(JSON.stringify(problem))
}

/** Prepares the response for an error that is the same every time. */
export function prepareRefusal(error: LedgerError): (reply: FastifyReply) => FastifyReply {
  const problem = error.toJSON()
  const body = JSON.stringify(problem)
  const seconds = retryAfterSeconds(problem.retryAfterMs ?? 0)
  return (reply) =>
    protect(reply).code(problem.status).header('retry-after', seconds).header('content-type', PROBLEM_TYPE).send(body)
}

/** Responses must not be cached or sniffed as executable. */
function protect(reply: FastifyReply): FastifyReply {
  return reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff')
}

/** Sends a problem on a connection without a valid request. */
export function sendToSocket(socket: Duplex, error: LedgerError): void {
  const { status, title } = error
  const body = JSON.stringify(error)
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
