/**
 * Admission control (law 8). A request over the limit is refused after its headers, before its body is read. A refusal costs a
 * fraction of a served request, so most of the time is left for the admitted requests.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { LedgerError } from '../api/error.ts'
import type { Backend } from './backend.ts'
import type { HttpLimits } from './limits.ts'
import { prepareRefusal } from './respond.ts'

/** Only these routes are limited, below the prefix of the application: the health routes must also respond under load. */
const LIMITED = '/v1/'
const RETRY_AFTER_MS = 1_000

export function limitRequests(
  app: FastifyInstance,
  { engine }: Backend,
  limits: HttpLimits,
  onRefusal: (request: FastifyRequest, error: LedgerError) => void,
): void {
  const { requestsInFlightMax } = limits
  const { queueCommandsMax } = engine.limits
  const tooMany = new LedgerError('overloaded', `${requestsInFlightMax} requests are already in progress.`, {
    retryAfterMs: RETRY_AFTER_MS,
  })
  const queueFull = new LedgerError('overloaded', `${queueCommandsMax} commands are already waiting.`, {
    retryAfterMs: RETRY_AFTER_MS,
  })
  // The response is prepared once, because there can be thousands of refusals per second.
  const sendTooMany = prepareRefusal(tooMany)
  const sendQueueFull = prepareRefusal(queueFull)
  const limited = app.prefix + LIMITED
  let inFlight = 0
  const leave = (): void => void inFlight--

  app.addHook('onRequest', (request, reply, done) => {
    if (!request.url.startsWith(limited)) return done()
    if (inFlight >= requestsInFlightMax) {
      onRefusal(request, tooMany)
      return void sendTooMany(reply)
    }
    if (request.method === 'POST' && engine.queueDepth >= queueCommandsMax) {
      onRefusal(request, queueFull)
      return void sendQueueFull(reply)
    }
    inFlight++
    reply.raw.once('close', leave)
    done()
  })
}
