/** A rejection as callers read it. */
import type { Rejection, RejectionCode } from '../domain/outcome.ts'
import type { Problem, RejectionFields } from './problem.ts'
import type { Speech } from './speech.ts'

type Of<Code extends RejectionCode> = Extract<Rejection, { code: Code }>
/** Of every form that a rejection has. */
type Fields<Of> = Of extends unknown ? Omit<Of, 'code'> : never

export interface RejectionProblem<Code extends RejectionCode> extends Problem {
  readonly fields: RejectionFields<Code>
  /** The `message` of a `LedgerError` and the `detail` of a problem, with the numbers of this rejection. */
  explain(rejection: Of<Code>, speech: Speech): string
  readonly example: Fields<Of<Code>>
}

/** What all rejections have in common. */
export const refused = { retryable: false, applied: 'no', retryAfterMs: null } as const
