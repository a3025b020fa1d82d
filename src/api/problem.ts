/** The types of a problem. problems.ts has the catalogue. */
import type { Applied, FaultCode, Rejection, RejectionCode } from '../domain/outcome.ts'

/** The refusals at the edges: the engine is not involved. */
export type EdgeCode =
  | 'invalid_request'
  | 'account_not_found'
  | 'entry_not_found'
  | 'route_not_found'
  | 'method_not_allowed'
  | 'read_only'
  | 'replica_behind'
  | 'request_timeout'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'headers_too_large'
  | 'host_not_allowed'
  | 'origin_not_allowed'
  | 'starting'
  | 'unresponsive'
  | 'unauthenticated'
  | KeyCode

/** The refusals about keys. */
export type KeyCode = 'key_not_found' | 'key_exists' | 'key_ended' | 'too_many_keys'

/** Faults of the HTTP client. No service answers with them. */
export type ConnectionCode = 'service_unreachable' | 'unexpected_answer'

export type ProblemCode = RejectionCode | FaultCode | EdgeCode | ConnectionCode
export type ServiceCode = Exclude<ProblemCode, ConnectionCode>
/** Every problem that is not a rejection by the rules. */
export type FailureCode = Exclude<ProblemCode, RejectionCode>

/** The type of a field of a problem. On the wire, amounts are decimal strings. */
export type ProblemFieldKind = 'text' | 'amount' | 'integer' | 'list of texts'

export interface ProblemField {
  readonly kind: ProblemFieldKind
  readonly meaning: string
}

/** The part of a problem that programs use. */
export interface ProblemFacts {
  /** The HTTP status. */
  readonly status: number
  readonly title: string
  /** Whether the same request, with the same request id, may succeed later. */
  readonly retryable: boolean
  /** Whether the command may have had an effect. An individual fault can have another value. */
  readonly applied: Applied
  /** The recommended pause before a repeat, in milliseconds. An individual fault can have another value. */
  readonly retryAfterMs: number | null
}

export interface Problem extends ProblemFacts {
  readonly meaning: string
  readonly remedy: string
  /** The fields of this problem, in addition to the members of every problem. */
  readonly fields: Readonly<Record<string, ProblemField>>
}

type KindOf<Value> = [Value] extends [bigint | null]
  ? 'amount'
  : [Value] extends [number]
    ? 'integer'
    : [Value] extends [readonly string[]]
      ? 'list of texts'
      : 'text'

type Names<Of> = Of extends unknown ? Exclude<keyof Of, 'code' | 'applied'> : never
type ValueIn<Of, Name> = Of extends unknown ? (Name extends keyof Of ? Of[Name] : never) : never

/** The fields of every form that a rejection has. */
export type RejectionFields<Code extends RejectionCode> = {
  readonly [Name in Names<Extract<Rejection, { code: Code }>>]: {
    readonly kind: KindOf<ValueIn<Extract<Rejection, { code: Code }>, Name>>
    readonly meaning: string
  }
}

export type Catalogue = {
  readonly [Code in ProblemCode]: Code extends RejectionCode
    ? Problem & { readonly fields: RejectionFields<Code> }
    : Problem
}
