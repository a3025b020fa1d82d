/**
 * Who is let in. Beyond what can be served in time a request is refused before anything of it is read but its head: that costs
 * a fraction of serving it, so that most of the time is left for those who were let in (law 8).
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { LedgerError } from '../api/error.ts'
import type { Backend } from './backend.ts'
import type { HttpLimits } from './limits.ts'
import { prepareRefusal } from './respond.ts'

/** Whoever asks how the service is should hear it, above all when it has much to do. */
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
  const tooMany = new LedgerError('overloaded', `${requestsInFlightMax} requests are under way already.`, {
    retryAfterMs: RETRY_AFTER_MS,
  })
  const queueFull = new LedgerError('overloaded', `${queueCommandsMax} commands are waiting already.`, {
    retryAfterMs: RETRY_AFTER_MS,
  })
  // Made once: a thousand refusals a second must not each make the same text.
  const sendTooMany = prepareRefusal(tooMany)
  const sendQueueFull = prepareRefusal(queueFull)
  let inFlight = 0
  const leave = (): void => void inFlight--

  app.addHook('onRequest', (request, reply, done) => {
    if (!request.url.startsWith(LIMITED)) return done()
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
