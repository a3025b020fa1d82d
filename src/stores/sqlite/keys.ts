/**
 * Statements on the keys of an SQLite file, on a connection of their own: it never has a transaction open across turns of the event loop,
 * and the connections of commits are not used, so neither can end a transaction of the other.
 *
 * A write waits for the one write lock as commits do: in short attempts with pauses, in which the process serves its callers.
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '../../engine/faults.ts'
import type { Query } from '../sql/dialect.ts'
import type { KeyStatements } from '../sql/keys.ts'
import { openConnection } from './connection.ts'
import { classify, isSqliteError, refused, unusable } from './errors.ts'
import { LOCK_ATTEMPT_MS_MAX } from './store.ts'

const LOCK_PAUSE_MS_MAX = 20

export class SqliteKeyStatements implements KeyStatements {
  readonly #file: string
  readonly #busyTimeoutMs: number
  #database: DatabaseSync | null = null
  #closed = false

  /** @param busyTimeoutMs how long a write waits for the lock */
  constructor(file: string, busyTimeoutMs: number) {
    this.#file = file
    this.#busyTimeoutMs = busyTimeoutMs
  }

  readonly read: Query = async (sql, parameters) => this.#run(sql, parameters)

  readonly write: Query = (sql, parameters) => this.#insist(sql, parameters, 'FULL')

  /** Not synced: the next commit of the ledger does that. It is not worth waiting for. */
  readonly touch: Query = (sql, parameters) => this.#insist(sql, parameters, 'NORMAL')

  close(): void {
    this.#closed = true
    this.#database?.close()
    this.#database = null
  }

  async #insist(sql: string, parameters: readonly unknown[], synchronous: 'FULL' | 'NORMAL'): ReturnType<Query> {
    const until = performance.now() + this.#busyTimeoutMs
    for (;;) {
      try {
        this.#open().exec(`PRAGMA synchronous = ${synchronous}`)
        return this.#run(sql, parameters)
      } catch (error) {
        const isBusy = error instanceof Fault && isSqliteError(error.cause) && classify(error.cause) === 'lock_timeout'
        if (!isBusy || performance.now() >= until) throw error
      }
      await sleep(Math.random() * LOCK_PAUSE_MS_MAX)
    }
  }

  #run(sql: string, parameters: readonly unknown[]): Awaited<ReturnType<Query>> {
    try {
      return this.#open()
        .prepare(sql)
        .all(...(parameters as SQLInputValue[]))
    } catch (error) {
      if (error instanceof Fault) throw error
      throw ['stale', 'refused'].includes(classify(error)) ? refused(error) : unusable(error)
    }
  }

  /** Opened at the first use: most commands of the command line use no keys. */
  #open(): DatabaseSync {
    if (this.#closed) throw new Fault('store_unavailable', 'The ledger is closed.')
    this.#database ??= openConnection(this.#file, { busyTimeoutMs: LOCK_ATTEMPT_MS_MAX })
    return this.#database
  }
}
