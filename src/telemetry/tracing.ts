/**
 * Traces by the API of OpenTelemetry: a span per call of the ledger, and one per batch that has recorded calls, linked with their spans.
 *
 * The API is loaded only if somebody has registered a tracer before the ledger is opened; without one there is nothing of this file at
 * work. Attributes have no names, ids and amounts unless that is asked for.
 */
import type * as OpenTelemetry from '@opentelemetry/api'
import type { Attributes, Context, Link, Span } from '@opentelemetry/api'
import type { Command } from '../domain/command.ts'
import type { Outcome } from '../domain/outcome.ts'
import { systemClock, type Clock } from '../engine/clock.ts'
import type { ObservedBatch } from '../engine/observer.ts'
import type { Origin } from '../engine/ticket.ts'
import { VERSION } from '../version.ts'
import type { BeganCall, CallSpan, CallTracing, TracingOptions } from './call-tracing.ts'
import { factsOf } from './command-facts.ts'

type Api = typeof OpenTelemetry

/** What all versions 1 of the API share: the slot in which a tracer is registered. */
const SLOT = Symbol.for('opentelemetry.js.api.1')

/** The SDK of OpenTelemetry keeps so many links of a span. */
const LINKS_MAX = 128

/** Null when no tracer is registered, or the API is not installed. */
export async function openTracing(
  options: TracingOptions = {},
  clock: Pick<Clock, 'now' | 'elapsed'> = systemClock,
): Promise<CallTracing | null> {
  const slot = (globalThis as { readonly [SLOT]?: { readonly trace?: unknown } })[SLOT]
  if (slot?.trace === undefined) return null
  try {
    return new Tracing(await import('@opentelemetry/api'), options, clock)
  } catch {
    return null
  }
}

class Tracing implements CallTracing {
  readonly #api: Api
  readonly #tracer: ReturnType<Api['trace']['getTracer']>
  readonly #details: boolean
  readonly #clock: Pick<Clock, 'now' | 'elapsed'>

  constructor(api: Api, { details = false }: TracingOptions, clock: Pick<Clock, 'now' | 'elapsed'>) {
    this.#api = api
    this.#tracer = api.trace.getTracer('holdfast', VERSION)
    this.#details = details
    this.#clock = clock
  }

  begin({ commands, headers }: BeganCall): CallSpan | null {
    const { context, propagation, trace, SpanKind } = this.#api
    let parent = context.active()
    if (headers !== undefined && trace.getSpanContext(parent) === undefined)
      parent = propagation.extract(parent, headers)
    const [first] = commands
    const isBatch = commands.length !== 1
    const attributes = isBatch ? { 'holdfast.commands': commands.length } : this.#attributesOf(first!)
    const kind = headers === undefined ? SpanKind.INTERNAL : SpanKind.SERVER
    const name = isBatch ? 'holdfast.batch_request' : `holdfast.${first!.kind}`
    const span = this.#tracer.startSpan(name, { kind, attributes }, parent)
    return span.isRecording() ? new RecordedCall(this.#api, span) : null
  }

  /** The span of a batch is a child of its first recorded call, so that a sampler decides as it did there, and linked with all of them. */
  readonly onBatch = (batch: ObservedBatch): void => {
    const calls = recordedCalls(batch)
    const [first] = calls
    if (first === undefined) return
    const { trace, ROOT_CONTEXT } = this.#api
    const parent: Context = trace.setSpan(ROOT_CONTEXT, first)
    const links: Link[] = calls.slice(0, LINKS_MAX).map((call) => ({ context: call.spanContext() }))
    const { number, size, attempts, path, result, takenAt, answeredAt } = batch
    const offset = this.#clock.now() - this.#clock.elapsed()
    const attributes: Attributes = {
      'holdfast.batch': number,
      'holdfast.commands': size,
      'holdfast.attempts': attempts,
      'holdfast.result': result,
      ...(path === null ? {} : { 'holdfast.path': path }),
    }
    const span = this.#tracer.startSpan('holdfast.batch', { attributes, links, startTime: offset + takenAt }, parent)
    for (const { path, at, ms, result } of batch.tries) {
      span.addEvent('attempt', { 'holdfast.path': path }, offset + at)
      if (result !== 'committed') span.addEvent('conflict', { 'holdfast.conflict': result }, offset + at + ms)
    }
    if (result === 'faulted') span.setStatus({ code: this.#api.SpanStatusCode.ERROR })
    span.end(offset + answeredAt)
    for (const call of calls) {
      if (!call.isRecording()) continue
      call.setAttribute('holdfast.batch', number)
      // Since version 1.9 of the API.
      ;(call as Partial<Pick<Span, 'addLink'>>).addLink?.({ context: span.spanContext() })
    }
  }

  #attributesOf(command: Command): Attributes {
    if (!this.#details) return { 'holdfast.command': command.kind }
    const { kind, account, asset, amount, requestId, hold } = factsOf(command, null)
    return {
      'holdfast.command': kind,
      ...present({
        'holdfast.account': account,
        'holdfast.asset': asset,
        'holdfast.amount': amount,
        'holdfast.request_id': requestId,
        'holdfast.hold': hold,
      }),
    }
  }
}

class RecordedCall implements CallSpan {
  readonly #api: Api
  readonly #span: Span

  constructor(api: Api, span: Span) {
    this.#api = api
    this.#span = span
  }

  get origin(): Origin {
    return { traceId: this.#span.spanContext().traceId, span: this.#span }
  }

  async around<Result extends Outcome | readonly unknown[]>(submit: () => Promise<Result>): Promise<Result> {
    const span = this.#span
    try {
      const result = await submit()
      if ('status' in result) span.setAttributes(endOf(result))
      return result
    } catch (error) {
      const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'internal'
      span.setAttributes({ 'holdfast.outcome': 'faulted', 'holdfast.code': code })
      span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: code })
      throw error
    } finally {
      span.end()
    }
  }
}

function endOf(outcome: Outcome): Attributes {
  if (outcome.status === 'rejected') {
    return { 'holdfast.outcome': 'rejected', 'holdfast.code': outcome.rejection.code }
  }
  return { 'holdfast.outcome': outcome.replayed ? 'replayed' : 'applied' }
}

/** The spans of the calls of a batch, each once. Some may have ended: their callers gave up. */
function recordedCalls({ answered }: ObservedBatch): readonly Span[] {
  const spans = new Set<Span>()
  for (const { origin } of answered) if (origin?.span !== undefined) spans.add(origin.span as Span)
  return [...spans]
}

function present(values: Readonly<Record<string, string | undefined>>): Attributes {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}
