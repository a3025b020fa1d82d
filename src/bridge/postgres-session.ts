/** The connection of a bridge's commands to PostgreSQL. */
import { setTimeout } from 'node:timers/promises'
import { DatabaseError } from 'pg'
import { isContended } from '../engine/store.ts'
import { connectToHost, searchOf } from '../stores/postgres/connections.ts'
import { classify, faultOf } from '../stores/postgres/errors.ts'
import type { LedgerClient } from '../stores/postgres/ledger-client.ts'
import { parsePostgresUrl } from '../stores/postgres/url.ts'
import type { Row } from '../stores/sql/values.ts'

/** How long a statement waits for a lock, and with it everybody who waits for what it has locked already. */
const LOCK_WAIT_MS = 2_000
/** How often a statement or transaction is tried that met a lock; with the pauses between, a minute and more. */
const TRIES_MAX = 60
const PAUSE_MS = 250
/** Where a change of a table need not wait: for some ten seconds, then it does. */
const UNWAITING_TRIES = 1_000
const UNWAITING_PAUSE_MS = 10

export class PostgresSession implements AsyncDisposable {
  readonly #client: LedgerClient

  private constructor(client: LedgerClient) {
    this.#client = client
  }

  /** @throws StoreUrlError, Fault */
  static async open(url: string): Promise<PostgresSession> {
    const parsed = parsePostgresUrl(url)
    const client = await connectToHost(parsed, 'audit', searchOf(parsed)).catch((error: unknown) => {
      throw faultOf(error)
    })
    const session = new PostgresSession(client)
    await session.ask(`SET lock_timeout = ${LOCK_WAIT_MS}`)
    return session
  }

  /** @throws DatabaseError for a lock, or rows that are refused; Fault for a right that is missing, or a server that is lost */
  readonly ask = async (statement: string): Promise<readonly Row[]> => {
    try {
      return (await this.#client.query<Row>(statement)).rows
    } catch (error) {
      throw ['unavailable', 'unknown'].includes(classify(error)) ? faultOf(error) : error
    }
  }

  /** Until no lock is in the way. @throws DatabaseError */
  async insist(statement: string): Promise<void> {
    await this.#insist(() => this.ask(statement))
  }

  /**
   * A change of a table's triggers. While one waits, nobody can write the table; so it first looks for an instant at which no transaction has
   * the table.
   *
   * @param mode of the lock that it needs
   * @throws DatabaseError
   */
  async change(
    table: string,
    mode: 'SHARE ROW EXCLUSIVE' | 'ACCESS EXCLUSIVE',
    statements: readonly string[],
  ): Promise<void> {
    for (let tries = 1; tries <= UNWAITING_TRIES; tries++) {
      try {
        await this.attempt([`LOCK TABLE ${table} IN ${mode} MODE NOWAIT`, ...statements])
        return
      } catch (error) {
        if (!this.isContended(error)) throw error
        await setTimeout(UNWAITING_PAUSE_MS)
      }
    }
    await this.transaction([`LOCK TABLE ${table} IN ${mode} MODE`, ...statements])
  }

  /** All statements or none; again when a lock was in the way. @throws DatabaseError */
  async transaction(statements: readonly string[]): Promise<void> {
    await this.#insist(() => this.attempt(statements))
  }

  /** All statements or none. @throws DatabaseError */
  async attempt(statements: readonly string[]): Promise<void> {
    try {
      await this.ask('BEGIN')
      for (const statement of statements) await this.ask(statement)
      await this.ask('COMMIT')
    } catch (error) {
      await this.ask('ROLLBACK').catch(() => undefined)
      throw error
    }
  }

  /** Whether a lock was in the way. */
  isContended(error: unknown): boolean {
    return isContended(classify(error))
  }

  /** A unique key was taken. */
  isTaken(error: unknown): boolean {
    return classify(error) === 'stale'
  }

  /** The bridge's own no, with its text; null for another error. */
  refusalOf(error: unknown): string | null {
    return error instanceof DatabaseError && classify(error) === 'refused' ? error.message : null
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

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.end().catch(() => undefined)
  }
}
