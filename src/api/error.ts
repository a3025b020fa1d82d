/** The error that every method of a `Ledger` throws. */
import type { Applied, FaultCode } from '../domain/outcome.ts'
import type { ProblemWire } from './outcome-schemas.ts'
import type { FailureCode, ProblemCode, ProblemFacts } from './problem.ts'
import { FAILURE_FACTS, isFailureCode, problemType } from './problem-facts.ts'

export interface LedgerErrorOptions {
  readonly details?: Readonly<Record<string, unknown>>
  readonly pointer?: string
  /** Default: the value of the facts. */
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
  /** The code in words. */
  readonly title: string
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

  constructor(code: FailureCode, message: string, options?: LedgerErrorOptions)
  constructor(code: ProblemCode, message: string, options: LedgerErrorOptions & { readonly facts: ProblemFacts })
  constructor(
    code: ProblemCode,
    message: string,
    options: LedgerErrorOptions & { readonly facts?: ProblemFacts } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    const facts = options.facts ?? FAILURE_FACTS[isFailureCode(code) ? code : 'internal']
    this.code = code
    this.title = facts.title
    this.status = facts.status
    this.retryable = facts.retryable
    this.applied = options.applied ?? facts.applied
    this.retryAfterMs = options.retryAfterMs ?? facts.retryAfterMs
    this.details = options.details ?? {}
    this.pointer = options.pointer ?? null
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

  static balanceNotFound(account: string, asset: string): LedgerError {
    const message = `The account "${account}" has no balance of "${asset}".`
    return new LedgerError('account_not_found', message, { details: { account } })
  }

  static entryNotFound(entry: string): LedgerError {
    return new LedgerError('entry_not_found', `There is no entry "${entry}".`, { details: { entry } })
  }

  /** The same error with a prefix before its pointer, such as `/commands/3` in a batch. */
  under(prefix: string): LedgerError {
    return this.pointer === null ? this : this.changed({ pointer: prefix + this.pointer })
  }

  /** The same error with other values of these options. */
  changed(options: LedgerErrorOptions): LedgerError {
    const { details, applied, retryAfterMs, pointer, cause } = this
    const same = { facts: this, details, applied, retryAfterMs, cause, ...(pointer === null ? {} : { pointer }) }
    return new LedgerError(this.code, this.message, { ...same, ...options })
  }

  /** The problem on the wire (RFC 9457), for `JSON.stringify`. Amounts are decimal strings. */
  toJSON(): ProblemWire {
    const { code, title, status, message, retryable, applied, retryAfterMs, pointer } = this
    const problem: ProblemWire = { type: problemType(code), title, status, detail: message, code, retryable, applied }
    if (retryAfterMs !== null) problem.retryAfterMs = retryAfterMs
    if (pointer !== null) problem.pointer = pointer
    return Object.assign(problem, detailsToWire(this.details))
  }
}

/** The fields of a problem on the wire. */
export function detailsToWire(details: object): Readonly<Record<string, unknown>> {
  const wire: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(details)) wire[name] = typeof value === 'bigint' ? value.toString() : value
  return wire
}
