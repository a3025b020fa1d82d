/** The trace that a call belongs to (W3C Trace Context). */
import type { FastifyRequest } from 'fastify'

/** A trace id of zeros is invalid. */
const TRACEPARENT = /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/

/** The trace id of the header `traceparent`, 32 hexadecimal digits; undefined without a valid one. */
export function traceIdOf({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
  const { traceparent } = headers
  return typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent)?.[1] : undefined
}
