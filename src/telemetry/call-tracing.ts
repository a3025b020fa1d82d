/** Traces of calls, without the types of OpenTelemetry: those of the package must not need it. */
import type { Command } from '../domain/command.ts'
import type { Outcome } from '../domain/outcome.ts'
import type { Observer } from '../engine/observer.ts'
import type { Origin } from '../engine/ticket.ts'

export interface TracingOptions {
  /** Whether spans of calls have the account, the asset, the amount and the ids of their command. Default false. */
  readonly details?: boolean
}

export interface BeganCall {
  /** The commands of the call, one or more: with several it is a batch request. */
  readonly commands: readonly Command[]
  /** The headers of the request, if it came over HTTP. */
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>
}

export interface CallTracing extends Observer {
  /** The span of a call; null if it is not recorded. It is a child of the span that is active, or of the one that the headers name. */
  begin(call: BeganCall): CallSpan | null
}

/** The span of a call that is under way. */
export interface CallSpan {
  readonly origin: Origin
  /** Ends the span with the outcome of `submit`. @throws as `submit` */
  around<Result extends Outcome | readonly unknown[]>(submit: () => Promise<Result>): Promise<Result>
}
