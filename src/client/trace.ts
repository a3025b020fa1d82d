/** The trace that a call belongs to, as the value of the header `traceparent` (W3C Trace Context). */

/** Returns the value for a call that is made now; undefined for none. */
export type Trace = () => string | undefined

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

/** The slot in which all versions 1 of the API of OpenTelemetry keep what is registered: so nothing has to be imported. */
const SLOT = Symbol.for('opentelemetry.js.api.1')

interface Registered {
  readonly context?: { active(): unknown }
  readonly propagation?: {
    inject(context: unknown, carrier: object, setter: { set(carrier: object, name: string, value: string): void }): void
  }
}

/** Of the span that is active in OpenTelemetry, if an application uses that. */
export const activeTrace: Trace = () => {
  const { context, propagation } = (globalThis as { readonly [SLOT]?: Registered })[SLOT] ?? {}
  if (context === undefined || propagation === undefined) return undefined
  let found: string | undefined
  propagation.inject(
    context.active(),
    {},
    {
      set: (_, name, value) => {
        if (name === 'traceparent') found = value
      },
    },
  )
  return found
}

/** The header of a call that is made now. A trace that fails, or is none, is left out: it must not stop a call. */
export function traceOf(trace: Trace): string | null {
  try {
    const value = trace()
    return typeof value === 'string' && TRACEPARENT.test(value) ? value : null
  } catch {
    return null
  }
}
