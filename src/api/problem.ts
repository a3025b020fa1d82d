/** The types of a problem. problems.ts has the catalogue. */
import type { Applied, FaultCode, Rejection, RejectionCode } from '../domain/outcome.ts'

/** The refusals at the edges: the engine is not involved. */
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

/** Faults of the HTTP client. No service answers with them. */
export type ConnectionCode = 'service_unreachable' | 'unexpected_answer'

export type ProblemCode = RejectionCode | FaultCode | EdgeCode | ConnectionCode
export type ServiceCode = Exclude<ProblemCode, ConnectionCode>

/** The type of a field of a problem. On the wire, amounts are decimal strings. */
export type ProblemFieldKind = 'text' | 'amount' | 'integer'

export interface ProblemField {
  readonly kind: ProblemFieldKind
  readonly meaning: string
}

export interface Problem {
  /** The HTTP status. */
  readonly status: number
  readonly title: string
  /** Whether the same request, with the same request id, may succeed later. */
  readonly retryable: boolean
  /** Whether the command may have had an effect. An individual fault can have another value. */
  readonly applied: Applied
  /** The recommended pause before a repeat, in milliseconds. An individual fault can have another value. */
  readonly retryAfterMs: number | null
  readonly meaning: string
  readonly remedy: string
  /** The fields of this problem, in addition to the members of every problem. */
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
