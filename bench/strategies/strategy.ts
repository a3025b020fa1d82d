/**
 * A strategy: a way to freeze, settle and release, or to transfer, on its own tables in a scratch database.
 *
 * Every command is idempotent by its request id, except for `raw`, which checks nothing.
 */
import type { Tally } from '../audit/tally.ts'
import type { Database, Dialect } from '../databases/database.ts'

export interface FreezeRequest {
  readonly requestId: string
  readonly user: number
  readonly amount: number
}

/** A hold, by the request id of its freeze. */
export interface HoldRequest {
  readonly requestId: string
  readonly user: number
}

export interface TransferRequest {
  readonly requestId: string
  readonly from: number
  /** In the caller's order, without duplicates. */
  readonly shares: readonly { readonly to: number; readonly amount: number }[]
}

/**
 * Each call resolves when its effect is durable.
 *
 * @throws CallFailure, DatabaseFailure or LedgerError: the call had no effect
 */
export interface Lives {
  freeze(request: FreezeRequest): Promise<unknown>
  /** Takes `cost` and releases the rest. */
  settle(hold: HoldRequest, cost: number): Promise<unknown>
  release(hold: HoldRequest): Promise<unknown>
}

/** @throws as `Lives` */
export interface Transfers {
  transfer(request: TransferRequest): Promise<unknown>
}

/** The setting of a run, the same in every process except for the last two fields. */
export interface Site {
  /** The store URL of the scratch database. */
  readonly url: string
  readonly dialect: Dialect
  readonly users: readonly number[]
  /** Initial coins of every user. */
  readonly funds: number
  /** Connections of each process, and the maximum of calls in flight in it. */
  readonly connectionsMax: number
  readonly inFlight: number
  readonly lockTimeoutMs: number
  /** Pause after each statement of a write-up's transaction, as for an application far from its database. */
  readonly statementPauseMs: number
  readonly processCount: number
  /** 0, 1, … */
  readonly processIndex: number
}

/** Counters since the strategy was opened; they never decrease, and null means not counted. */
export interface Counts {
  readonly retries: number | null
  /** Transactions that the database aborted over a lock, even if a retry succeeded. */
  readonly lockTimeouts: number | null
  readonly deadlocks: number | null
  /** Updates with a version condition that matched, and those that did not. Both 0 for strategies without versions. */
  readonly casWins: number
  readonly casLosses: number
  /** Write transactions, and the commands in them. */
  readonly batches: number | null
  readonly batchedCommands: number | null
}

/** An open strategy in one process. */
export interface Player extends AsyncDisposable {
  /** Null when the strategy does not support these commands. */
  readonly lives: Lives | null
  readonly transfers: Transfers | null
  counts(): Counts
  /** The process that does the work, if it is not this one. */
  readonly workerPid: number | null
}

/** Ended holds that SQL writes, of an account that the lab's calls never name: as calls would have made them, much faster. */
export interface Loading {
  /** Lives of one step. */
  readonly livesPerStep: number
  /** Comes before `prepare`, on an empty database. */
  begin(site: Site, database: Database): Promise<void>
  /** Step 0, 1, … may come at any time after `prepare`. */
  stepSql(step: number, dialect: Dialect): readonly string[]
  /** Reads of the account with all these holds; null when the strategy has none. */
  readonly reads: ((site: Site) => Promise<ReadTimes>) | null
}

/** Medians of the calls' latencies, in milliseconds. */
export interface ReadTimes {
  /** The first page of a statement. */
  readonly statementMs: number
  /** The first page of the open holds of an account, which are its newest. */
  readonly openHoldsMs: number
  /** The same of an account whose only open hold is the first of its journal: what a page costs that finds nothing. */
  readonly searchMs: number
  /** A hold by its id, anywhere in the journal. */
  readonly holdMs: number
}

export interface Strategy {
  readonly summary: string
  readonly plays: 'lives' | 'transfers' | 'both'
  /** For tables that can be filled otherwise than by calls. */
  readonly loading?: Loading
  /** Creates the tables and funds every user, once, before any process starts. */
  prepare(site: Site): Promise<void>
  open(site: Site): Promise<Player>
  /** Findings in the books after every answer; empty when they are exact. */
  audit(site: Site, tally: Tally): Promise<readonly string[]>
}

export type CallFailureCode = 'insufficient_funds' | 'hold_not_found' | 'hold_not_open' | 'cas_exhausted'

/** A rejection by the strategy: the call had no effect. */
export class CallFailure extends Error {
  override readonly name = 'CallFailure'
  readonly code: CallFailureCode

  constructor(code: CallFailureCode, message: string) {
    super(message)
    this.code = code
  }
}
