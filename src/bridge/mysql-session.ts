/** The connection of a bridge's commands to MySQL or MariaDB. */
import { setTimeout } from 'node:timers/promises'
import { isContended } from '../engine/store.ts'
import type { MysqlConnection } from '../stores/mysql/connection.ts'
import { classify, MysqlFailure } from '../stores/mysql/errors.ts'
import { openOnHost } from '../stores/mysql/host-look.ts'
import type { Flavour } from '../stores/mysql/server.ts'
import { parseMysqlUrl } from '../stores/mysql/url.ts'
import type { Row } from '../stores/sql/values.ts'

/** A walk of a large table, or a change of triggers behind a long transaction. */
const STATEMENT_TIMEOUT_MS = 3_600_000
/** How long a statement waits for a lock, and with it everybody who waits for what it has locked already. */
const LOCK_WAIT_SECONDS = 2
/** How often a statement or transaction is tried that met a lock; with the pauses between, a minute and more. */
const TRIES_MAX = 60
const PAUSE_MS = 250
/** Where a change of a trigger need not wait: for some ten seconds, then it does. */
const UNWAITING_TRIES = 1_000
const UNWAITING_PAUSE_MS = 10

export class MysqlSession implements AsyncDisposable {
  readonly #connection: MysqlConnection

  private constructor(connection: MysqlConnection) {
    this.#connection = connection
  }

  /** @throws StoreUrlError, Fault */
  static async open(url: string): Promise<MysqlSession> {
    const { address, tuning } = parseMysqlUrl(url)
    const patient = { ...tuning, statementTimeoutMs: STATEMENT_TIMEOUT_MS }
    const connection = await openOnHost(address, patient, 'migrator')
    const session = new MysqlSession(connection)
    await session.ask(
      `SET SESSION innodb_lock_wait_timeout = ${LOCK_WAIT_SECONDS}, lock_wait_timeout = ${LOCK_WAIT_SECONDS}`,
    )
    return session
  }

  get flavour(): Flavour {
    return this.#connection.server.flavour
  }

  /** @throws MysqlFailure */
  readonly ask = async (statement: string): Promise<readonly Row[]> => {
    const [reply] = await this.#connection.run([statement])
    return reply!.rows
  }

  /** Until no lock is in the way. @throws MysqlFailure */
  async insist(statement: string): Promise<void> {
    await this.#insist(() => this.ask(statement))
  }

  /**
   * A change of a trigger. While one waits, nobody can use the table, and the server ends transactions that have read it and go on to
   * write it (as a deadlock). MariaDB can try without waiting, so there it first looks for an instant at which no transaction has the table.
   *
   * @throws MysqlFailure
   */
  async change(statement: string): Promise<void> {
    if (this.flavour === 'mariadb') {
      for (let tries = 1; tries <= UNWAITING_TRIES; tries++) {
        try {
          await this.ask(`SET STATEMENT lock_wait_timeout = 0 FOR ${statement}`)
          return
        } catch (error) {
          if (!this.isContended(error)) throw error
          await setTimeout(UNWAITING_PAUSE_MS)
        }
      }
    }
    await this.insist(statement)
  }

  /** All statements or none; again when a lock was in the way. @throws MysqlFailure */
  async transaction(statements: readonly string[]): Promise<void> {
    await this.#insist(() => this.attempt(statements))
  }

  /** All statements or none. @throws MysqlFailure */
  async attempt(statements: readonly string[]): Promise<void> {
    try {
      await this.#connection.run(['START TRANSACTION', ...statements, 'COMMIT'])
    } catch (error) {
      await this.#connection.run(['ROLLBACK']).catch(() => undefined)
      throw error
    }
  }

  /** Whether a lock was in the way. */
  isContended(error: unknown): boolean {
    return error instanceof MysqlFailure && isContended(classify(error, this.flavour))
  }

  async #insist<Result>(action: () => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries++) {
      try {
        return await action()
      } catch (error) {
        if (!this.isContended(error) || tries === TRIES_MAX) throw error
        await setTimeout(PAUSE_MS)
      }
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#connection.destroy()
    return Promise.resolve()
  }
}
