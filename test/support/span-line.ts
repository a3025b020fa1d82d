/** A span as an exporter of OpenTelemetry's SDK gets it, reduced to what tests compare. */
import type { Attributes, HrTime } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node'

export interface SpanLine {
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string | null
  readonly attributes: Attributes
  /** Span ids, sorted. */
  readonly links: readonly string[]
  readonly events: readonly { readonly name: string; readonly attributes: Attributes; readonly at: number }[]
  readonly statusCode: number
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly endedAt: number
}

export function spanLineOf(span: ReadableSpan): SpanLine {
  const { traceId, spanId } = span.spanContext()
  return {
    name: span.name,
    kind: span.kind,
    traceId,
    spanId,
    parentId: span.parentSpanContext?.spanId ?? null,
    attributes: span.attributes,
    links: span.links.map(({ context }) => context.spanId).toSorted(),
    events: span.events.map(({ name, attributes = {}, time }) => ({ name, attributes, at: millisecondsOf(time) })),
    statusCode: span.status.code,
    startedAt: millisecondsOf(span.startTime),
    endedAt: millisecondsOf(span.endTime),
  }
}

function millisecondsOf([seconds, nanoseconds]: HrTime): number {
  return seconds * 1000 + nanoseconds / 1e6
}
