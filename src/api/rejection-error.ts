import type { Applied, Rejection } from '../domain/outcome.ts'
import { LedgerError } from './error.ts'
import { explain, REJECTION_PROBLEMS } from './rejection-problems.ts'

/** The error that a library call throws for a rejection. */
export function errorOfRejection(rejection: Rejection): LedgerError {
  const { code, ...fields } = rejection
  const { applied, ...details } = { ...fields, applied: appliedOf(rejection) }
  return new LedgerError(code, explain(rejection), { facts: REJECTION_PROBLEMS[code], details, applied })
}

/** Whether the refused call may have had an effect: only a repeat that may be a repeat of the call's own earlier attempt. */
export function appliedOf(rejection: Rejection): Applied {
  return rejection.code === 'request_replayed' ? rejection.applied : 'no'
}
