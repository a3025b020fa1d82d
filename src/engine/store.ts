/** The write port: what the engine needs from a database. It contains no rules, and no transaction object crosses it. */
import type { BalanceName } from '../domain/balance.ts'
import type { Instant } from '../domain/ids.ts'
import type { Snapshot } from '../domain/snapshot.ts'
import type { Changes } from '../domain/changes.ts'
import type { Footprint } from '../domain/footprint.ts'

/**
 * - `committed`: all changes are durable.
 * - `stale`: a version has moved, a key is taken, or an asset or a rate has changed; nothing was written.
 * - `deadlock`, `lock_timeout`, `serialization`: the commit was contended: the database gave up because of a lock; nothing was written.
 */
export type CommitResult = 'committed' | 'stale' | Contended

/**
 * Why a database gave up because of a lock: it chose this transaction to end a deadlock, the lock was not given in time (SQLite: busy), or
 * the transactions could not be put in an order (a serialization failure, a certification failure of a cluster).
 */
export type Contended = 'deadlock' | 'lock_timeout' | 'serialization'

const CONTENDED: ReadonlySet<string> = new Set<Contended>(['deadlock', 'lock_timeout', 'serialization'])

export function isContended(result: string): result is Contended {
  return CONTENDED.has(result)
}

/** The clock of a database, and the newest time in its rows. */
export interface StoreClock {
  /** The clock of the database's server when it answered; null for a store without a server, which has only the clock of this process. */
  readonly serverAt: Instant | null
  /**
   * The latest time among the last postings of house balances, of which at most `NEWEST_ROWS_MAX` are read; null when there are none.
   * Nearly every deposit, charge and settle writes such a posting.
   */
  readonly newestAt: Instant | null
}

/**
 * House balances whose last posting is read for `StoreClock.newestAt`. Reading 1,000 of them among 50,000 other balances and 400,000
 * postings took 1 ms on SQLite, and 6 to 14 ms on the servers.
 */
export const NEWEST_ROWS_MAX = 1_000

export interface Store {
  /**
   * How many connections were lost since the store was opened, not counting idle ones that the server closed. After a loss the address may
   * lead to another database: a standby that was promoted, a backup that was restored.
   */
  readonly connectionsLost: number

  /**
   * The footprint's rows at one instant, without locks. For each hold among its requests, the balances that commands about the hold touch
   * are included. A balance without a row has version 0, and the id that its row will get.
   *
   * Requests that are found are as durable as a commit of this store: when commits wait for standbys, so does this read, because repeats
   * are answered from it.
   *
   * @throws Fault `store_unavailable`, `store_misconfigured`
   */
  load(footprint: Footprint): Promise<Snapshot>

  /**
   * Writes all of `changes` or nothing, in one durable transaction. It may be called while earlier commits are in flight. They take effect
   * in the order of the calls, or a later one that touches rows of an earlier one may be `stale`.
   *
   * Changes that were decided on rows which have moved may also violate a constraint: then the result is `stale` or `store_refused`,
   * depending on which the database checks first.
   *
   * @throws Fault `store_unavailable`, `store_misconfigured` (nothing written), `store_refused` (nothing written: a constraint is violated,
   *   and another attempt would violate it too), `commit_in_doubt` (unknown)
   */
  commit(changes: Changes): Promise<CommitResult>

  /**
   * Locks the footprint's balances in ascending key order, reads all rows, calls `plan`, writes the changes that it returns, and commits:
   * this makes progress under contention. `plan` is synchronous and called at most once. When it throws, nothing is written and the error
   * is thrown on. Empty changes end the transaction without a write, as `committed`; requests that were found are then as durable as
   * those of `load`.
   *
   * @throws Fault as `commit`
   */
  exclusive(footprint: Footprint, plan: (snapshot: Snapshot) => Changes): Promise<CommitResult>

  /**
   * The keys of those balances that another transaction has locked now: their own rows, or rows of an old system that a bridge joins with
   * them. It waits for no lock and keeps none. A store that does not lock single rows finds none.
   *
   * @throws Fault `store_unavailable`, `store_misconfigured`
   */
  locked(balances: ReadonlyMap<string, BalanceName>): Promise<ReadonlySet<string>>

  /** One cheap round trip that proves that a commit is possible. @throws Fault `store_unavailable`, `store_misconfigured` */
  ping(): Promise<void>

  /** Reads the clock of the database, in one cheap round trip. @throws Fault `store_unavailable`, `store_misconfigured` */
  clock(): Promise<StoreClock>
}
