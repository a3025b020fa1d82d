/** One HTTP call: a request and its response, with `fetch`. Every error is thrown as a `LedgerError`. */
import { LedgerError } from '../api/error.ts'
import { errorFromProblem } from '../api/received.ts'
import type { Trace } from './trace.ts'

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** For a balancer in front of several services that sends the calls of an account to one of them. */
const ACCOUNT_HEADER = 'holdfast-account'

export interface Service {
  /** Has no slash at its end. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly trace: Trace
  readonly fetch: Fetch
  /** Whether requests about one account name it in a header. */
  readonly sendsAccount: boolean
}

export interface HttpCall {
  readonly path: string
  /** The JSON body of a POST; null for a GET. */
  readonly body: string | null
  readonly timeoutMs: number
  /** The header `traceparent`; null for none. */
  readonly trace: string | null
  /** The account that the whole call is about; null if there is none, or several. */
  readonly account: string | null
  /** Ends the call when it is aborted. */
  readonly controller: AbortController
}

/** The statuses of a proxy that cannot reach the service. */
const AWAY_STATUSES: ReadonlySet<number> = new Set([408, 429, 502, 503, 504])

/**
 * Returns the JSON of the response.
 *
 * @throws LedgerError the problem of the service; `service_unreachable` if no complete response arrived; `unexpected_answer`
 */
export async function call(service: Service, request: HttpCall): Promise<unknown> {
  const { path, body, timeoutMs, trace, account, controller } = request
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    controller.abort()
  }, timeoutMs)
  try {
    const response = await service.fetch(service.url + path, {
      method: body === null ? 'GET' : 'POST',
      headers: {
        ...service.headers,
        ...(trace === null ? {} : { traceparent: trace }),
        ...(account === null || !service.sendsAccount ? {} : { [ACCOUNT_HEADER]: account }),
        ...(body === null ? {} : { 'content-type': 'application/json' }),
      },
      // A redirect can change a POST to a GET.
      redirect: 'manual',
      signal: controller.signal,
      ...(body === null ? {} : { body }),
    })
    const text = await response.text()
    if (response.ok) return parse(text, response.status)
    throw refusal(response, text)
  } catch (error) {
    if (error instanceof LedgerError) throw error
    const reason = timedOut ? `no response within ${timeoutMs} ms` : reasonOf(error)
    throw new LedgerError('service_unreachable', `${service.url} cannot be reached: ${reason}.`, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}

function parse(text: string, httpStatus: number): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw unexpected('The response of the service is not JSON.', { details: { httpStatus }, cause: error })
  }
}

/** The error for a response in a format that this client does not know. */
export function unexpected(
  message: string,
  options: { details?: { httpStatus: number }; cause?: unknown } = {},
): LedgerError {
  return new LedgerError('unexpected_answer', message, options)
}

function refusal(response: Response, text: string): LedgerError {
  const { status } = response
  const error = errorFromProblem(jsonOrNull(text), status)
  if (error.code !== 'unexpected_answer' || !AWAY_STATUSES.has(status)) return error
  return new LedgerError('service_unreachable', `A proxy before the service answered ${status}.`, {
    retryAfterMs: retryAfterMs(response.headers),
  })
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Seconds or a date (RFC 9110, section 10.2.3). The date is compared with the date of the response, because clocks differ. */
function retryAfterMs(headers: Headers): number | null {
  const retryAfter = headers.get('retry-after')
  if (retryAfter === null) return null
  if (/^[0-9]+$/.test(retryAfter)) return Number(retryAfter) * 1000
  const ms = Date.parse(retryAfter) - Date.parse(headers.get('date') ?? '')
  return Number.isFinite(ms) ? Math.max(0, ms) : null
}

/** The message of `fetch` is usually "fetch failed". The cause says more, if the platform provides one. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  if (!(cause instanceof Error)) return error.message
  return cause.message === '' && 'code' in cause ? String(cause.code) : cause.message
}
