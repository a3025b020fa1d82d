/** One HTTP request and its answer, by `fetch` alone. Whatever goes wrong comes out as a `LedgerError`. */
import { LedgerError } from '../api/error.ts'
import { errorFromProblem } from '../api/problem-details.ts'

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export interface Service {
  /** Without a slash at its end. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly fetch: Fetch
}

export interface Exchange {
  readonly path: string
  /** JSON to post; null asks for the path. */
  readonly body: string | null
  readonly timeoutMs: number
  /** Ends the exchange when it is aborted. */
  readonly controller: AbortController
}

/** What proxies answer while the service behind them is away. */
const AWAY_STATUSES: ReadonlySet<number> = new Set([408, 429, 502, 503, 504])

/**
 * The answer's JSON.
 *
 * @throws LedgerError what the service said; `service_unreachable` when no whole answer came; `unexpected_answer`
 */
export async function exchange(service: Service, { path, body, timeoutMs, controller }: Exchange): Promise<unknown> {
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    controller.abort()
  }, timeoutMs)
  try {
    const response = await service.fetch(service.url + path, {
      method: body === null ? 'GET' : 'POST',
      headers: body === null ? service.headers : { ...service.headers, 'content-type': 'application/json' },
      // A redirect would turn a POST into a GET.
      redirect: 'manual',
      signal: controller.signal,
      ...(body === null ? {} : { body }),
    })
    const text = await response.text()
    if (response.ok) return parse(text, response.status)
    throw refusal(response, text)
  } catch (error) {
    if (error instanceof LedgerError) throw error
    const reason = timedOut ? `it did not answer within ${timeoutMs} ms` : reasonOf(error)
    throw new LedgerError('service_unreachable', `${service.url} cannot be reached: ${reason}.`, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}

function parse(text: string, httpStatus: number): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw unexpected('The service answered something that is not JSON.', { details: { httpStatus }, cause: error })
  }
}

/** For an answer of a shape that this client does not know. */
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
  return new LedgerError('service_unreachable', `Something before the service answered ${status}.`, {
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

/** Seconds, or a date (RFC 9110, section 10.2.3), which means something beside the date of the answer only: clocks differ. */
function retryAfterMs(headers: Headers): number | null {
  const retryAfter = headers.get('retry-after')
  if (retryAfter === null) return null
  if (/^[0-9]+$/.test(retryAfter)) return Number(retryAfter) * 1000
  const ms = Date.parse(retryAfter) - Date.parse(headers.get('date') ?? '')
  return Number.isFinite(ms) ? Math.max(0, ms) : null
}

/** What `fetch` says is mostly "fetch failed"; its cause says more, where the platform gives one. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  if (!(cause instanceof Error)) return error.message
  return cause.message === '' && 'code' in cause ? String(cause.code) : cause.message
}
