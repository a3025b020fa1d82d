/**
 * What a strategy is: a way to freeze, settle and release, or to transfer, on tables of its own in a database that the lab has
 * just made for it.
 *
 * Every command is idempotent by its request id, except for `raw`, which looks at nothing.
 */
import type { Tally } from '../audit/tally.ts'
import type { Dialect } from '../databases/database.ts'

export interface FreezeRequest {
  readonly requestId: string
  readonly user: number
  readonly amount: number
}

/** What was frozen before, by the request id of its freeze. */
export interface HoldRequest {
  readonly requestId: string
  readonly user: number
}

export interface TransferRequest {
  readonly requestId: string
  readonly from: number
  /** In the order in which the caller names them; nobody stands there twice. */
  readonly shares: readonly { readonly to: number; readonly amount: number }[]
}

/**
 * Each call resolves when its effect is durable, to whatever its strategy has to say.
 *
 * @throws CallFailure, DatabaseFailure or LedgerError: it had none
 */
export interface Lives {
  freeze(request: FreezeRequest): Promise<unknown>
  /** Takes `cost` and gives the rest back. */
  settle(hold: HoldRequest, cost: number): Promise<unknown>
  release(hold: HoldRequest): Promise<unknown>
}

/** @throws as `Lives` */
export interface Transfers {
  transfer(request: TransferRequest): Promise<unknown>
}

/** Where a strategy works, the same in every process but for the last two fields. */
export interface Site {
  /** The store URL of the database that was made for it. */
  readonly url: string
  readonly dialect: Dialect
  readonly users: readonly number[]
  /** What every user has at the start. */
  readonly funds: number
  /** Connections of each process, and calls in flight in it at most. */
  readonly connectionsMax: number
  readonly inFlight: number
  readonly lockTimeoutMs: number
  /** What passes after each statement of a transaction of the write-ups, as in an application far from its database. */
  readonly statementPauseMs: number
  readonly processCount: number
  /** 0, 1, … */
  readonly processIndex: number
}

/** What a strategy has done since it was opened; counts only ever grow, and null means that nobody counts it. */
export interface Counts {
  readonly retries: number | null
  /** Transactions that the database ended over a lock, also where a retry made up for it. */
  readonly lockTimeouts: number | null
  readonly deadlocks: number | null
  /** Updates under a version that found it, and those that found it moved. Both 0 where no version is compared. */
  readonly casWins: number
  readonly casLosses: number
  /** Transactions that were meant to write, and the commands in them. */
  readonly batches: number | null
  readonly batchedCommands: number | null
}

/** A strategy at work in one process. */
export interface Player extends AsyncDisposable {
  /** Null where the strategy knows no such commands. */
  readonly lives: Lives | null
  readonly transfers: Transfers | null
  counts(): Counts
  /** The process that does the work, when it is not this one. */
  readonly workerPid: number | null
}

export interface Strategy {
  readonly summary: string
  readonly plays: 'lives' | 'transfers' | 'both'
  /** Makes the tables and gives every user their funds, once, before any process plays. */
  prepare(site: Site): Promise<void>
  open(site: Site): Promise<Player>
  /** What is wrong with the books after everything was answered; nothing when they are exact. */
  audit(site: Site, tally: Tally): Promise<readonly string[]>
}

export type CallFailureCode = 'insufficient_funds' | 'hold_not_found' | 'hold_not_open' | 'cas_exhausted'

/** A strategy's own "no": the call had no effect. */
export class CallFailure extends Error {
  override readonly name = 'CallFailure'
  readonly code: CallFailureCode

  constructor(code: CallFailureCode, message: string) {
    super(message)
    this.code = code
  }
}
