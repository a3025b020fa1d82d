/**
 * A bounded number of connections, handed out in the order in which they were asked for. A pool of one is a lane: its users
 * take effect one after another, in the order of their calls.
 *
 * A connection that broke, or that its user left inside a transaction, is never handed out again. When no connection can be
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

interface Idle {
  readonly connection: MysqlConnection
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

export class ConnectionPool {
  readonly #options: PoolOptions
  readonly #idle: Idle[] = []
  readonly #waiters = new Set<Waiter>()
  #inUse = 0
  #closed = false
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
      const connection = await this.#take()
      try {
        return await action(connection)
      } finally {
        this.#giveBack(connection)
      }
    } finally {
      this.#next()
    }
  }

  /** Refuses those who wait, lets those who are being served finish, and ends every connection. */
  async close(): Promise<void> {
    this.#closed = true
    for (const waiter of this.#waiters) waiter.refuse(closed())
    this.#waiters.clear()
    for (const { connection } of this.#idle.splice(0)) connection.destroy()
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

  async #take(): Promise<MysqlConnection> {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      const { connection, sinceMs } = idle
      if (connection.isReusable && performance.now() - sinceMs < this.#options.idleMsMax) return connection
      connection.destroy()
    }
    const pauseMs = this.#retryAtMs - performance.now()
    if (pauseMs > 0) throw asleep(this.#lastFailure, pauseMs)
    try {
      const connection = await this.#options.open()
      this.#failures = 0
      return connection
    } catch (error) {
      const backoffMs = Math.min(BACKOFF_MS_MIN * 2 ** this.#failures++, BACKOFF_MS_MAX)
      this.#retryAtMs = performance.now() + backoffMs * (0.5 + Math.random() / 2)
      this.#lastFailure = error
      throw error
    }
  }

  #giveBack(connection: MysqlConnection): void {
    if (this.#closed || !connection.isReusable) connection.destroy()
    else this.#idle.push({ connection, sinceMs: performance.now() })
  }
}

function closed(): Fault {
  return new Fault('store_unavailable', 'The ledger is closed.')
}

function exhausted(size: number, waitMsMax: number): Fault {
  const connections = size === 1 ? 'the connection was' : `all ${size} connections were`
  return new Fault('store_unavailable', `MySQL: ${connections} busy for ${waitMsMax} ms.`, { retryAfterMs: 1_000 })
}

function asleep(cause: unknown, pauseMs: number): Fault {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new Fault('store_unavailable', reason, { retryAfterMs: Math.ceil(pauseMs), cause })
}
