/**
 * The pools of one database, whose connections are given up together.
 *
 * When the server of one connection accepts no writes any more, another server is the primary, and the address may already lead there.
 * All connections are given up then: the rows of the old server may be out of date, and no command may be rejected on them.
 */
import type { PoolGauges } from '../gauges.ts'
import type { ConnectionPool } from './connection-pool.ts'
import type { MysqlConnection } from './connection.ts'
import { isContended } from '../../engine/store.ts'
import { classify, faultOf, MysqlFailure, notPrimary } from './errors.ts'
import type { Flavour } from './server.ts'

export interface Pools {
  /** Of one connection. */
  readonly writer: ConnectionPool
  /** Of one connection, for commits that run ahead of their turn. */
  readonly ahead: ConnectionPool
  readonly readers: ConnectionPool
  /** Long reads. */
  readonly audits: ConnectionPool
  /** Of one connection, so that a look at the keys does not wait for other reads. */
  readonly keys: ConnectionPool
}

/** The second attempt has a new connection, which reaches the new primary if the address leads there. */
const READ_ATTEMPTS_MAX = 2

export class Connections {
  readonly writer: ConnectionPool
  readonly ahead: ConnectionPool
  readonly #readers: ConnectionPool
  readonly #audits: ConnectionPool
  readonly #keys: ConnectionPool
  readonly #flavour: Flavour

  constructor({ writer, ahead, readers, audits, keys }: Pools, flavour: Flavour) {
    this.#flavour = flavour
    this.writer = writer
    this.ahead = ahead
    this.#readers = readers
    this.#audits = audits
    this.#keys = keys
  }

  /** Connections for commands that broke or were given up. */
  get lostCount(): number {
    return this.writer.lostCount + this.ahead.lostCount + this.#readers.lostCount
  }

  gauges(): readonly PoolGauges[] {
    return [
      this.writer.gauges('writer'),
      this.ahead.gauges('ahead'),
      this.#readers.gauges('readers'),
      this.#audits.gauges('audits'),
    ]
  }

  /**
   * Lends a connection for reads; `action` may be called a second time.
   *
   * @throws Fault `store_unavailable`, `store_misconfigured`
   */
  async read<Result>(action: (connection: MysqlConnection) => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#readers.use(action)
      } catch (error) {
        const mayHelp = this.#learn(error)
        if (!mayHelp || attempt === READ_ATTEMPTS_MAX) throw this.#fault(error)
      }
    }
  }

  /** As `read`, for keys; `action` is called once. */
  async keys<Result>(action: (connection: MysqlConnection) => Promise<Result>): Promise<Result> {
    try {
      return await this.#keys.use(action)
    } catch (error) {
      this.#learn(error)
      throw this.#fault(error)
    }
  }

  /** As `read`, for long reads that any server may answer. */
  async audit<Result>(action: (connection: MysqlConnection) => Promise<Result>): Promise<Result> {
    try {
      return await this.#audits.use(action)
    } catch (error) {
      throw this.#fault(error)
    }
  }

  /** Proves that the writer's server would run `statements`; on another connection when the writer is busy, which is a proof by itself. */
  async probe(statements: readonly string[]): Promise<void> {
    const pool = this.writer.isFree ? this.writer : this.#readers
    try {
      await pool.use((connection) => connection.run(statements))
    } catch (error) {
      this.#learn(error)
      throw this.#fault(error)
    }
  }

  giveUp(): void {
    for (const pool of this.#pools()) pool.giveUp()
  }

  async close(): Promise<void> {
    await Promise.all(this.#pools().map((pool) => pool.close()))
  }

  #pools(): readonly ConnectionPool[] {
    return [this.writer, this.ahead, this.#readers, this.#audits, this.#keys]
  }

  /** Handles a failure. Returns whether a second read may succeed: the server was not the primary, or the transaction was lost. */
  #learn(error: unknown): boolean {
    const isDemoted = this.#isDemoted(error)
    if (isDemoted) this.giveUp()
    return isDemoted || (error instanceof MysqlFailure && isContended(classify(error, this.#flavour)))
  }

  #isDemoted(error: unknown): boolean {
    if (!(error instanceof MysqlFailure)) return false
    // `IS_PRIMARY` is the only guard among these statements.
    return ['demoted', 'stale'].includes(classify(error, this.#flavour))
  }

  #fault(error: unknown): unknown {
    if (this.#isDemoted(error)) return notPrimary(error)
    return error instanceof MysqlFailure ? faultOf(error) : error
  }
}
