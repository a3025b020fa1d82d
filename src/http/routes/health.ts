import type { FastifyInstance } from 'fastify'
import { Health, Readiness, type ReadinessWire } from '../../api/outcome-schemas.ts'
import type { Backend } from '../backend.ts'
import { answers } from '../openapi.ts'
import { sendFound } from '../respond.ts'
import { expiryWarnings, type Warnings } from '../warnings.ts'

export function healthRoutes(app: FastifyInstance, backend: Backend, warnings: Warnings): void {
  app.get(
    '/healthz',
    {
      schema: {
        operationId: 'health',
        tags: ['service'],
        summary: 'Liveness: the process responds',
        response: { 200: answers(Health) },
      },
    },
    (_, reply) => sendFound(reply, { status: 'alive' }),
  )
  app.get(
    '/readyz',
    {
      schema: {
        operationId: 'readiness',
        tags: ['service'],
        summary: 'Readiness: the service can commit',
        response: { 200: answers(Readiness) },
      },
      config: { problems: ['store_unavailable', 'store_misconfigured', 'clock_wrong', 'shutting_down', 'internal'] },
    },
    async (_, reply) => {
      await backend.engine.ready()
      const known = await warnings.current()
      const expiry = backend.sweeper?.status ?? null
      const body: ReadinessWire = {
        status: 'ready',
        store: backend.store.kind,
        expiry: expiry && {
          lagMs: Math.round(expiry.lagMs),
          backlog: expiry.backlog,
          lookAgeMs: Math.round(expiry.lookAgeMs),
          swept: expiry.swept,
        },
        warnings: [...known, ...backend.engine.clockWarnings, ...expiryWarnings(expiry)],
      }
      return sendFound(reply, body)
    },
  )
}
