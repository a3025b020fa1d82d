/** The limits of the engine. Each name ends with its unit or bound. */
import { CLOCK_DIFFERENCE_MS_MAX } from './reader.ts'

export interface EngineLimits {
  /** Commands that may wait for a batch; further ones are answered `overloaded`. Parked ones that return come on top of them. */
  readonly queueCommandsMax: number
  /**
   * Commands in one transaction. A larger group is a batch of its own. With 1,000 calls in flight, 500 leave room for a second
   * batch: PostgreSQL 15 committed 62,400 commands/s by 500 and 30,000 by 1,000; for SQLite see docs/adr/0005.
   */
  readonly batchCommandsMax: number
  /**
   * Commands of one caller in one transaction while other callers are there, unless those have more waiting: a full batch of one caller
   * would keep the others waiting for 15 ms and more.
   */
  readonly inCompanyCommandsMax: number
  /**
   * Commands a second by which one account may spend (freezes, charges, transfers), and how many at once when it was quiet before; 0: no
   * limit. A further one is `rate_limited`. Each process counts for itself.
   */
  readonly accountCommandsPerSecondMax: number
  readonly accountBurstMax: number
  /** Holds of one account that may be open at once, as far as this process knows; 0: no limit. A further freeze is `rate_limited`. */
  readonly accountHoldsMax: number
  /** Accounts whose rate and open holds are remembered; the one that was quiet for longest is forgotten first. */
  readonly accountsLimitedMax: number
  /** Batches in flight. The second one is decided while the first is being committed. */
  readonly batchesInFlightMax: number
  /** How long a batch waits at most for the callers who were just answered, when the database is busy (linger.ts); 0: never. */
  readonly lingerMsMax: number
  /** Timeout of a call that gives none. */
  readonly callTimeoutMsDefault: number
  /**
   * Rows cached between batches: requests (entries and holds), and balances. With fewer requests, 1,000 calls in flight were served
   * slightly faster, because the cache uses less memory. But a repeat is recognised by its cached request, and a repeated freeze that is
   * not recognised makes its batch stale; after an outage of the database many callers repeat their requests at once.
   */
  readonly cacheRequestsMax: number
  readonly cacheBalancesMax: number
  /** Attempts at one batch before `contention`, including the first: 2 or more, because the first takes no locks. */
  readonly attemptsMax: number
  /**
   * A call is answered `contention`, which says that nothing was written, when its deadline may come before the end of another attempt.
   * The next attempt is expected to take at most twice as long as the previous one, or the previous time plus this margin if that is less.
   */
  readonly attemptMarginMs: number
  /** Upper bound of the pause between two attempts. The bound doubles with each attempt, from 2 ms; the pause is random below it. */
  readonly pauseMsMax: number
  /**
   * Balances that count as locked by another transaction at once, and how often they are looked at. Commands on them are parked: at most
   * so many of them, for at most so long; then they are answered `contention`.
   */
  readonly lockedBalancesMax: number
  readonly lockedLookMs: number
  readonly parkedCommandsMax: number
  readonly parkedMsMax: number
  /** How long a balance that another writer has moved is locked before it is decided on. */
  readonly contendedMs: number
  /** How long the engine tries to find the outcome of a lost commit before it answers `commit_in_doubt`. */
  readonly doubtMsMax: number
  /** Consecutive failures of the database that open the circuit breaker, and how long it stays open before a probe. */
  readonly breakerFailures: number
  readonly breakerOpenMs: number
  /** How long `stop` waits for queued and committing commands. */
  readonly drainMsMax: number
  /** Life of a hold whose freeze gives none, and the longest that a freeze may ask for. */
  readonly holdTtlMsDefault: number
  readonly holdTtlMsMax: number
  /** Pause between two rounds of the sweeper; up to a quarter longer or shorter at random, so that processes do not sweep at the same time. */
  readonly expiryIntervalMs: number
  /** Due holds that the sweeper reads and submits at a time. */
  readonly expiryPageMax: number
  /** Due holds that it submits in one round. Further ones wait for the next round, so that callers are served in between. */
  readonly expiryRoundMax: number
  /** The sweepers are behind when a hold is still open this long after it became due. */
  readonly expiryLagMsMax: number
  /** How long a hold that could not be ended is set aside, and at most how many are, so that the due holds after them are reached. */
  readonly expiryAsideMs: number
  readonly expiryAsideMax: number
  /** Places in the order of expiries that one look of the sweeper passes at most, those of holds that have ended included. */
  readonly expiryPlacesMax: number
  /** How far before its start a sweeper begins to look for holds that are due; its first patrol looks at all that is before. */
  readonly expiryRecentMs: number
  /** How long after their expiry places are looked at again and again, for holds that came late to them. */
  readonly expiryTrailMs: number
  /** Places that one round looks at again at most, of the trail and of the patrol each. */
  readonly expiryPatrolPlacesMax: number
  /**
   * How much the clocks of two processes may differ, and so how far the newest rows may be ahead of a process's clock. Each clock may
   * differ from the clock of the database's server by half of that. Beyond it the process neither serves nor sweeps.
   */
  readonly clockDifferenceMsMax: number
  /** When the time of day moves by more than this relative to `elapsed`, it is compared with the database's clock immediately. */
  readonly clockJumpMsMax: number
  /** How often the clocks are compared while there is work, and while they differ too much. */
  readonly clockCheckIntervalMs: number
  readonly clockRetryMs: number
  /**
   * How long no hold is ended after the clock was set ahead by more than `clockDifferenceMsMax`, for stores without a server whose clock
   * could confirm that. Less than `expiryLagMsMax`, so that the pause does not count as lag.
   */
  readonly clockRestMs: number
}

export const ENGINE_LIMITS: EngineLimits = {
  queueCommandsMax: 10_000,
  batchCommandsMax: 500,
  inCompanyCommandsMax: 32,
  batchesInFlightMax: 2,
  lingerMsMax: 5,
  accountCommandsPerSecondMax: 0,
  accountBurstMax: 100,
  accountHoldsMax: 0,
  accountsLimitedMax: 10_000,
  callTimeoutMsDefault: 30_000,
  cacheRequestsMax: 50_000,
  cacheBalancesMax: 50_000,
  attemptsMax: 10,
  attemptMarginMs: 500,
  pauseMsMax: 100,
  lockedBalancesMax: 1_000,
  lockedLookMs: 50,
  parkedCommandsMax: 1_000,
  parkedMsMax: 5_000,
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
  expiryPlacesMax: 20_000,
  expiryRecentMs: 60 * 60_000,
  expiryTrailMs: 2 * 60_000,
  expiryPatrolPlacesMax: 1_000,
  clockDifferenceMsMax: CLOCK_DIFFERENCE_MS_MAX,
  clockJumpMsMax: 1_000,
  clockCheckIntervalMs: 30_000,
  clockRetryMs: 1_000,
  clockRestMs: 30_000,
}

/** Of a database that is only read. */
export interface ReplicaLimits {
  /** Beyond this lag, or if it is unknown, rows are too old; null for no bound. */
  readonly lagMsMax: number | null
  /** A lag that was found earlier is looked for again. */
  readonly lagAgeMsMax: number
  /** How long a caller of `check` waits for the server. */
  readonly lagWaitMsMax: number
}

export const REPLICA_LIMITS: ReplicaLimits = { lagMsMax: 60_000, lagAgeMsMax: 1_000, lagWaitMsMax: 2_000 }
