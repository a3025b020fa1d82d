/** Which pages may call the service from a browser (CORS). Without a list of origins, none may. */
import type { FastifyCorsOptions } from '@fastify/cors'

/** The time for which a browser remembers that a call is allowed. */
const PREFLIGHT_AGE_S = 600

/** @param origins `*` allows all of them */
export function corsOptions(origins: readonly string[]): FastifyCorsOptions {
  return {
    origin: origins.includes('*') ? '*' : [...origins],
    methods: ['GET', 'POST', 'PUT'],
    exposedHeaders: ['ETag', 'Idempotent-Replayed', 'Retry-After', 'X-Request-Id'],
    maxAge: PREFLIGHT_AGE_S,
  }
}
