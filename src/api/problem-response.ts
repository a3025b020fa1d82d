import { LedgerError } from './error.ts'

/** A problem as an HTTP response, for a handler of any framework. */
export interface ProblemResponse {
  readonly status: number
  /** `content-type`, `cache-control`, and `retry-after` in seconds if a repeat can help. */
  readonly headers: Readonly<Record<string, string>>
  /** The JSON text. */
  readonly body: string
}

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8'

/**
 * The HTTP response for anything that a handler has caught. A `LedgerError` becomes its problem. Anything else becomes `internal`,
 * status 500, without its message, which may not be meant for the caller: log it yourself.
 */
export function toProblem(error: unknown): ProblemResponse {
  const known = isLedgerError(error) ? error : new LedgerError('internal', 'Something inside the service failed.')
  const { status, retryAfterMs } = known
  const headers: Record<string, string> = { 'content-type': PROBLEM_TYPE, 'cache-control': 'no-store' }
  if (retryAfterMs !== null) headers['retry-after'] = retryAfterSeconds(retryAfterMs)
  return { status, headers, body: JSON.stringify(known) }
}

export function retryAfterSeconds(ms: number): string {
  return String(Math.ceil(ms / 1000))
}

/** By name, because the library and the client package each have a class of their own. */
function isLedgerError(error: unknown): error is LedgerError {
  return error instanceof Error && error.name === 'LedgerError' && 'toJSON' in error
}
