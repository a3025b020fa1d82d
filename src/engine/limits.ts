/** Every bound of the engine, with its unit in its name. */
import { CLOCK_DIFFERENCE_MS_MAX } from './reader.ts'

export interface EngineLimits {
  /** Commands that wait for a batch; more are answered `overloaded`. */
  readonly queueCommandsMax: number
  /**
   * Commands in one transaction. A group that is larger goes alone. With 1,000 calls in flight, 500 leave room for a second
   * batch: PostgreSQL 15 committed 62,400 commands/s by 500 and 30,000 by 1,000; for SQLite see docs/adr/0005.
   */
  readonly batchCommandsMax: number
  /** Batches sent to the database and not answered yet. The second is decided while the first is being committed. */
  readonly batchesInFlightMax: number
  /** Patience with a call that names none. */
  readonly callTimeoutMsDefault: number
  /**
   * Rows remembered between batches: requests (entries and holds), and balances. With fewer finished requests among them 1,000 calls in
   * flight were served somewhat faster, because less memory is walked through. But repeats are recognised by them, and a repeated
   * freeze that is not recognised makes its batch stale; when a database comes back, all that waited may be repeated at once.
   */
  readonly cacheRequestsMax: number
  readonly cacheBalancesMax: number
  /** Attempts of one batch before `contention`, the first included: 2 or more, because the first does not lock. */
  readonly attemptsMax: number
  /**
   * A call is answered `contention`, which is certain, rather than tried again when its deadline would come before the end of another
   * attempt. That is expected to take as long as the one before, and as much again but no more than this.
   */
  readonly attemptMarginMs: number
  /** Longest pause between two attempts; the pauses double from 1 ms and are drawn at random below their bound. */
  readonly pauseMsMax: number
  /** How long a balance that met another writer is written under a lock. */
  readonly contendedMs: number
  /** How long a lost commit is looked for before `commit_in_doubt`. */
  readonly doubtMsMax: number
  /** Failures of the database in a row that open the circuit breaker, and how long it stays open before a probe. */
  readonly breakerFailures: number
  readonly breakerOpenMs: number
  /** How long `stop` lets queued commands finish. */
  readonly drainMsMax: number
  /** Life of a hold whose freeze names none, and the longest that one may ask for. */
  readonly holdTtlMsDefault: number
  readonly holdTtlMsMax: number
  /** Pause between two rounds of the sweeper; a quarter more or less by chance, so that processes do not sweep in step. */
  readonly expiryIntervalMs: number
  /** Due holds that the sweeper reads, and submits, at once. */
  readonly expiryPageMax: number
  /** Due holds that it submits in one round; the others wait for the next one, so that callers get their turn. */
  readonly expiryRoundMax: number
  /** A hold that is still open so long after it came due says that the sweepers are behind. */
  readonly expiryLagMsMax: number
  /** How long a hold that could not be ended is left aside, and how many are, so that the due holds behind them get their turn. */
  readonly expiryAsideMs: number
  readonly expiryAsideMax: number
  /**
   * How much the clocks of two processes may differ, so how far the newest rows may be ahead of a process's clock. From the clock of the
   * database's server each of the two may differ by half of it. Beyond that the process neither serves nor sweeps.
   */
  readonly clockDifferenceMsMax: number
  /** A process's time of day that moves by more than this against its own measure of time is compared with the database's at once. */
  readonly clockJumpMsMax: number
  /** How often the clocks are compared while there is work, and how often while they differ too much. */
  readonly clockCheckIntervalMs: number
  readonly clockRetryMs: number
  /**
   * How long no hold is ended after the clock was set ahead by more than `clockDifferenceMsMax`, where no server can say whether that was
   * right: less than `expiryLagMsMax`, so that it is no lag.
   */
  readonly clockRestMs: number
}

export const ENGINE_LIMITS: EngineLimits = {
  queueCommandsMax: 10_000,
  batchCommandsMax: 500,
  batchesInFlightMax: 2,
  callTimeoutMsDefault: 30_000,
  cacheRequestsMax: 50_000,
  cacheBalancesMax: 50_000,
  attemptsMax: 10,
  attemptMarginMs: 500,
  pauseMsMax: 100,
  contendedMs: 1_000,
  doubtMsMax: 10_000,
  breakerFailures: 5,
  breakerOpenMs: 1_000,
  drainMsMax: 10_000,
  holdTtlMsDefault: 15 * 60_000,
  holdTtlMsMax: 30 * 24 * 60 * 60_000,
  expiryIntervalMs: 1_000,
  expiryPageMax: 200,
  expiryRoundMax: 5_000,
  expiryLagMsMax: 60_000,
  expiryAsideMs: 60_000,
  expiryAsideMax: 1_000,
  clockDifferenceMsMax: CLOCK_DIFFERENCE_MS_MAX,
  clockJumpMsMax: 1_000,
  clockCheckIntervalMs: 30_000,
  clockRetryMs: 1_000,
  clockRestMs: 30_000,
}
