/** Every bound of the HTTP side, with its unit in its name. */

export interface HttpLimits {
  /** Connections open at once; one more is closed as soon as it is made. */
  readonly connectionsMax: number
  /** Requests that were let in and are not answered yet; one more is `overloaded`. Health and reference are always answered. */
  readonly requestsInFlightMax: number
  /** A larger body is answered `payload_too_large`. */
  readonly bodyBytesMax: number
  /** Request line and headers; more are answered `headers_too_large`. */
  readonly headerBytesMax: number
  /** Time for the headers, and for the whole request, to arrive; then `request_timeout`. */
  readonly headersTimeoutMs: number
  readonly requestTimeoutMs: number
  /** How often the two are looked at: they are exact to this much. */
  readonly timeoutCheckMs: number
  /** Life of an idle connection. Longer than the 60 s that load balancers usually keep one. */
  readonly keepAliveTimeoutMs: number
  /** How long reads may take in one turn of the event loop before another one has to wait for the next. */
  readonly turnMsMax: number
  /** Exports under way at once; one more is `overloaded`. Each has up to two pages in memory. */
  readonly exportsMax: number
  /** How long a caller may take for one page of an export, and for the whole; then its connection is cut. */
  readonly exportPageMsMax: number
  readonly exportMsMax: number
  /** How old the warnings may be that `/readyz` shows, and how long it waits for new ones. */
  readonly warningsAgeMsMax: number
  readonly warningsWaitMsMax: number
  /** How long `close` waits for requests under way before it cuts their connections. */
  readonly shutdownMs: number
}

export const HTTP_LIMITS: HttpLimits = {
  connectionsMax: 10_000,
  requestsInFlightMax: 2_000,
  bodyBytesMax: 1_048_576,
  headerBytesMax: 16_384,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  timeoutCheckMs: 1_000,
  keepAliveTimeoutMs: 72_000,
  turnMsMax: 10,
  exportsMax: 4,
  exportPageMsMax: 30_000,
  exportMsMax: 3_600_000,
  warningsAgeMsMax: 10_000,
  warningsWaitMsMax: 500,
  shutdownMs: 10_000,
}
