/** The limits of the HTTP service. Each name ends with its unit. */
import { LIST_BYTES_MAX } from '../api/reconciliation.ts'

export interface HttpLimits {
  /** Open connections; a further one is closed at once. */
  readonly connectionsMax: number
  /** Sockets that listen on the port of the service, where the system allows several. Each accepts about one connection per turn. */
  readonly listenersMax: number
  /** Admitted requests without a response; a further one is `overloaded`. Health and reference routes are not limited. */
  readonly requestsInFlightMax: number
  /**
   * Requests of one caller at work at once while other callers are there, where each 256 bytes of a body count as one more, and a new
   * connection as three; with a slow database more (company.ts). Further ones wait, at most `companyWaitMsMax`; after that they are `overloaded`.
   */
  readonly inCompanyMax: number
  readonly companyWaitMsMax: number
  /**
   * Reads and commands a second of one caller, and how many at once when it was quiet before; 0: no limit. A further request is
   * `rate_limited`. Each process counts for itself.
   */
  readonly callerCommandsPerSecondMax: number
  readonly callerBurstMax: number
  /** Callers whose rate is remembered; the one that was quiet for longest is forgotten first. */
  readonly callersLimitedMax: number
  /** A larger body is `payload_too_large`. */
  readonly bodyBytesMax: number
  /** The size of the request line and headers; larger ones are `headers_too_large`. */
  readonly headerBytesMax: number
  /** The time for the headers, and for the whole request, to arrive; after that `request_timeout`. */
  readonly headersTimeoutMs: number
  readonly requestTimeoutMs: number
  /** The interval at which the two timeouts are checked, which is also their precision. */
  readonly timeoutCheckMs: number
  /** The lifetime of an idle connection. Longer than the 60 s for which load balancers usually keep one. */
  readonly keepAliveTimeoutMs: number
  /** The time in which a caller must take some of an answer that it is sent. After that, its connection is reset. */
  readonly answerStallMsMax: number
  /** The time that reads and batch requests may take in one turn of the event loop. Further ones wait for a later turn. */
  readonly turnMsMax: number
  /** Batch requests that may wait for their turn, with their bodies in memory; a further one is `overloaded`. */
  readonly batchesWaitingMax: number
  /** Concurrent exports; a further one is `overloaded`. Each has up to two pages in memory. */
  readonly exportsMax: number
  /** The time that a caller may take for one page of an export, and for the whole export. After that, its connection is reset. */
  readonly exportPageMsMax: number
  readonly exportMsMax: number
  /** The time of a whole verification of the books, of which one runs at a time, and how often a long check of it says that it goes on. */
  readonly verificationMsMax: number
  readonly verificationBeatMs: number
  /** The time of an examination of the database, of which one runs at a time. */
  readonly examinationMsMax: number
  /** The size of a list that is compared with the ledger, of which one is at a time; a larger one is `payload_too_large`. */
  readonly listBytesMax: number
  /** The time of a comparison, the lines of its answer with findings, and how often it says that it goes on. */
  readonly comparisonMsMax: number
  readonly comparisonFindingsMax: number
  readonly comparisonBeatMs: number
  /** Answers of batch requests, of more than a page each, that are being sent; further batch requests are `overloaded`. */
  readonly largeAnswersMax: number
  /** A read with a shorter answer, in UTF-16 units, is not compressed. */
  readonly compressedCharactersMin: number
  /** Concurrent compressions, each with a buffer of 270 kB; a further answer is not compressed. */
  readonly compressionsMax: number
  /** The maximum age of the warnings in `/readyz`, and the time that it waits for new ones. */
  readonly warningsAgeMsMax: number
  readonly warningsWaitMsMax: number
  /** The time that `close` waits for requests in progress before it resets their connections. */
  readonly shutdownMs: number
}

export const HTTP_LIMITS: HttpLimits = {
  connectionsMax: 10_000,
  listenersMax: 16,
  requestsInFlightMax: 2_000,
  inCompanyMax: 8,
  companyWaitMsMax: 10_000,
  callerCommandsPerSecondMax: 0,
  callerBurstMax: 1_000,
  callersLimitedMax: 10_000,
  bodyBytesMax: 1_048_576,
  headerBytesMax: 16_384,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  timeoutCheckMs: 1_000,
  keepAliveTimeoutMs: 72_000,
  answerStallMsMax: 60_000,
  turnMsMax: 10,
  batchesWaitingMax: 100,
  exportsMax: 4,
  exportPageMsMax: 30_000,
  exportMsMax: 3_600_000,
  verificationMsMax: 3_600_000,
  verificationBeatMs: 5_000,
  examinationMsMax: 60_000,
  listBytesMax: LIST_BYTES_MAX,
  comparisonMsMax: 3_600_000,
  comparisonFindingsMax: 100_000,
  comparisonBeatMs: 1_000,
  largeAnswersMax: 16,
  compressedCharactersMin: 2_048,
  compressionsMax: 64,
  warningsAgeMsMax: 10_000,
  warningsWaitMsMax: 500,
  shutdownMs: 10_000,
}
