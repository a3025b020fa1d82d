/**
 * The write port over SQLite: small batches on the calling thread, large ones on a thread of their own (docs/adr/0005).
 *
 * SQLite has one write lock. While the thread commits, further commits go to the thread, and all other users of the lock wait. Another
 * process may hold the lock: attempts to get it are repeated, with pauses in which this process serves its other callers.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Actor } from '../../domain/by.ts'
import type { Instant } from '../../domain/ids.ts'
import type { Snapshot } from '../../domain/snapshot.ts'
import type { Changes } from '../../domain/changes.ts'
import type { Footprint } from '../../domain/footprint.ts'
import type { ActorBook, ActorUse } from '../../engine/actor-book.ts'
import { Fault } from '../../engine/faults.ts'
import type { CommitResult, Store, StoreClock } from '../../engine/store.ts'
import { flatten } from './writes.ts'
import type { LongLoads } from './long-loads.ts'
import type { SqliteTables } from './tables.ts'
import type { WritingThread } from './writing-thread.ts'

/**
 * From this many postings on, a batch is worth two hops between threads: those of 500 freezes, a full batch (`batchCommandsMax` of an
 * embedded ledger).
 */
const THREAD_POSTINGS_MIN = 500

/** Rows that are loaded at once. A full batch of freezes of different users has fewer; 1,000 took about 10 ms. */
const LOAD_ROWS_MAX = 1_000

/**
 * How long one attempt blocks the calling thread, in milliseconds: longer than a commit of another process usually takes, too short for
 * other callers to notice.
 */
export const LOCK_ATTEMPT_MS_MAX = 20
/** Pauses between attempts are random, up to this. */
const LOCK_PAUSE_MS_MAX = 20

export interface SqliteStoreOptions {
  /** How long a commit waits for another process's write lock, in milliseconds; then it is a `lock_timeout`. */
  readonly busyTimeoutMs: number
  /** Where footprints of more than `LOAD_ROWS_MAX` are loaded; without it, all at once. */
  readonly longLoads?: LongLoads
}

export class SqliteStore implements Store, ActorBook {
  /** Always 0: there is no connection to a server. */
  readonly connectionsLost = 0
  readonly #tables: SqliteTables
  readonly #thread: WritingThread
  readonly #busyTimeoutMs: number
  readonly #longLoads: LongLoads | null
  /** Resolves when the call that tries for the lock has got it or given up. Later calls wait, in their order. */
  #trying: Promise<unknown> | null = null

  /** @param tables of a connection that waits for the lock at most `LOCK_ATTEMPT_MS_MAX` */
  constructor(tables: SqliteTables, thread: WritingThread, { busyTimeoutMs, longLoads }: SqliteStoreOptions) {
    this.#tables = tables
    this.#thread = thread
    this.#busyTimeoutMs = busyTimeoutMs
    this.#longLoads = longLoads ?? null
  }

  async load(footprint: Footprint): Promise<Snapshot> {
    const tables = this.#open()
    const isLong = footprint.requests.size + footprint.balances.size > LOAD_ROWS_MAX
    return isLong && this.#longLoads !== null ? await this.#longLoads.load(footprint) : tables.load(footprint)
  }

  async commit(changes: Changes): Promise<CommitResult> {
    while (this.#trying !== null) await this.#trying
    this.#open()
    const flat = flatten(changes)
    if (this.#isForThread(changes)) return await this.#thread.commit(flat)
    return await this.#withLock(() => this.#open().commit(flat))
  }

  #isForThread(changes: Changes): boolean {
    if (this.#thread.isBusy) return true
    if (changes.postings.length < THREAD_POSTINGS_MIN) return false
    this.#thread.start()
    return this.#thread.isReady
  }

  async exclusive(footprint: Footprint, plan: (snapshot: Snapshot) => Changes): Promise<CommitResult> {
    return await this.#withLock(() => {
      const tables = this.#open()
      const snapshot = tables.beginExclusive(footprint)
      if (snapshot === null) return 'lock_timeout'
      try {
        const changes = plan(snapshot)
        return tables.endExclusive(flatten(changes))
      } catch (error) {
        tables.abortExclusive()
        throw error
      }
    })
  }

  /** None: the lock of a file is on all of it. */
  async locked(): Promise<ReadonlySet<string>> {
    return new Set()
  }

  async ping(): Promise<void> {
    if ((await this.#withLock(() => this.#open().ping())) === 'free') return
    throw this.#lockedOut('store_unavailable')
  }

  #lockedOut(code: 'store_unavailable' | 'contention'): Fault {
    const message = `SQLite: another process has had the write lock for ${this.#busyTimeoutMs} ms.`
    return new Fault(code, message, { retryAfterMs: 1_000 })
  }

  async actor(use: ActorUse, at: Instant): Promise<Actor> {
    const number = await this.#withLock(() => this.#open().actor(use, at))
    if (number === 'lock_timeout') throw this.#lockedOut('contention')
    return { number, key: use.key, address: use.address }
  }

  async clock(): Promise<StoreClock> {
    return this.#open().clock()
  }

  /** Repeats the attempt while another process has the lock, for at most `busyTimeoutMs`. An attempt leaves no transaction open. */
  async #withLock<Result>(attempt: () => Result | 'lock_timeout'): Promise<Result | 'lock_timeout'> {
    while (this.#trying !== null || this.#thread.isBusy) await (this.#trying ?? this.#thread.idle())
    const result = attempt()
    if (result !== 'lock_timeout') return result
    const trying = this.#tryAgain(attempt)
    const tried = trying.catch(() => undefined).then(() => (this.#trying = null))
    this.#trying = tried
    return await trying
  }

  async #tryAgain<Result>(attempt: () => Result | 'lock_timeout'): Promise<Result | 'lock_timeout'> {
    const until = performance.now() + this.#busyTimeoutMs
    for (;;) {
      await sleep(Math.random() * LOCK_PAUSE_MS_MAX)
      const result = attempt()
      if (result !== 'lock_timeout' || performance.now() >= until) return result
    }
  }

  #open(): SqliteTables {
    if (!this.#tables.isOpen) throw new Fault('store_unavailable', 'The ledger is closed.')
    return this.#tables
  }
}
