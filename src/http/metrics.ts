/** `GET /metrics` for Prometheus, and the durations of requests. */
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { RequestMeasures } from '../metrics/request-measures.ts'
import { sendText } from './respond.ts'

/** A registry of metrics (src/metrics/registry.ts). */
export interface MetricsText {
  readonly contentType: string
  metrics(): Promise<string>
}

export const METRICS_PATH = '/metrics'

export function metricsRoute(app: FastifyInstance, registry: MetricsText): void {
  app.get(
    METRICS_PATH,
    {
      schema: {
        operationId: 'metrics',
        tags: ['service'],
        summary: 'Metrics of this process, for Prometheus',
        response: {
          200: {
            description: 'Metrics in the text format.',
            content: { 'text/plain': { schema: { type: 'string' } } },
          },
        },
      },
      config: { problems: ['internal'], scopes: ['metrics:read'], about: 'catalogue' },
    },
    async (_, reply) => sendMetrics(reply, registry),
  )
}

export async function sendMetrics(reply: FastifyReply, registry: MetricsText): Promise<FastifyReply> {
  return sendText(reply, await registry.metrics(), registry.contentType)
}

/** Measures every request from now on. One without a route has an empty one. */
export function measureRequests(app: FastifyInstance, requests: RequestMeasures): void {
  app.addHook('onResponse', ({ method, routeOptions }, reply, done) => {
    const route = routeOptions.url ?? ''
    requests.observe({ method, route, status: reply.statusCode, seconds: reply.elapsedTime / 1_000 })
    done()
  })
}
