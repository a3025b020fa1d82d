/** Every bound of the client, with its unit in its name. */

export interface ClientLimits {
  /** Requests with commands that are under way at once. Reads do not count. */
  readonly connectionsMax: number
  /** Commands in one request, at most `BATCH_COMMANDS_MAX`. A `batch` call that is larger travels alone. */
  readonly batchCommandsMax: number
  /** UTF-16 units of one request's commands; each takes up to 3 bytes of the service's `bodyBytesMax`. */
  readonly batchCharactersMax: number
  /** Commands that have no answer yet, on the way or waiting for it; a call beyond them is `overloaded`. */
  readonly unansweredCommandsMax: number
  /** Attempts of one call, the first included. */
  readonly attemptsMax: number
  /** Bounds of the pause after the first failure and of the longest one; between them they double. */
  readonly pauseMsMin: number
  readonly pauseMsMax: number
  /**
   * Patience with one HTTP request; then it counts as failed and may be tried again. Longer than the service's own patience with a command
   * (`callTimeoutMsDefault` of the engine), whose answer says what is certain.
   */
  readonly requestTimeoutMs: number
  /** Patience with a call that names none, attempts and pauses included. */
  readonly callTimeoutMsDefault: number
}

/**
 * Two connections, so that the service decides one request while the client reads the answers of the other: at 1,000 calls in
 * flight over SQLite, both sides on 2 cores, they were 20 to 30 % faster than one. Four cost the client 40 % more processor
 * time per command, in requests half as large.
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
