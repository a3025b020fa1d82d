/**
 * A bounded number of connections, handed out in the order in which they were asked for. A pool of one is a lane: its users
 * take effect one after another, in the order of their calls.
 *
 * A connection that broke, or that its user left inside a transaction, is never handed out again. One that is old is
 * replaced, so that after a while all lead to where the address leads. When no connection can be
 * opened, the next attempts fail at once for a while that doubles up to a second, so that a server that comes back is not
 * buried under logins.
 */
import { Fault } from '../../engine/faults.ts'
import type { MysqlConnection } from './connection.ts'

export interface PoolOptions {
  readonly open: () => Promise<MysqlConnection>
  readonly size: number
  /** How long a user waits for its turn. */
  readonly waitMsMax: number
  /** A connection that lay idle longer is replaced. */
  readonly idleMsMax: number
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
/** Those who wait beyond this many are refused at once. */
const WAITERS_MAX = 1_000
/** How long a process may go on with a server that is not the primary any more, and tells nobody. */
const CONNECTION_AGE_MS_MAX = 60_000

export class ConnectionPool {
  readonly #options: PoolOptions
  readonly #idle: Idle[] = []
  readonly #waiters = new Set<Waiter>()
  #inUse = 0
  #closed = false
  /** Of connections that are still to be used. */
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

  /** How often connections broke or were given up; those that were replaced for their age are not among them. */
  get lostCount(): number {
    return this.#lostCount
  }

  /** Whether a user would have its turn at once. */
  get isFree(): boolean {
    return this.#inUse < this.#options.size
  }

  /** Replaces every connection: at once those that are idle, the others when they are given back. */
  giveUp(): void {
    this.#generation++
    this.#lostCount++
    for (const { pooled } of this.#idle.splice(0)) pooled.connection.destroy()
  }

  /** Refuses those who wait, lets those who are being served finish, and ends every connection. */
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

  /** Whoever is next takes over the turn. */
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
      if (!pooled.connection.isReusable) this.#lostCount++
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

  #giveBack(pooled: Pooled): void {
    const isWanted = !this.#closed && pooled.generation === this.#generation
    if (!pooled.connection.isReusable) this.#lostCount++
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

/** What the last attempt said: what only an operator can mend keeps its name. */
function asleep(cause: unknown, pauseMs: number): Fault {
  if (cause instanceof Fault && cause.code === 'store_misconfigured')
    return new Fault(cause.code, cause.message, { cause })
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new Fault('store_unavailable', reason, { retryAfterMs: Math.ceil(pauseMs), cause })
}
