/** One example of every problem, for the OpenAPI document, docs/reference/problems.md and tests. */
import { AMOUNT_MAX } from '../domain/amount.ts'
import type { FaultCode, Rejection, RejectionCode } from '../domain/outcome.ts'
import { LedgerError } from './error.ts'
import type { ConnectionCode, EdgeCode, ProblemCode } from './problem.ts'
import { errorOfRejection } from './rejection-error.ts'
import { REJECTION_PROBLEMS } from './rejection-problems.ts'

const FAULTS: { readonly [Code in FaultCode | ConnectionCode]: string } = {
  overloaded: '10000 commands are already waiting.',
  rate_limited: 'An account may spend by 20 commands a second, and by 100 at once.',
  deadline_exceeded: 'The call was not answered within 1000 ms.',
  contention: 'Other writers won all 10 attempts.',
  store_unavailable: 'The database does not answer.',
  store_misconfigured: 'PostgreSQL: permission denied for table postings (42501).',
  clock_wrong: 'The clock of this process is 1200 s ahead of that of the database.',
  commit_in_doubt: 'The connection was lost around the commit.',
  store_refused: 'The database refused the rows of this command.',
  shutting_down: 'This process takes no more work.',
  internal: 'Something inside Holdfast failed.',
  service_unreachable: 'The connection was refused.',
  unexpected_answer: 'The service answered 502 without a problem that this client knows.',
}

const EDGE: { readonly [Code in EdgeCode]: LedgerError } = {
  invalid_request: LedgerError.invalid(
    '/amount',
    `amount must be a whole number from 1 to ${AMOUNT_MAX}, as a decimal string or a safe integer.`,
  ),
  account_not_found: LedgerError.accountNotFound('user:9'),
  entry_not_found: LedgerError.entryNotFound('deposit-1'),
  route_not_found: new LedgerError('route_not_found', 'There is no route /v1/hold.'),
  method_not_allowed: new LedgerError('method_not_allowed', '/v1/deposits supports POST, not DELETE.', {
    details: { allow: 'POST' },
  }),
  read_only: new LedgerError('read_only', 'This service only reads.', { details: { allow: '' } }),
  request_timeout: new LedgerError('request_timeout', 'The request did not arrive in time.'),
  payload_too_large: new LedgerError('payload_too_large', 'The body is larger than the limit of the service.'),
  unsupported_media_type: new LedgerError('unsupported_media_type', 'The body must be application/json.'),
  headers_too_large: new LedgerError('headers_too_large', 'The headers are larger than the limit of the service.'),
  host_not_allowed: new LedgerError('host_not_allowed', 'The service does not answer as "rebound.example.org".', {
    details: { host: 'rebound.example.org' },
  }),
  starting: new LedgerError('starting', 'The service is warming up.'),
  replica_behind: new LedgerError('replica_behind', 'The replica may be 70000 ms behind; the bound is 60000 ms.', {
    details: { lagMs: 70_000 },
  }),
  unresponsive: new LedgerError('unresponsive', 'The service has not reported for 7 s whether it is ready.'),
  unauthenticated: new LedgerError('unauthenticated', 'This ledger has keys, and the request has none.'),
  key_not_found: new LedgerError('key_not_found', 'There is no key "shop".', { details: { key: 'shop' } }),
  key_exists: new LedgerError('key_exists', 'There is or was a key "shop".', { details: { key: 'shop' } }),
  key_ended: new LedgerError('key_ended', 'The key "shop" is revoked or has expired.', { details: { key: 'shop' } }),
  too_many_keys: new LedgerError('too_many_keys', 'There are 1000 keys already.', { details: { keysMax: 1_000 } }),
  origin_not_allowed: new LedgerError(
    'origin_not_allowed',
    'Web pages of https://other.example.org must not call the service.',
    {
      details: { origin: 'https://other.example.org' },
    },
  ),
}

export function exampleOf(code: ProblemCode): LedgerError {
  if (isRejectionCode(code)) return errorOfRejection({ code, ...REJECTION_PROBLEMS[code].example } as Rejection)
  if (Object.hasOwn(EDGE, code)) return EDGE[code as EdgeCode]
  return new LedgerError(code, FAULTS[code as FaultCode | ConnectionCode], { details: { requestId: 'job-616' } })
}

function isRejectionCode(code: ProblemCode): code is RejectionCode {
  return Object.hasOwn(REJECTION_PROBLEMS, code)
}
