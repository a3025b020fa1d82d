/** One example of every problem: for the OpenAPI document, for docs/reference/problems.md, and for tests. */
import { AMOUNT_MAX } from '../domain/amount.ts'
import type { FaultCode, Rejection, RejectionCode } from '../domain/outcome.ts'
import { LedgerError } from './error.ts'
import type { ConnectionCode, EdgeCode, ProblemCode } from './problem.ts'

const REJECTIONS: { readonly [Code in RejectionCode]: Extract<Rejection, { code: Code }> } = {
  insufficient_funds: {
    code: 'insufficient_funds',
    account: 'user:8',
    asset: 'credit',
    available: 384n,
    held: 616n,
    floor: 0n,
    required: 500n,
  },
  house_account: { code: 'house_account', account: '@issuer' },
  hold_not_found: { code: 'hold_not_found', hold: 'job-616' },
  asset_conflict: { code: 'asset_conflict', asset: 'gold', decimals: 2 },
  hold_not_open: { code: 'hold_not_open', hold: 'job-616', state: 'settled', settled: 500n },
  hold_not_due: { code: 'hold_not_due', hold: 'job-616', expiresAt: 1_896_091_200_000 },
  payee_fixed: { code: 'payee_fixed', hold: 'job-616', payee: '@revenue' },
  settle_above_hold: { code: 'settle_above_hold', hold: 'job-616', held: 616n },
  amend_below_settled: { code: 'amend_below_settled', hold: 'job-616', minimum: 200n },
  refund_above_settled: { code: 'refund_above_settled', hold: 'job-616', settled: 500n, refunded: 480n },
  floor_above_available: { code: 'floor_above_available', account: 'user:8', asset: 'credit', available: 384n },
  batch_aborted: { code: 'batch_aborted', because: 'insufficient_funds' },
  request_id_reused: { code: 'request_id_reused', requestId: 'job-616' },
  unknown_asset: { code: 'unknown_asset', asset: 'gems' },
  same_account: { code: 'same_account', account: 'user:8' },
  unknown_rate: { code: 'unknown_rate', asset: 'star', toAsset: 'gem' },
  rounds_to_nothing: { code: 'rounds_to_nothing', asset: 'star', toAsset: 'gem', amount: 9n },
  outside_tolerance: {
    code: 'outside_tolerance',
    asset: 'star',
    toAsset: 'gem',
    toAmount: 12n,
    expected: 10n,
    tolerancePpm: 50_000,
  },
  exchange_out_of_range: {
    code: 'exchange_out_of_range',
    asset: 'star',
    toAsset: 'gem',
    toAmount: 20_000_000_000_000_000n,
    toAmountMax: AMOUNT_MAX,
  },
  expiry_out_of_range: { code: 'expiry_out_of_range', ttlMsMax: 2_592_000_000 },
  balance_overflow: { code: 'balance_overflow', account: 'user:8', asset: 'credit' },
}

const FAULTS: { readonly [Code in FaultCode | ConnectionCode]: string } = {
  overloaded: '10000 commands are waiting already.',
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
  unexpected_answer: 'The service answered 502 without a problem that is known here.',
}

const EDGE: { readonly [Code in EdgeCode]: LedgerError } = {
  invalid_request: LedgerError.invalid(
    '/amount',
    `amount must be a whole number from 1 to ${AMOUNT_MAX}, as a decimal string or a safe integer.`,
  ),
  account_not_found: LedgerError.accountNotFound('user:9'),
  entry_not_found: LedgerError.entryNotFound('deposit-1'),
  route_not_found: new LedgerError('route_not_found', 'There is nothing at /v1/hold.'),
  method_not_allowed: new LedgerError('method_not_allowed', '/v1/deposits does not take DELETE.', {
    details: { allow: 'POST' },
  }),
  request_timeout: new LedgerError('request_timeout', 'The request did not arrive in time.'),
  payload_too_large: new LedgerError('payload_too_large', 'The body has more than 1048576 bytes.'),
  unsupported_media_type: new LedgerError('unsupported_media_type', 'The body must be application/json.'),
  headers_too_large: new LedgerError('headers_too_large', 'The headers are too large.'),
}

export function exampleOf(code: ProblemCode): LedgerError {
  if (Object.hasOwn(REJECTIONS, code)) return LedgerError.fromRejection(REJECTIONS[code as RejectionCode])
  if (Object.hasOwn(EDGE, code)) return EDGE[code as EdgeCode]
  return new LedgerError(code, FAULTS[code as FaultCode | ConnectionCode], { details: { requestId: 'job-616' } })
}
