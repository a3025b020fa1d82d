/** The log of requests: method, route, status and duration. It contains no bodies, no names and no headers. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { LedgerError } from '../api/error.ts'
import type { ProblemCode } from '../api/problem.ts'
import { HEALTH_PATHS } from './routes/health.ts'
import { traceIdOf } from './trace.ts'

/** One line per second and code is enough to see, for example, that the queue is full. */
const REPEAT_MS = 1_000

/** Logs problems: errors of the service with their cause, retryable problems at most once per second, errors of callers at level debug. */
export class ProblemLog {
  readonly #log: Logger
  readonly #passing = new Map<ProblemCode, { readonly nextAt: number; silentCount: number }>()

  constructor(log: Logger) {
    this.#log = log
  }

  write(request: FastifyRequest, error: LedgerError): void {
    const { code, message, applied, details, status, retryable } = error
    const level = status < 500 ? 'debug' : retryable ? 'warn' : 'error'
    if (!this.#log.isLevelEnabled(level)) return
    const silentCount = level === 'warn' ? this.#pass(code, performance.now()) : undefined
    if (silentCount === null) return
    const { requestId } = details
    const err = level === 'error' ? error : undefined
    this.#log[level]({ ...about(request), code, applied, requestId, silentCount, err }, message)
  }

  /** The number of problems of this code that were skipped since the last logged one; null if this one is skipped too. */
  #pass(code: ProblemCode, now: number): number | null {
    const last = this.#passing.get(code)
    if (last !== undefined && now < last.nextAt) {
      last.silentCount += 1
      return null
    }
    this.#passing.set(code, { nextAt: now + REPEAT_MS, silentCount: 0 })
    return last?.silentCount ?? 0
  }
}

/** Whoever asks for these asks every few seconds. */
const PROBES: ReadonlySet<string> = new Set(HEALTH_PATHS)

/** Logs one line per request, except health probes. It is optional, because a line costs more than many requests. */
export function logRequests(app: FastifyInstance, log: Logger): void {
  app.addHook('onResponse', (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    if (PROBES.has(request.url.slice(app.prefix.length))) return done()
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
