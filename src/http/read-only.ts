/** A service that only reads: every request that would change something is refused, after its key was checked and before it counts. */
import type { FastifyInstance } from 'fastify'
import { LedgerError } from '../api/error.ts'
import { Methods } from './methods.ts'

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** For the routes that are added to `app` from now on. */
export function refuseWrites(app: FastifyInstance): void {
  const methods = new Methods()
  methods.watch(app)
  app.addHook('onRequest', (request, _, done) => {
    // Unknown paths and methods are refused as everywhere else.
    if (READING.has(request.method) || request.is404) return done()
    const allow = methods.of(request.url.split('?', 1)[0]!).filter((method) => READING.has(method))
    done(new LedgerError('read_only', 'This service only reads.', { details: { allow: allow.join(', ') } }))
  })
}
