/**
 * The catalogue of all problems: rejections of the rules, faults of the engine, and refusals at the edges (input checks, HTTP,
 * the client's connection). HTTP statuses, `LedgerError`, the OpenAPI document and docs/reference/problems.md are generated
 * from it.
 */
import { ACCESS_PROBLEMS } from './access-problems.ts'
import { FAULT_PROBLEMS } from './fault-problems.ts'
import { FAILURE_FACTS } from './problem-facts.ts'
import { REJECTION_PROBLEMS } from './rejection-problems.ts'
import type { Catalogue, ConnectionCode, EdgeCode, ProblemCode, ServiceCode } from './problem.ts'

const CONNECTION: Readonly<Record<ConnectionCode, true>> = { service_unreachable: true, unexpected_answer: true }

/** Refusals at the edges. */
const EDGE_PROBLEMS: Pick<Catalogue, EdgeCode> = {
  ...ACCESS_PROBLEMS,
  invalid_request: {
    ...FAILURE_FACTS.invalid_request,
    meaning: 'The request is malformed: a wrong type, a value out of range, an unknown field, or invalid JSON.',
    remedy:
      'Correct the value at `pointer` (in the body) or `parameter` (in the path, query or headers), and send the request again.',
    fields: {
      pointer: { kind: 'text', meaning: 'JSON pointer (RFC 6901) into the body; empty for the whole body.' },
      parameter: { kind: 'text', meaning: 'The name of the path or query parameter, or of the header.' },
    },
  },
  account_not_found: {
    ...FAILURE_FACTS.account_not_found,
    meaning: 'The account has never received a coin or an `open`. For one balance: never one of its asset.',
    remedy: 'Check the name. Names are case-sensitive. An account exists from its first coin on.',
    fields: { account: { kind: 'text', meaning: 'The requested account.' } },
  },
  entry_not_found: {
    ...FAILURE_FACTS.entry_not_found,
    meaning: 'The journal has no entry with this id.',
    remedy:
      'The id of an entry is its request id. The end of a hold has the id `HOLD~settle` or `HOLD~release`, a late settle `HOLD~late`.',
    fields: { entry: { kind: 'text', meaning: 'The requested id.' } },
  },
  route_not_found: {
    ...FAILURE_FACTS.route_not_found,
    meaning: 'The service has no route with this path.',
    remedy: 'See `/docs` for the routes. A slash inside an account name or a hold id must be sent as `%2F`.',
    fields: {},
  },
  method_not_allowed: {
    ...FAILURE_FACTS.method_not_allowed,
    meaning: 'The path exists, but it does not support this method.',
    remedy: 'Use one of the methods in the `Allow` header.',
    fields: { allow: { kind: 'text', meaning: 'The methods of this path, separated by a comma and a space.' } },
  },
  read_only: {
    ...FAILURE_FACTS.read_only,
    meaning:
      'The service, or the ledger in a program, was opened for reading only (`serve --read-only`). The request would have changed ' +
      'something, and had no effect.',
    remedy: 'Send it to a service that writes. Commands to this address are refused as long as it is read-only.',
    fields: { allow: { kind: 'text', meaning: 'The methods of this path here, separated by a comma and a space.' } },
  },
  request_timeout: {
    ...FAILURE_FACTS.request_timeout,
    meaning: 'The request did not arrive completely within the time limit. It had no effect.',
    remedy: 'Send it again on a new connection.',
    fields: {},
  },
  payload_too_large: {
    ...FAILURE_FACTS.payload_too_large,
    meaning: 'The body is larger than the limit of the service.',
    remedy: 'Send fewer commands per batch. The limit is 1 MiB by default.',
    fields: {},
  },
  unsupported_media_type: {
    ...FAILURE_FACTS.unsupported_media_type,
    meaning: 'The body is not `application/json`, or it is compressed.',
    remedy: 'Send JSON with `Content-Type: application/json` and without `Content-Encoding`.',
    fields: {},
  },
  headers_too_large: {
    ...FAILURE_FACTS.headers_too_large,
    meaning: 'The request line and headers are larger than the limit of the service.',
    remedy: 'Send fewer or shorter headers.',
    fields: {},
  },
  host_not_allowed: {
    ...FAILURE_FACTS.host_not_allowed,
    meaning:
      'The `Host` header has a name that the service was not told of. Otherwise the pages of anybody who lets a name point to the service could call it.',
    remedy:
      'Call the service by its address, as `localhost`, or by a name that `serve --allowed-hosts` (HOLDFAST_ALLOWED_HOSTS) lists.',
    fields: { host: { kind: 'text', meaning: 'The header.' } },
  },
  origin_not_allowed: {
    ...FAILURE_FACTS.origin_not_allowed,
    meaning: 'A web page of another origin made a browser send this request.',
    remedy:
      'If the page may move coins, list its origin in `serve --cors-origins` (HOLDFAST_CORS_ORIGINS). A proxy in front must pass on the `Host` header.',
    fields: { origin: { kind: 'text', meaning: 'The origin of the page, if the browser told it.' } },
  },
  starting: {
    ...FAILURE_FACTS.starting,
    meaning:
      'The service was just started and is not ready yet: it opens its database, or exercises its code so that the first requests are fast ' +
      '(`--warm-up-ms`). Only `/readyz` says so.',
    remedy: 'Wait. It takes a few seconds.',
    fields: {},
  },
  replica_behind: {
    ...FAILURE_FACTS.replica_behind,
    meaning:
      'The service only reads, and the replica that it reads is further behind than it may (`--replica-lag-ms-max`), or cannot say how far. Only ' +
      '`/readyz` says so.',
    remedy: 'Send reads to another service meanwhile. The message says what is missing if the lag is not known.',
    fields: { lagMs: { kind: 'integer', meaning: 'The lag in milliseconds; null if it is not known.' } },
  },
  unresponsive: {
    ...FAILURE_FACTS.unresponsive,
    meaning:
      'The health port has heard nothing from the main thread of the service for longer than it may. On `/readyz` (5 s): the service is too ' +
      'busy, or its database does not respond. On `/livez` and `/healthz` (30 s): the main thread is stuck. Only the health port says so.',
    remedy: 'On `/readyz`: send requests to another process meanwhile. On `/livez`: restart the process.',
    fields: {},
  },
}

/** All problems, by status. */
export const PROBLEMS: Catalogue = inOrderOfStatus({ ...EDGE_PROBLEMS, ...REJECTION_PROBLEMS, ...FAULT_PROBLEMS })

/** The codes that a service can answer with. */
export const SERVICE_CODES: readonly ServiceCode[] = (Object.keys(PROBLEMS) as ProblemCode[]).filter(isServiceCode)

export function isServiceCode(code: ProblemCode): code is ServiceCode {
  return !Object.hasOwn(CONNECTION, code)
}

export function isProblemCode(value: unknown): value is ProblemCode {
  return typeof value === 'string' && Object.hasOwn(PROBLEMS, value)
}

function inOrderOfStatus(problems: Catalogue): Catalogue {
  const entries = Object.entries(problems).sort(([, left], [, right]) => left.status - right.status)
  return Object.fromEntries(entries) as unknown as Catalogue
}
