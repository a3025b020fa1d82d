/** The limits of the client. Each name ends with its unit. */

export interface ClientLimits {
  /** Concurrent requests with commands. Reads do not count. */
  readonly connectionsMax: number
  /** Commands in one request, at most `BATCH_COMMANDS_MAX`. A larger `batch` call is sent alone. */
  readonly batchCommandsMax: number
  /** UTF-16 units of the commands in one request. Each takes up to 3 bytes of the service's `bodyBytesMax`. */
  readonly batchCharactersMax: number
  /** Commands without an answer, sent or waiting. A call above this limit is `overloaded`. */
  readonly unansweredCommandsMax: number
  /** Attempts of one call, including the first. */
  readonly attemptsMax: number
  /** The upper bounds of the pause after the first failure and of the longest pause. In between, the bound doubles. */
  readonly pauseMsMin: number
  readonly pauseMsMax: number
  /**
   * The time limit of one HTTP request. After it, the request counts as failed and can be repeated. It is longer than the time limit of
   * the service (`callTimeoutMsDefault` of the engine), whose answer says whether the command may have had an effect.
   */
  readonly requestTimeoutMs: number
  /** The default time limit of a call, including attempts and pauses. */
  readonly callTimeoutMsDefault: number
}

/**
 * With two connections, the service decides one request while the client reads the answers of the other. At 1,000 concurrent calls over
 * SQLite, with both sides on 2 cores, two connections were 20 to 30 % faster than one. Four connections cost the client 40 % more
 * processor time per command, because the requests were half as large.
 */
export const CLIENT_LIMITS: ClientLimits = {
  connectionsMax: 2,
  batchCommandsMax: 500,
  batchCharactersMax: 262_144,
  unansweredCommandsMax: 10_000,
  attemptsMax: 8,
  pauseMsMin: 50,
  pauseMsMax: 5_000,
  requestTimeoutMs: 35_000,
  callTimeoutMsDefault: 60_000,
}
