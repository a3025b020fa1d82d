import type { FastifyInstance, FastifyRequest } from 'fastify'
import { LedgerError } from '../../api/error.ts'
import { Health, Readiness, type ReadinessWire } from '../../api/outcome-schemas.ts'
import type { Backend } from '../backend.ts'
import { answers } from '../openapi.ts'
import { sendFound } from '../respond.ts'
import type { ReplicaLag } from '../../engine/replica-watch.ts'
import { expiryWarnings, type Warnings } from '../warnings.ts'

/** `/livez` and `/healthz` are the same: systems that probe know one or the other. */
const LIVENESS = [
  { path: '/livez', operationId: 'liveness' },
  { path: '/healthz', operationId: 'health' },
] as const
const READINESS = '/readyz'

export const HEALTH_PATHS: readonly string[] = [...LIVENESS.map(({ path }) => path), READINESS]

/** Whether a request asks for the health of the service, with or without a query. @param prefix that of the application */
export function asksForHealth({ url }: Pick<FastifyRequest, 'url'>, prefix = ''): boolean {
  return HEALTH_PATHS.includes(url.slice(prefix.length).split('?', 1)[0]!)
}

export function healthRoutes(
  app: FastifyInstance,
  backend: Backend,
  warnings: Warnings,
  isStarting: () => boolean = () => false,
): void {
  for (const { path, operationId } of LIVENESS) {
    app.get(
      path,
      {
        schema: {
          operationId,
          tags: ['service'],
          summary: 'Liveness: the process responds',
          response: { 200: answers(Health) },
        },
        // The health port may also answer so.
        config: { problems: ['unresponsive'] },
      },
      (_, reply) => sendFound(reply, { status: 'alive' }),
    )
  }
  app.get(
    READINESS,
    {
      schema: {
        operationId: 'readiness',
        tags: ['service'],
        summary: 'Readiness: the service can commit, or can read if it was started for reading only',
        response: { 200: answers(Readiness) },
      },
      config: {
        problems: [
          'starting',
          'unresponsive',
          'store_unavailable',
          'store_misconfigured',
          'replica_behind',
          'clock_wrong',
          'shutting_down',
          'internal',
        ],
      },
    },
    async (_, reply) => {
      await backend.engine.ready()
      if (isStarting()) throw new LedgerError('starting', 'The service is warming up.')
      const replica = (await backend.replica?.check()) ?? null
      if (replica !== null && replica.behind !== null && backend.isReadOnly === true) throw replicaBehind(replica)
      const known = await warnings.current()
      const expiry = backend.sweeper?.status ?? null
      const body: ReadinessWire = {
        status: 'ready',
        store: backend.store.kind,
        replica: replica && { role: replica.role, lagMs: replica.lagMs },
        expiry: expiry && {
          lagMs: Math.round(expiry.lagMs),
          backlog: expiry.backlog,
          lookAgeMs: Math.round(expiry.lookAgeMs),
          swept: expiry.swept,
        },
        warnings: [
          ...known,
          ...(replica === null || replica.behind === null
            ? []
            : [`Lists are read from the primary. ${replica.behind}`]),
          ...backend.engine.clockWarnings,
          ...expiryWarnings(expiry),
        ],
      }
      return sendFound(reply, body)
    },
  )
}

function replicaBehind({ lagMs, behind }: ReplicaLag): LedgerError {
  return new LedgerError('replica_behind', behind!, { details: { lagMs } })
}
