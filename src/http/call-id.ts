/**
 * Call ids: `X-Request-Id` names one HTTP call in the logs of all programs that it passes. It has nothing to do with the request id of a
 * command, which makes the command idempotent: a repeat is another call.
 */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'

/** Visible ASCII without quotes, so that it is safe in a log and in a header. */
const CALL_ID = /^[\w.:/+=@~-]{1,128}$/

/** The caller's id, or a new one if it sent none, or one that is too long or has other characters. */
export function callIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && CALL_ID.test(given) ? given : randomUUID()
}

/** Every response has the id of its call. */
export function returnCallIds(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    done()
  })
}
