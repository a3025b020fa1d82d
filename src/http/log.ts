/** The log of requests: method, route, status and duration. It contains no bodies, no names and no headers. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { LedgerError } from '../api/error.ts'
import type { ProblemCode } from '../api/problem.ts'
import { systemClock, type Clock } from '../engine/clock.ts'
import { CountedLines } from '../telemetry/counted-lines.ts'
import { PROBLEM_LINE_MS } from '../telemetry/limits.ts'
import { asksForHealth } from './routes/health.ts'
import { traceIdOf } from './trace.ts'

/**
 * Logs problems: errors of the service with their cause, retryable problems at most once per second and code, errors of callers at level
 * debug.
 */
export class ProblemLog {
  readonly #log: Logger
  readonly #lines: CountedLines<ProblemCode>

  constructor(log: Logger, clock: Pick<Clock, 'after'> = systemClock) {
    this.#log = log
    this.#lines = new CountedLines(PROBLEM_LINE_MS, clock)
  }

  write(request: FastifyRequest, error: LedgerError): void {
    const { code, message, applied, details, status, retryable } = error
    const level = status < 500 ? 'debug' : retryable ? 'warn' : 'error'
    if (!this.#log.isLevelEnabled(level)) return
    const write = (count?: number): void => {
      const err = level === 'error' ? error : undefined
      this.#log[level]({ ...about(request), code, applied, requestId: details.requestId, count, err }, message)
    }
    if (level === 'warn') this.#lines.note(code, write)
    else write()
  }

  /** Of callers that were refused by their rate: how many, and no more about them. */
  countRateLimited(): void {
    this.#lines.note('rate_limited', (count) =>
      this.#log.info({ code: 'rate_limited', count }, 'requests were refused by the rate of their callers'),
    )
  }

  /** Writes what is counted. */
  flush(): void {
    this.#lines.flush()
  }
}

/** Logs one line per request, except health probes. It is optional, because a line costs more than many requests. */
export function logRequests(app: FastifyInstance, log: Logger): void {
  app.addHook('onResponse', (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    // Whoever asks for these asks every few seconds.
    if (asksForHealth(request, app.prefix)) return done()
    const durationMs = Math.round(reply.elapsedTime * 1000) / 1000
    log.info({ ...about(request), status: reply.statusCode, durationMs }, 'answered')
    done()
  })
}

function about(request: FastifyRequest): object {
  return {
    callId: request.id,
    traceId: traceIdOf(request),
    method: request.method,
    // The pattern of the route, because the path contains names.
    route: request.routeOptions.url,
  }
}
