import type { Applied, FaultCode } from '../domain/outcome.ts'

export interface FaultOptions {
  /** 'unknown' when the command may have taken effect. */
  readonly applied?: Applied
  /** How long to wait before another attempt, in milliseconds. */
  readonly retryAfterMs?: number
  readonly cause?: unknown
}

/** A failure or an overload; `FaultCode` says what each code means. */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly code: FaultCode
  readonly applied: Applied
  readonly retryAfterMs: number | null

  constructor(code: FaultCode, message: string, options: FaultOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.applied = options.applied ?? 'no'
    this.retryAfterMs = options.retryAfterMs ?? null
  }
}

/** Turns any error into a fault: one that is no fault is a defect of Holdfast, `internal`. */
export function asFault(error: unknown, applied: Applied = 'no'): Fault {
  if (error instanceof Fault) return error
  return new Fault('internal', 'Something inside Holdfast failed.', { applied, cause: error })
}

/** Turns an error of a commit into a fault: after one that is no fault it is unknown whether anything was written. */
export function afterCommit(error: unknown): Fault {
  if (error instanceof Fault) return error
  return new Fault('commit_in_doubt', 'The store failed unexpectedly.', { applied: 'unknown', cause: error })
}
