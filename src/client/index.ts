/** The client: `connect` and its types. It needs only `fetch`, so it runs in Node, browsers and edge runtimes. */
import { LedgerError } from '../api/error.ts'
import { credentialParameter } from '../api/token.ts'
import { BATCH_COMMANDS_MAX } from '../api/contracts.ts'
import { type Ledger } from '../api/ledger.ts'
import type { Fetch } from './http-call.ts'
import { CLIENT_LIMITS, type ClientLimits } from './limits.ts'
import { RemoteLedger } from './remote-ledger.ts'
import { activeTrace, type Trace } from './trace.ts'

export interface ConnectOptions {
  readonly limits?: Partial<ClientLimits>
  /** A key (`hf_…`) or a token (`hft_…`), sent with every request as `Authorization: Bearer`. Default: none. */
  readonly key?: string
  /** Sent with every request, for example for a gateway. */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Whether requests that are about one account name it in the header `holdfast-account`, for a balancer that sends the calls of an account to
   * one of several services. Default false: a browser asks the service before it sends such a header.
   */
  readonly accountHeader?: boolean
  /**
   * The value of the header `traceparent` for a call that is made now. Of calls that are sent together, the first one with a value counts.
   * Default: the active span of OpenTelemetry, if the application has registered it.
   */
  readonly trace?: Trace
  /** Default: the `fetch` of the platform. */
  readonly fetch?: Fetch
}

/**
 * The ledger of the service at `url`, for example `http://127.0.0.1:4680`. A path in the URL is a prefix of every route.
 *
 * Several URLs are those of services that share one database. The calls about one account go to one of them while it is there, because the commands
 * of an account are combined only within a process; when it cannot serve, they go to another one, and return. With every client that has the
 * same URLs, in any order, an account has the same service.
 *
 * Calls that are made while requests are in progress are sent together in the next request. After a network failure or a retryable
 * problem, a call is sent again with the same request id, with growing pauses, until its time limit; so it has its effect once.
 * Concurrent calls can be decided in any order. The commands of one `batch` are decided in their order.
 *
 * @throws LedgerError `invalid_request` for a URL that is not http or https, for none, and for a malformed key
 */
export function connect(url: string | readonly string[], options: ConnectOptions = {}): Ledger {
  const urls = new Set((typeof url === 'string' ? [url] : url).map(baseOf))
  if (urls.size === 0) throw LedgerError.invalidParameter('url', 'Give the URL of a service, or of several.')
  const shared = {
    headers: headersOf(options),
    trace: options.trace ?? activeTrace,
    // Browsers refuse to call `fetch` as a method of another object.
    fetch: options.fetch ?? ((input: string, init: RequestInit) => fetch(input, init)),
    sendsAccount: options.accountHeader ?? false,
  }
  const limits = { ...CLIENT_LIMITS, ...options.limits }
  return new RemoteLedger(
    [...urls].map((base) => ({ url: base, ...shared })),
    { ...limits, batchCommandsMax: Math.min(limits.batchCommandsMax, BATCH_COMMANDS_MAX) },
  )
}

/** The message does not repeat a malformed key, which may be right but for a character. */
function headersOf({ headers = {}, key }: ConnectOptions): Readonly<Record<string, string>> {
  if (key === undefined) return headers
  const name = Object.keys(headers).find((header) => header.toLowerCase() === 'authorization')
  if (name !== undefined) throw LedgerError.invalidParameter('key', 'Give key or the authorization header, not both.')
  return { ...headers, authorization: `Bearer ${credentialParameter(key)}` }
}

function baseOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw LedgerError.invalidParameter('url', 'The URL must be that of a service, such as http://127.0.0.1:4680.')
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    const rule = 'must not have a user, query or fragment; credentials for a gateway go into `headers`'
    throw LedgerError.invalidParameter('url', `The URL of a service ${rule}.`)
  }
  return url.href.replace(/\/+$/, '')
}

export { formatAmount, parseAmount } from '../api/decimals.ts'
export { createToken } from '../api/token.ts'
export { LedgerError } from '../api/error.ts'
export type { ProblemCode } from '../api/problem.ts'
export { toProblem, type ProblemResponse } from '../api/problem-response.ts'
export { accountFromWire, accountToWire, type AccountWire } from '../api/account.ts'
export { assetFromWire, assetToWire, type AssetWire } from '../api/asset.ts'
export { balanceFromWire, balanceToWire, type BalanceWire } from '../api/balance.ts'
export { openedFromWire, openedToWire, type OpenedAccountWire } from '../api/opened-account.ts'
export { entryFromWire, entryToWire, type EntryWire } from '../api/entry.ts'
export {
  holdEventFromWire,
  holdEventToWire,
  holdFromWire,
  holdToWire,
  type HoldEventWire,
  type HoldWire,
} from '../api/hold.ts'
export { lineFromWire, lineToWire, type StatementLineWire } from '../api/posting.ts'
export { rateFromWire, rateToWire, type RateWire } from '../api/rate.ts'
export type { ProblemWire } from '../api/outcome-schemas.ts'
export type * from '../api/ledger.ts'
export type { ClientLimits } from './limits.ts'
export { cohort, type CohortOptions, type RoutingRule } from './cohort.ts'
export { routed, type RoutedOptions } from './routed-ledger.ts'
export {
  shadowed,
  type ComparedOutcome,
  type ShadowCounts,
  type ShadowDifference,
  type ShadowedLedger,
  type ShadowLimits,
} from './shadowed-ledger.ts'
export type { Fetch } from './http-call.ts'
export type { Asset } from '../domain/asset.ts'
export type { Balance } from '../domain/balance.ts'
export type { Overage } from '../domain/command.ts'
export type { Hold, HoldState, OnExpiry } from '../domain/hold.ts'
export type { AccountName, AssetCode, Instant, RequestId } from '../domain/ids.ts'
export type { Entry, EntryKind, HoldEvent, Posting } from '../domain/journal.ts'
export type { Metadata } from '../domain/metadata.ts'
export type { Applied } from '../domain/outcome.ts'
export type { Answer, Answers } from '../domain/command.ts'
