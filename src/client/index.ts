/** The client: `connect`, and the types of what it takes and gives. For Node, browsers and edge runtimes: `fetch` only. */
import { LedgerError } from '../api/error.ts'
import { BATCH_COMMANDS_MAX } from '../api/contracts.ts'
import { type Ledger } from '../api/ledger.ts'
import type { Fetch } from './exchange.ts'
import { CLIENT_LIMITS, type ClientLimits } from './limits.ts'
import { RemoteLedger } from './remote-ledger.ts'

export interface ConnectOptions {
  readonly limits?: Partial<ClientLimits>
  /** Sent with every request: what a gateway before the service asks for, `authorization` for example. */
  readonly headers?: Readonly<Record<string, string>>
  /** In place of the platform's own. */
  readonly fetch?: Fetch
}

/**
 * The ledger behind the service at `url`, `http://127.0.0.1:4680` for example. A path in it stays in front of every route.
 *
 * Calls made while requests are under way travel together in the next one. What a network failure or a retryable problem
 * stopped is sent again under the same request id, with growing pauses, until the call's time is over; so a call has its
 * effect once. Calls that do not wait for each other may be decided in any order; the commands of one `batch` are decided in
 * theirs.
 *
 * @throws LedgerError `invalid_request` for a URL that is not one of http or https
 */
export function connect(url: string, options: ConnectOptions = {}): Ledger {
  const service = {
    url: baseOf(url),
    headers: options.headers ?? {},
    // Called as a plain function: browsers refuse a `fetch` that is a method of something else.
    fetch: options.fetch ?? ((input: string, init: RequestInit) => fetch(input, init)),
  }
  const limits = { ...CLIENT_LIMITS, ...options.limits }
  return new RemoteLedger(service, {
    ...limits,
    batchCommandsMax: Math.min(limits.batchCommandsMax, BATCH_COMMANDS_MAX),
  })
}

function baseOf(text: string): string {
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw LedgerError.invalidParameter('url', 'This is not the URL of a service, such as http://127.0.0.1:4680.')
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    const rule = 'has no user, query or fragment; what a gateway asks for goes into `headers`'
    throw LedgerError.invalidParameter('url', `The URL of a service ${rule}.`)
  }
  return url.href.replace(/\/+$/, '')
}

export { LedgerError } from '../api/error.ts'
export type { ProblemCode } from '../api/problem.ts'
export type * from '../api/ledger.ts'
export type { ClientLimits } from './limits.ts'
export type { Fetch } from './exchange.ts'
export type { Asset } from '../domain/asset.ts'
export type { Balance } from '../domain/balance.ts'
export type { Overage } from '../domain/command.ts'
export type { Hold, HoldState, OnExpiry } from '../domain/hold.ts'
export type { AccountName, AssetCode, Instant, RequestId } from '../domain/ids.ts'
export type { Entry, EntryKind, HoldEvent, Posting } from '../domain/journal.ts'
export type { Metadata } from '../domain/metadata.ts'
export type { Applied } from '../domain/outcome.ts'
export type { Answer, Answers } from '../domain/command.ts'
