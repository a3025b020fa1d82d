/**
 * The one catalogue of everything that can go wrong: rejections of the rules, faults of the engine, and what the edges
 * (input checks, HTTP, the client's connection) refuse. HTTP statuses, `LedgerError`, the OpenAPI document and
 * docs/reference/problems.md are made from it.
 */
import { FAULT_PROBLEMS } from './fault-problems.ts'
import { REJECTION_PROBLEMS } from './rejection-problems.ts'
import type { Catalogue, ConnectionCode, EdgeCode, ProblemCode, ServiceCode } from './problem.ts'

const CONNECTION: Readonly<Record<ConnectionCode, true>> = { service_unreachable: true, unexpected_answer: true }

const refused = { retryable: false, applied: 'no', retryAfterMs: null } as const

/** What the edges refuse. */
const EDGE_PROBLEMS: Pick<Catalogue, EdgeCode> = {
  invalid_request: {
    ...refused,
    status: 400,
    title: 'Invalid request',
    meaning: 'The request breaks a rule of form: a wrong type, a value out of range, an unknown field, broken JSON.',
    remedy:
      'Correct what `pointer` (in the body) or `parameter` (in the path, query or headers) names, and send it again.',
    fields: {
      pointer: { kind: 'text', meaning: 'JSON pointer (RFC 6901) into the body; empty for the body as a whole.' },
      parameter: { kind: 'text', meaning: 'The name of the path or query parameter, or of the header.' },
    },
  },
  account_not_found: {
    ...refused,
    status: 404,
    title: 'Account not found',
    meaning: 'No coin and no `open` has ever reached the account.',
    remedy: 'Check the name; names are compared byte by byte. An account appears with its first coin.',
    fields: { account: { kind: 'text', meaning: 'The account that was asked for.' } },
  },
  entry_not_found: {
    ...refused,
    status: 404,
    title: 'Entry not found',
    meaning: 'The journal has no entry with this id.',
    remedy:
      'An entry has the id of its request; the end of a hold is `HOLD~settle` or `HOLD~release`, its late settle `HOLD~late`.',
    fields: { entry: { kind: 'text', meaning: 'The id that was asked for.' } },
  },
  route_not_found: {
    ...refused,
    status: 404,
    title: 'Route not found',
    meaning: 'The service has nothing at this path.',
    remedy: 'See `/docs` for the routes. A slash inside of an account name or a hold id must be sent as `%2F`.',
    fields: {},
  },
  method_not_allowed: {
    ...refused,
    status: 405,
    title: 'Method not allowed',
    meaning: 'The path exists, but not for this method.',
    remedy: 'Use one of the methods that the `Allow` header lists.',
    fields: { allow: { kind: 'text', meaning: 'The methods of this path, separated by a comma and a space.' } },
  },
  request_timeout: {
    ...refused,
    status: 408,
    title: 'Request timeout',
    retryable: true,
    meaning: 'The request did not arrive whole within the time allowed. It had no effect.',
    remedy: 'Send it again on a new connection.',
    fields: {},
  },
  payload_too_large: {
    ...refused,
    status: 413,
    title: 'Payload too large',
    meaning: 'The body is larger than the service accepts.',
    remedy: 'Send fewer commands per batch. The limit is 1 MiB unless the operator chose another.',
    fields: {},
  },
  unsupported_media_type: {
    ...refused,
    status: 415,
    title: 'Unsupported media type',
    meaning: 'The body is not sent as `application/json`, or under a `Content-Encoding`.',
    remedy: 'Send JSON with `Content-Type: application/json`, not packed.',
    fields: {},
  },
  headers_too_large: {
    ...refused,
    status: 431,
    title: 'Headers too large',
    meaning: 'The request line and headers are larger than the service accepts.',
    remedy: 'Send fewer or shorter headers.',
    fields: {},
  },
}

/** By status. */
export const PROBLEMS: Catalogue = inOrderOfStatus({ ...EDGE_PROBLEMS, ...REJECTION_PROBLEMS, ...FAULT_PROBLEMS })

/** Those that a service answers. */
export const SERVICE_CODES: readonly ServiceCode[] = (Object.keys(PROBLEMS) as ProblemCode[]).filter(isServiceCode)

export function isServiceCode(code: ProblemCode): code is ServiceCode {
  return !Object.hasOwn(CONNECTION, code)
}

export function isProblemCode(value: unknown): value is ProblemCode {
  return typeof value === 'string' && Object.hasOwn(PROBLEMS, value)
}

/** The `type` of a problem (RFC 9457). It names the code, and is not meant to be fetched. */
export function problemType(code: ProblemCode): string {
  return `urn:holdfast:problem:${code}`
}

function inOrderOfStatus(problems: Catalogue): Catalogue {
  const entries = Object.entries(problems).sort(([, left], [, right]) => left.status - right.status)
  return Object.fromEntries(entries) as unknown as Catalogue
}
