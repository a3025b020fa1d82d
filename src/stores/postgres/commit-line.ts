/**
 * The one connection that commits: statements go out in the order of the calls, without waiting for each other's answers, and
 * the server takes them one after another.
 *
 * A connection that is lost is replaced at the next call. While the server cannot be reached, attempts are
 * `RECONNECT_PAUSE_MS_MAX` apart at most, and calls in between fail at once.
 */
import type { QueryConfig, QueryResult } from 'pg'
import { Fault } from '../../engine/faults.ts'
import type { Row } from '../sql/values.ts'
import { classify, faultOf, inDoubt, UNPROVEN } from './errors.ts'
import type { LedgerClient } from './ledger-client.ts'

const RECONNECT_PAUSE_MS_MIN = 50
/** No longer than the engine's circuit breaker stays open, whose probe should not meet a pause. */
const RECONNECT_PAUSE_MS_MAX = 800

interface Connection {
  readonly client: LedgerClient
  /** Statements that were sent and not answered yet. */
  underWay: number
}

export class CommitLine {
  readonly #connect: () => Promise<LedgerClient>
  /** Also while it is being made; null when there is none. */
  #connection: Promise<Connection> | null = null
  #closed = false
  #lostCount = 0
  /** Of the last attempt to connect, when it failed. */
  #failure: Fault | null = null
  #pauseMs = 0
  #nextAttemptAt = 0

  /** @param connect called again whenever the connection before was lost */
  constructor(connect: () => Promise<LedgerClient>) {
    this.#connect = connect
  }

  /** How often the connection was lost or given up. */
  get lostCount(): number {
    return this.#lostCount
  }

  /**
   * Sends a statement that is a transaction of its own.
   *
   * @throws Fault `store_unavailable`, `store_misconfigured` when it was not sent, `commit_in_doubt` when the connection was lost
   *   afterwards or the server does not know what became of it; any other error is the server's, and the statement had no effect
   */
  async send(statement: QueryConfig<unknown[]>): Promise<QueryResult<Row>> {
    const connection = await this.#current()
    const { client } = connection
    const { unprovenCount } = client
    // A process with work under way must not end before it.
    if (connection.underWay++ === 0) client.ref()
    try {
      const result = await client.query<Row, unknown[]>(statement)
      // It may have been for a statement next to this one. To take this one for doubtful too does no harm.
      if (client.unprovenCount !== unprovenCount) throw inDoubt(new Error(UNPROVEN))
      return result
    } catch (error) {
      if (error instanceof Fault) throw error
      const failure = classify(error)
      // Most errors mean that the transaction was rolled back. Some can also be a server's last words, which it may have spoken
      // after the commit; one that still answers has not spoken its last.
      if (failure !== 'unknown' && (failure !== 'unavailable' || (await answers(client)))) throw error
      throw inDoubt(error)
    } finally {
      if (--connection.underWay === 0) client.unref()
    }
  }

  /** Has the next statement sent over a new connection. */
  async reconnect(): Promise<void> {
    const connection = this.#connection
    this.#connection = null
    const current = await connection?.catch(() => null)
    await current?.client.end()
  }

  /** Closes the connection after everything that was sent before. */
  async close(): Promise<void> {
    this.#closed = true
    await this.reconnect()
  }

  /** Every call waits for the same promise, so that their order stays. */
  async #current(): Promise<Connection> {
    if (this.#closed) throw new Fault('store_unavailable', 'The ledger is closed.')
    if (this.#connection === null) {
      if (this.#failure !== null && performance.now() < this.#nextAttemptAt) throw this.#failure
      const connection = this.#attempt()
      this.#connection = connection
      const forget = (): void => {
        if (this.#connection === connection) this.#connection = null
      }
      const lose = (): void => {
        this.#lostCount++
        forget()
      }
      connection.then(({ client }) => client.once('error', lose).once('end', lose), forget)
    }
    return await this.#connection
  }

  async #attempt(): Promise<Connection> {
    try {
      const client = await this.#connect()
      client.unref()
      this.#failure = null
      this.#pauseMs = 0
      return { client, underWay: 0 }
    } catch (error) {
      this.#pauseMs = Math.min(Math.max(this.#pauseMs * 2, RECONNECT_PAUSE_MS_MIN), RECONNECT_PAUSE_MS_MAX)
      this.#nextAttemptAt = performance.now() + this.#pauseMs
      this.#failure = faultOf(error)
      throw this.#failure
    }
  }
}

async function answers(client: LedgerClient): Promise<boolean> {
  try {
    await client.query('SELECT 1')
    return true
  } catch {
    return false
  }
}
