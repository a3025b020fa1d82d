/**
 * The pools of one database, which live and die together.
 *
 * When one connection learns that its server takes no writes any more, another one is the primary, and the address may lead
 * there already. All connections are given up then: what the old server says may be out of date, and nothing may be refused
 * on its word.
 */
import type { ConnectionPool } from './connection-pool.ts'
import type { MysqlConnection } from './connection.ts'
import { classify, faultOf, MysqlFailure, notPrimary } from './errors.ts'
import type { Flavour } from './server.ts'

export interface Pools {
  /** Of one connection. */
  readonly writer: ConnectionPool
  readonly readers: ConnectionPool
  /** Reads that take long. */
  readonly audits: ConnectionPool
}

/** The second one is on a new connection, which finds the new primary where the address leads to it. */
const READ_ATTEMPTS_MAX = 2

export class Connections {
  readonly writer: ConnectionPool
  readonly #readers: ConnectionPool
  readonly #audits: ConnectionPool
  readonly #flavour: Flavour

  constructor({ writer, readers, audits }: Pools, flavour: Flavour) {
    this.#flavour = flavour
    this.writer = writer
    this.#readers = readers
    this.#audits = audits
  }

  /** Connections that broke or were given up, of those that commands rest on. */
  get lostCount(): number {
    return this.writer.lostCount + this.#readers.lostCount
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

  /** As `read`, for what may take long and may be asked of any server. */
  async audit<Result>(action: (connection: MysqlConnection) => Promise<Result>): Promise<Result> {
    try {
      return await this.#audits.use(action)
    } catch (error) {
      throw this.#fault(error)
    }
  }

  /** Proves that `statements` would be run where the writer is; beside it, when it is busy and so has its own proof. */
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
    for (const pool of [this.writer, this.#readers, this.#audits]) pool.giveUp()
  }

  async close(): Promise<void> {
    await Promise.all([this.writer, this.#readers, this.#audits].map((pool) => pool.close()))
  }

  /** Takes note of a failure; says whether reading again may help: the server was the wrong one, or the transaction was lost. */
  #learn(error: unknown): boolean {
    const isDemoted = this.#isDemoted(error)
    if (isDemoted) this.giveUp()
    return isDemoted || (error instanceof MysqlFailure && classify(error, this.#flavour) === 'contended')
  }

  #isDemoted(error: unknown): boolean {
    if (!(error instanceof MysqlFailure)) return false
    // Among what is read here, `IS_PRIMARY` is the only guard.
    return ['demoted', 'stale'].includes(classify(error, this.#flavour))
  }

  #fault(error: unknown): unknown {
    if (this.#isDemoted(error)) return notPrimary(error)
    return error instanceof MysqlFailure ? faultOf(error) : error
  }
}
