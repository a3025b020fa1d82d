/** A service that only reads: every request that would change something is refused, after its key was checked and before it counts. */
import type { FastifyInstance } from 'fastify'
import { LedgerError } from '../api/error.ts'
import type { ReplicaWatch } from '../engine/replica-watch.ts'
import { Methods } from './methods.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether a route of another method than GET changes nothing. */
    changesNothing?: boolean
  }
}

/**
 * By how many milliseconds the rows of an answer may be behind, at most; `unknown`. What was committed earlier is in the answer. Absent where rows
 * are not behind: at a primary.
 */
const LAG_HEADER = 'holdfast-replica-lag-ms'

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** For the routes that are added to `app` from now on. */
export function refuseWrites(app: FastifyInstance): void {
  const methods = new Methods()
  methods.watch(app)
  app.addHook('onRequest', (request, _, done) => {
    // Unknown paths and methods are refused as everywhere else.
    const { changesNothing = READING.has(request.method) } = request.routeOptions.config
    if (changesNothing || request.is404) return done()
    const allow = methods.of(request.url.split('?', 1)[0]!).filter((method) => READING.has(method))
    done(new LedgerError('read_only', 'This service only reads.', { details: { allow: allow.join(', ') } }))
  })
}

/** Answers to reads say how old their rows may be, for the routes that are added to `app` from now on. */
export function showLag(app: FastifyInstance, replica: Pick<ReplicaWatch, 'current'>): void {
  const versioned = `${app.prefix}/v1/`
  app.addHook('onSend', (request, reply, payload, done) => {
    if (request.url.startsWith(versioned) && reply.statusCode < 400) {
      const { role, lagMs } = replica.current()
      if (role !== 'primary') reply.header(LAG_HEADER, lagMs ?? 'unknown')
    }
    done(null, payload)
  })
}
