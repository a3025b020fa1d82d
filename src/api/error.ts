/** The error that every method of a `Ledger` throws. */
import type { Applied, FaultCode, Rejection } from '../domain/outcome.ts'
import { explain } from './rejection-problems.ts'
import type { ProblemCode } from './problem.ts'
import { PROBLEMS } from './problems.ts'

export interface LedgerErrorOptions {
  readonly details?: Readonly<Record<string, unknown>>
  readonly pointer?: string
  /** Default: the value in the catalogue. */
  readonly applied?: Applied
  readonly retryAfterMs?: number | null
  readonly cause?: unknown
}

/** The part of a fault that callers see (engine/faults.ts). */
export interface FaultLike {
  readonly code: FaultCode
  readonly message: string
  readonly applied: Applied
  readonly retryAfterMs: number | null
}

export class LedgerError extends Error {
  override readonly name = 'LedgerError'
  readonly code: ProblemCode
  /** The HTTP status of the code. */
  readonly status: number
  /** Whether the same call, with the same request id, may succeed later. */
  readonly retryable: boolean
  /** Whether the call may have had an effect. In both cases it is safe to repeat it with the same request id. */
  readonly applied: Applied
  /** The recommended pause before a repeat, in milliseconds. */
  readonly retryAfterMs: number | null
  /** The fields of this problem (docs/reference/problems.md). Amounts are bigint. */
  readonly details: Readonly<Record<string, unknown>>
  /** For `invalid_request`: JSON pointer (RFC 6901) to the invalid value; '' is the whole input. */
  readonly pointer: string | null

  constructor(code: ProblemCode, message: string, options: LedgerErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    const problem = PROBLEMS[code]
    this.code = code
    this.status = problem.status
    this.retryable = problem.retryable
    this.applied = options.applied ?? problem.applied
    this.retryAfterMs = options.retryAfterMs ?? problem.retryAfterMs
    this.details = options.details ?? {}
    this.pointer = options.pointer ?? null
  }

  static fromRejection(rejection: Rejection): LedgerError {
    const { code, ...details } = rejection
    return new LedgerError(code, explain(rejection), { details })
  }

  /** `requestId` is the request id of the command; a repeat uses the same. */
  static fromFault(fault: FaultLike, requestId: string | null = null): LedgerError {
    return new LedgerError(fault.code, fault.message, {
      applied: fault.applied,
      retryAfterMs: fault.retryAfterMs,
      details: requestId === null ? {} : { requestId },
      cause: fault,
    })
  }

  /** An error for an invalid value in a body. */
  static invalid(pointer: string, message: string): LedgerError {
    return new LedgerError('invalid_request', message, { pointer })
  }

  /** An error for an invalid value outside a body: a path or query parameter, a header, an argument. */
  static invalidParameter(parameter: string, message: string): LedgerError {
    return new LedgerError('invalid_request', message, { details: { parameter } })
  }

  static accountNotFound(account: string): LedgerError {
    return new LedgerError('account_not_found', `There is no account "${account}".`, { details: { account } })
  }

  static holdNotFound(hold: string): LedgerError {
    return LedgerError.fromRejection({ code: 'hold_not_found', hold })
  }

  static entryNotFound(entry: string): LedgerError {
    return new LedgerError('entry_not_found', `There is no entry "${entry}".`, { details: { entry } })
  }

  /** The same error with a prefix before its pointer, such as `/commands/3` in a batch. */
  under(prefix: string): LedgerError {
    if (this.pointer === null) return this
    return new LedgerError(this.code, this.message, { details: this.details, pointer: prefix + this.pointer })
  }
}
