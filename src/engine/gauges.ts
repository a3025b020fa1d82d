/** How an engine is right now. */
export interface EngineGauges {
  /** Commands that wait for a batch. */
  readonly queueCommands: number
  /** Commands that may wait; further ones are `overloaded`. */
  readonly queueCommandsMax: number
  readonly batchesInFlight: number
  /** Whether the circuit breaker answers for the database. */
  readonly isBreakerOpen: boolean
  /** Balances that another writer has moved lately, so that they are locked before they are decided on. */
  readonly contendedBalances: number
  /** Balances that another transaction keeps locked, and commands that were parked because of them. */
  readonly lockedBalances: number
  readonly parkedCommands: number
  readonly cachedRequests: number
  readonly cachedBalances: number
  readonly isClockWrong: boolean
}
