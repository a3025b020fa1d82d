/**
 * Admission control (law 8). A request over the limit is refused after its headers, before its body is read. A refusal costs a
 * fraction of a served request, so most of the time is left for the admitted requests. Each caller may have a rate, and only a share of what
 * is limited while others want it.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { LedgerError } from '../api/error.ts'
import { overloaded } from '../engine/queue.ts'
import { SharedPlaces, type Crowd } from '../engine/shares.ts'
import type { Backend } from './backend.ts'
import { callerOf } from './caller.ts'
import { Company, weightOf, type Visit } from './company.ts'
import type { HttpLimits } from './limits.ts'
import type { CallerRates } from './rates.ts'
import { prepareRefusal, sendError } from './respond.ts'

/** Only these routes are limited, below the prefix of the application: the health routes must also respond under load. */
const LIMITED = '/v1/'
const RETRY_AFTER_MS = 1_000

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the body is read piece by piece, so that a large one is no more work in a turn of the event loop. */
    streamsBody?: boolean
  }
}

type Refuse = (request: FastifyRequest, reply: FastifyReply) => void

export function limitRequests(
  app: FastifyInstance,
  { engine }: Backend,
  limits: HttpLimits,
  rates: CallerRates,
  onRefusal: (request: FastifyRequest, error: LedgerError) => void,
): void {
  const { requestsInFlightMax } = limits
  /** The response is prepared once, because there can be thousands of refusals per second. */
  const refusal = (error: LedgerError): Refuse => {
    const send = prepareRefusal(error)
    return (request, reply) => {
      onRefusal(request, error)
      send(reply)
    }
  }
  const tooMany = (message: string): Refuse =>
    refusal(new LedgerError('overloaded', message, { retryAfterMs: RETRY_AFTER_MS }))
  const refuseRequest: Readonly<Record<Exclude<Crowd, 'account'>, Refuse>> = {
    all: tooMany(`${requestsInFlightMax} requests are already in progress.`),
    caller: tooMany(`The caller has its share of the ${requestsInFlightMax} requests that can be in progress.`),
  }
  const queueIsFull = (crowd: Crowd): Refuse => refusal(LedgerError.fromFault(overloaded(crowd, engine.limits)))
  const refuseCommand: Readonly<Record<Crowd, Refuse>> = {
    all: queueIsFull('all'),
    caller: queueIsFull('caller'),
    account: queueIsFull('account'),
  }
  const limited = app.prefix + LIMITED
  const inProgress = new SharedPlaces(requestsInFlightMax)
  const company = new Company(limits, () => engine.quickestCommitMs ?? 0)
  app.addHook('preClose', async () => await company.end())
  const refuseWaiting = tooMany(
    `The caller's requests waited for ${limits.companyWaitMsMax} ms, because others call too.`,
  )

  app.addHook('onRequest', (request, reply, done) => {
    if (!request.url.startsWith(limited)) return done()
    const caller = callerOf(request)
    const refusedByRate = rates.admit(request)
    if (refusedByRate !== null) {
      onRefusal(request, refusedByRate)
      return void sendError(reply, refusedByRate)
    }
    const full = request.method === 'POST' ? engine.crowdFor(caller, null) : null
    if (full !== null) return refuseCommand[full](request, reply)
    const crowd = inProgress.enter(caller)
    if (crowd !== null) return refuseRequest[crowd](request, reply)
    const visit: Visit = {
      caller,
      weight: request.routeOptions.config.streamsBody === true ? 1 : weightOf(request.raw, limits),
      hasOwnConnection: request.ip === request.socket.remoteAddress,
      go: done,
      refuse: () => refuseWaiting(request, reply),
      onGone: () => inProgress.leave(caller),
    }
    company.receive(visit, reply.raw)
  })
}
