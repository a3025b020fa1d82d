/** The shape of what can go wrong; problems.ts is the catalogue. */
import type { Applied, FaultCode, Rejection, RejectionCode } from '../domain/outcome.ts'

/** What the edges refuse before or instead of asking the engine. */
export type EdgeCode =
  | 'invalid_request'
  | 'account_not_found'
  | 'entry_not_found'
  | 'route_not_found'
  | 'method_not_allowed'
  | 'request_timeout'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'headers_too_large'

/** What only the client over HTTP meets; no service answers them. */
export type ConnectionCode = 'service_unreachable' | 'unexpected_answer'

export type ProblemCode = RejectionCode | FaultCode | EdgeCode | ConnectionCode
export type ServiceCode = Exclude<ProblemCode, ConnectionCode>

/** How a field of a problem travels: amounts as decimal strings, the others as they are. */
export type ProblemFieldKind = 'text' | 'amount' | 'integer'

export interface ProblemField {
  readonly kind: ProblemFieldKind
  readonly meaning: string
}

export interface Problem {
  /** The HTTP status. */
  readonly status: number
  readonly title: string
  /** True when the same request, unchanged and under the same request id, may succeed if it is sent again. */
  readonly retryable: boolean
  /** Whether the command may have had an effect; a fault can say otherwise for itself. */
  readonly applied: Applied
  /** How long to wait before trying again when the fault itself does not say, in milliseconds. */
  readonly retryAfterMs: number | null
  readonly meaning: string
  readonly remedy: string
  /** What the problem carries besides the members that every problem has. */
  readonly fields: Readonly<Record<string, ProblemField>>
}

type KindOf<Value> = Value extends bigint ? 'amount' : Value extends number ? 'integer' : 'text'

export type RejectionFields<Code extends RejectionCode> = {
  readonly [Name in Exclude<keyof Extract<Rejection, { code: Code }>, 'code'>]: {
    readonly kind: KindOf<Extract<Rejection, { code: Code }>[Name]>
    readonly meaning: string
  }
}

export type Catalogue = {
  readonly [Code in ProblemCode]: Code extends RejectionCode
    ? Problem & { readonly fields: RejectionFields<Code> }
    : Problem
}
