/** A tracer of OpenTelemetry that only remembers spans, registered through the API as an SDK would be. */
import { AsyncLocalStorage } from 'node:async_hooks'
import {
  context,
  propagation,
  ROOT_CONTEXT,
  trace,
  type Attributes,
  type Context,
  type Link,
  type Span,
  type SpanContext,
  type SpanOptions,
  type SpanStatus,
} from '@opentelemetry/api'

export interface SeenSpan {
  readonly name: string
  readonly kind: number
  readonly context: SpanContext
  readonly parentId: string | undefined
  readonly attributes: Attributes
  readonly links: readonly SpanContext[]
  readonly events: readonly { readonly name: string; readonly attributes: Attributes; readonly at: number }[]
  readonly status: SpanStatus | null
  readonly startedAt: number
  readonly endedAt: number | null
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] }

class TinySpan implements Span {
  readonly seen: Mutable<SeenSpan> & { links: SpanContext[]; events: SeenSpan['events'][number][] }

  readonly #late: string[]

  /** @param late gets the names of spans that are used after their end, which an SDK only warns of */
  constructor(name: string, options: SpanOptions, parent: SpanContext | undefined, late: string[]) {
    this.#late = late
    const traceId = parent?.traceId ?? hex(16)
    this.seen = {
      name,
      kind: options.kind ?? 0,
      context: { traceId, spanId: hex(8), traceFlags: 1 },
      parentId: parent?.spanId,
      attributes: { ...options.attributes },
      links: (options.links ?? []).map((link) => link.context),
      events: [],
      status: null,
      startedAt: Number(options.startTime ?? Date.now()),
      endedAt: null,
    }
  }

  spanContext(): SpanContext {
    return this.seen.context
  }

  isRecording(): boolean {
    return this.seen.endedAt === null
  }

  setAttribute(name: string, value: Attributes[string]): this {
    return this.setAttributes({ [name]: value })
  }

  setAttributes(attributes: Attributes): this {
    this.#requireOpen()
    Object.assign(this.seen.attributes, attributes)
    return this
  }

  addEvent(name: string, attributes: unknown, at: unknown): this {
    this.#requireOpen()
    this.seen.events.push({ name, attributes: attributes as Attributes, at: Number(at) })
    return this
  }

  addLink(link: Link): this {
    return this.addLinks([link])
  }

  addLinks(links: Link[]): this {
    this.#requireOpen()
    this.seen.links.push(...links.map((link) => link.context))
    return this
  }

  setStatus(status: SpanStatus): this {
    this.#requireOpen()
    this.seen.status = status
    return this
  }

  updateName(): this {
    throw new Error('Nobody renames spans.')
  }

  recordException(): void {
    throw new Error('Nobody records exceptions.')
  }

  end(at?: unknown): void {
    this.#requireOpen()
    this.seen.endedAt = Number(at ?? Date.now())
  }

  #requireOpen(): void {
    if (!this.isRecording()) this.#late.push(this.seen.name)
  }
}

/** Registered until it is disposed of. That throws if a span was used after its end. */
export class TinyTracer implements Disposable {
  readonly #spans: TinySpan[] = []
  readonly #late: string[] = []

  /** @param isSampled whether a root span is recorded; a child is as its parent */
  constructor(isSampled: () => boolean = () => true) {
    const startSpan = (name: string, options: SpanOptions = {}, parentContext: Context = context.active()): Span => {
      const parent = trace.getSpanContext(parentContext)
      if (parent === undefined ? !isSampled() : (parent.traceFlags & 1) === 0) {
        return trace.wrapSpanContext({ traceId: parent?.traceId ?? hex(16), spanId: hex(8), traceFlags: 0 })
      }
      const span = new TinySpan(name, options, parent, this.#late)
      this.#spans.push(span)
      return span
    }
    const startActiveSpan = (): never => {
      throw new Error('Nobody starts active spans.')
    }
    trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan, startActiveSpan }) })
    const storage = new AsyncLocalStorage<Context>()
    context.setGlobalContextManager({
      active: () => storage.getStore() ?? ROOT_CONTEXT,
      with: (active, run, self, ...given) => storage.run(active, () => run.call(self as never, ...given)),
      bind: (_, target) => target,
      enable: () => context as never,
      disable: () => context as never,
    })
    propagation.setGlobalPropagator({
      fields: () => ['traceparent'],
      inject: (from, carrier, setter) => {
        const found = trace.getSpanContext(from)
        if (found === undefined) return
        setter.set(carrier, 'traceparent', `00-${found.traceId}-${found.spanId}-0${found.traceFlags}`)
      },
      extract: (to, carrier, getter) => {
        const found = /^00-([0-9a-f]{32})-([0-9a-f]{16})-0([01])$/.exec(String(getter.get(carrier, 'traceparent')))
        if (found === null) return to
        const [, traceId, spanId, flags] = found
        return trace.setSpanContext(to, {
          traceId: traceId!,
          spanId: spanId!,
          traceFlags: Number(flags),
          isRemote: true,
        })
      },
    })
  }

  /** All spans that were begun, in this order. */
  get spans(): readonly SeenSpan[] {
    return this.#spans.map(({ seen }) => seen)
  }

  named(name: string): readonly SeenSpan[] {
    return this.spans.filter((span) => span.name === name)
  }

  /** Runs in the context of a new span, as an instrumented program does; returns the span too. */
  inSpan<Result>(name: string, run: () => Result): { readonly result: Result; readonly span: SeenSpan } {
    const span = new TinySpan(name, {}, trace.getSpanContext(context.active()), this.#late)
    return { result: context.with(trace.setSpan(context.active(), span), run), span: span.seen }
  }

  [Symbol.dispose](): void {
    trace.disable()
    context.disable()
    propagation.disable()
    if (this.#late.length > 0) throw new Error(`Spans were used after their end: ${this.#late.join(', ')}.`)
  }
}

function hex(bytes: number): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('hex')
}
