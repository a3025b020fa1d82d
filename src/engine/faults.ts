import type { Applied, FaultCode } from '../domain/outcome.ts'

export interface FaultOptions {
  /** 'unknown' where the command may have had its effect. */
  readonly applied?: Applied
  /** When it makes sense to try again, in milliseconds. */
  readonly retryAfterMs?: number
  readonly cause?: unknown
}

/** Something is broken or too slow; see `FaultCode` for what each code means. */
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

/** A defect of Holdfast as the fault `internal`; faults as they are. By default nothing can have been written. */
export function asFault(error: unknown, applied: Applied = 'no'): Fault {
  if (error instanceof Fault) return error
  return new Fault('internal', 'Something inside Holdfast failed.', { applied, cause: error })
}

/** What a store throws at a commit that is not a fault says nothing about what was written. */
export function afterCommit(error: unknown): Fault {
  if (error instanceof Fault) return error
  return new Fault('commit_in_doubt', 'The store failed in an unforeseen way.', { applied: 'unknown', cause: error })
}
