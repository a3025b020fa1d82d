/**
 * What a program must know about every problem that is not a rejection: these can arise without a service, so the client has them too.
 * The texts are in the catalogue (problems.ts), which the client does not need.
 */
import type { FailureCode, ProblemCode, ProblemFacts } from './problem.ts'

const refused = { retryable: false, applied: 'no', retryAfterMs: null } as const
const passing = { status: 503, retryable: true, applied: 'no' } as const

export const FAILURE_FACTS: { readonly [Code in FailureCode]: ProblemFacts } = {
  invalid_request: { ...refused, status: 400, title: 'Invalid request' },
  unauthenticated: { ...refused, status: 401, title: 'Unauthenticated' },
  account_not_found: { ...refused, status: 404, title: 'Account not found' },
  entry_not_found: { ...refused, status: 404, title: 'Entry not found' },
  route_not_found: { ...refused, status: 404, title: 'Route not found' },
  key_not_found: { ...refused, status: 404, title: 'Key not found' },
  key_exists: { ...refused, status: 409, title: 'Key exists' },
  key_ended: { ...refused, status: 409, title: 'Key ended' },
  too_many_keys: { ...refused, status: 409, title: 'Too many keys' },
  method_not_allowed: { ...refused, status: 405, title: 'Method not allowed' },
  read_only: { ...refused, status: 405, title: 'Read only' },
  request_timeout: { ...refused, status: 408, title: 'Request timeout', retryable: true },
  payload_too_large: { ...refused, status: 413, title: 'Payload too large' },
  unsupported_media_type: { ...refused, status: 415, title: 'Unsupported media type' },
  origin_not_allowed: { ...refused, status: 403, title: 'Origin not allowed' },
  host_not_allowed: { ...refused, status: 421, title: 'Host not allowed' },
  starting: { ...passing, title: 'Starting', retryAfterMs: 1000 },
  replica_behind: { ...passing, title: 'Replica behind', retryAfterMs: 1000 },
  unresponsive: { ...passing, title: 'Unresponsive', retryAfterMs: 1000 },
  headers_too_large: { ...refused, status: 431, title: 'Headers too large' },
  internal: { ...refused, status: 500, title: 'Internal error', applied: 'unknown' },
  store_refused: { ...refused, status: 500, title: 'Store refused the command' },
  store_misconfigured: { ...refused, status: 500, title: 'Store misconfigured' },
  unexpected_answer: { ...refused, status: 502, title: 'Unexpected answer', applied: 'unknown' },
  service_unreachable: { ...passing, title: 'Service unreachable', applied: 'unknown', retryAfterMs: 200 },
  overloaded: { ...passing, title: 'Overloaded', retryAfterMs: 250 },
  rate_limited: { ...passing, status: 429, title: 'Rate limited', retryAfterMs: 1000 },
  contention: { ...passing, title: 'Contention', retryAfterMs: 100 },
  store_unavailable: { ...passing, title: 'Store unavailable', retryAfterMs: 1000 },
  clock_wrong: { ...passing, title: 'Clock wrong', retryAfterMs: 1000 },
  commit_in_doubt: { ...passing, title: 'Commit in doubt', applied: 'unknown', retryAfterMs: 1000 },
  shutting_down: { ...passing, title: 'Shutting down', retryAfterMs: 1000 },
  deadline_exceeded: { ...passing, status: 504, title: 'Deadline exceeded', applied: 'unknown', retryAfterMs: null },
}

export function isFailureCode(value: unknown): value is FailureCode {
  return typeof value === 'string' && Object.hasOwn(FAILURE_FACTS, value)
}

/** The fields of problems that are amounts: strings on the wire, bigint in `details`. A test compares them with the catalogue. */
export const AMOUNT_FIELDS: ReadonlySet<string> = new Set([
  'amount',
  'available',
  'expected',
  'floor',
  'held',
  'maximum',
  'minimum',
  'refunded',
  'required',
  'settled',
  'toAmount',
  'toAmountMax',
])

/** The `type` of a problem (RFC 9457). It names the code and cannot be fetched. */
export function problemType(code: ProblemCode): string {
  return `urn:holdfast:problem:${code}`
}
