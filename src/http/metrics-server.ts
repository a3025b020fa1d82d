/** The metrics on a port of their own, for networks in which Prometheus may not reach the service. */
import Fastify, { type FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { answerError, refuseUnknownRoutes } from './ledger-routes.ts'
import { ProblemLog } from './log.ts'
import { METRICS_PATH, sendMetrics, type MetricsText } from './metrics.ts'

/** A server with nothing but the metrics, ready to `listen`. */
export function buildMetricsServer(registry: MetricsText, log: Logger): FastifyInstance {
  const problems = new ProblemLog(log)
  const app = Fastify({ logger: false })
  app.setErrorHandler((thrown, request, reply) => answerError(thrown, { request, reply, problems }))
  refuseUnknownRoutes(app)
  app.get(METRICS_PATH, async (_, reply) => sendMetrics(reply, registry))
  return app
}
