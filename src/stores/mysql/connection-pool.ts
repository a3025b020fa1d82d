/**
 * A bounded number of connections, given to users in the order of their calls. A pool of one runs its users one after another.
 *
 * A connection that broke, or that its user left inside a transaction, is not used again. An old connection is replaced, so that a
 * changed address takes effect after a while. When no connection can be opened, further attempts fail at once during a pause that
 * doubles up to a second, so that a server that restarts is not overloaded by logins.
 */
import { Fault } from '../../engine/faults.ts'
import type { PoolGauges } from '../gauges.ts'
import type { MysqlConnection } from './connection.ts'

export interface PoolOptions {
  readonly open: () => Promise<MysqlConnection>
  readonly size: number
  /** How long a user waits for its turn. */
  readonly waitMsMax: number
  /** A connection that was idle for longer is replaced. */
  readonly idleMsMax: number
  /** Called when a connection broke or was given up. */
  readonly onLost?: () => void
}

interface Pooled {
  readonly connection: MysqlConnection
  readonly openedAtMs: number
  /** `#generation` when it was opened. */
  readonly generation: number
}

interface Idle {
  readonly pooled: Pooled
  readonly sinceMs: number
}

interface Waiter {
  readonly go: () => void
  readonly refuse: (fault: Fault) => void
}

const BACKOFF_MS_MIN = 20
const BACKOFF_MS_MAX = 1_000
/** Calls beyond this many waiting ones are refused at once. */
const WAITERS_MAX = 1_000
/** How long a process may keep using a server that is no longer the primary and reports no error. */
const CONNECTION_AGE_MS_MAX = 60_000

export class ConnectionPool {
  readonly #options: PoolOptions
  readonly #idle: Idle[] = []
  readonly #waiters = new Set<Waiter>()
  #inUse = 0
  #closed = false
  /** The generation of connections that may be used. */
  #generation = 0
  #lostCount = 0
  /** Resolves `close`. */
  #onEmpty: (() => void) | null = null
  /** Of the last attempts to open a connection. */
  #failures = 0
  #retryAtMs = 0
  #lastFailure: unknown = null

  constructor(options: PoolOptions) {
    this.#options = options
  }

  /**
   * Lends a connection to `action`.
   *
   * @throws Fault `store_unavailable` when none is to be had, and what `action` throws
   */
  async use<Result>(action: (connection: MysqlConnection) => Promise<Result>): Promise<Result> {
    await this.#turn()
    try {
      const pooled = await this.#take()
      try {
        return await action(pooled.connection)
      } finally {
        this.#giveBack(pooled)
      }
    } finally {
      this.#next()
    }
  }

  /** Connections that broke or were given up; those replaced for their age do not count. */
  get lostCount(): number {
    return this.#lostCount
  }

  /** Whether a user would be served at once. */
  get isFree(): boolean {
    return this.#inUse < this.#options.size
  }

  gauges(pool: string): PoolGauges {
    const idle = this.#idle.length
    return { pool, sizeMax: this.#options.size, idle, used: this.#inUse, waiting: this.#waiters.size }
  }

  /** Replaces every connection: idle ones at once, the others when they are returned. */
  giveUp(): void {
    this.#generation++
    this.#lose()
    for (const { pooled } of this.#idle.splice(0)) pooled.connection.destroy()
  }

  /** Refuses waiting calls, lets running ones finish, and ends every connection. */
  async close(): Promise<void> {
    this.#closed = true
    for (const waiter of this.#waiters) waiter.refuse(closed())
    this.#waiters.clear()
    this.giveUp()
    if (this.#inUse === 0) return
    await new Promise<void>((resolve) => {
      const before = this.#onEmpty
      this.#onEmpty = () => {
        before?.()
        resolve()
      }
    })
  }

  #turn(): Promise<void> {
    const { size, waitMsMax } = this.#options
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(closed())
      if (this.#inUse < size) {
        this.#inUse++
        return resolve()
      }
      if (this.#waiters.size >= WAITERS_MAX) return reject(exhausted(size, waitMsMax))
      const end = (): void => {
        clearTimeout(timer)
        this.#waiters.delete(waiter)
      }
      const waiter: Waiter = {
        go: () => {
          end()
          resolve()
        },
        refuse: (fault) => {
          end()
          reject(fault)
        },
      }
      const timer = setTimeout(() => waiter.refuse(exhausted(size, waitMsMax)), waitMsMax)
      this.#waiters.add(waiter)
    })
  }

  /** Passes the turn to the next call. */
  #next(): void {
    const [waiter] = this.#waiters
    if (waiter !== undefined) return waiter.go()
    this.#inUse--
    if (this.#inUse === 0) this.#onEmpty?.()
  }

  async #take(): Promise<Pooled> {
    const now = performance.now()
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      const { pooled, sinceMs } = idle
      const isFresh = now - sinceMs < this.#options.idleMsMax && now - pooled.openedAtMs < CONNECTION_AGE_MS_MAX
      if (!pooled.connection.isReusable) this.#lose()
      else if (isFresh) return pooled
      pooled.connection.destroy()
    }
    const pauseMs = this.#retryAtMs - performance.now()
    if (pauseMs > 0) throw asleep(this.#lastFailure, pauseMs)
    const generation = this.#generation
    try {
      const connection = await this.#options.open()
      this.#failures = 0
      return { connection, openedAtMs: performance.now(), generation }
    } catch (error) {
      const backoffMs = Math.min(BACKOFF_MS_MIN * 2 ** this.#failures++, BACKOFF_MS_MAX)
      this.#retryAtMs = performance.now() + backoffMs * (0.5 + Math.random() / 2)
      this.#lastFailure = error
      throw error
    }
  }

  #lose(): void {
    this.#lostCount++
    this.#options.onLost?.()
  }

  #giveBack(pooled: Pooled): void {
    const isWanted = !this.#closed && pooled.generation === this.#generation
    if (!pooled.connection.isReusable) this.#lose()
    if (isWanted && pooled.connection.isReusable) this.#idle.push({ pooled, sinceMs: performance.now() })
    else pooled.connection.destroy()
  }
}

function closed(): Fault {
  return new Fault('store_unavailable', 'The ledger is closed.')
}

function exhausted(size: number, waitMsMax: number): Fault {
  const connections = size === 1 ? 'the connection was' : `all ${size} connections were`
  return new Fault('store_unavailable', `MySQL: ${connections} busy for ${waitMsMax} ms.`, { retryAfterMs: 1_000 })
}

/** The error of the last attempt: one that only an operator can fix keeps its code. */
function asleep(cause: unknown, pauseMs: number): Fault {
  if (cause instanceof Fault && cause.code === 'store_misconfigured')
    return new Fault(cause.code, cause.message, { cause })
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new Fault('store_unavailable', reason, { retryAfterMs: Math.ceil(pauseMs), cause })
}
