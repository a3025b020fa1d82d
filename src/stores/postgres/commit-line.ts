/**
 * The one connection that commits: statements are sent in the order of the calls, without waiting for the previous answer, and the
 * server runs them one after another.
 *
 * A lost connection is replaced at the next call. While the server cannot be reached, attempts are at most `RECONNECT_PAUSE_MS_MAX`
 * apart, and calls in between fail at once.
 */
import type { QueryConfig, QueryResult } from 'pg'
import { Fault } from '../../engine/faults.ts'
import type { Row } from '../sql/values.ts'
import { classify, faultOf, inDoubt, UNPROVEN } from './errors.ts'
import type { LedgerClient } from './ledger-client.ts'

const RECONNECT_PAUSE_MS_MIN = 50
/** Not longer than the engine's circuit breaker stays open, so that its probe does not fall into a pause. */
const RECONNECT_PAUSE_MS_MAX = 800

interface Connection {
  readonly client: LedgerClient
  /** Statements without an answer yet. */
  underWay: number
}

export class CommitLine {
  readonly #connect: () => Promise<LedgerClient>
  readonly #onLost: () => void
  /** Also while it is being opened; null when there is none. */
  #connection: Promise<Connection> | null = null
  #closed = false
  #lostCount = 0
  /** The failure of the last attempt to connect. */
  #failure: Fault | null = null
  #pauseMs = 0
  #nextAttemptAt = 0

  /**
   * @param connect called again after each lost connection
   * @param onLost called before that
   */
  constructor(connect: () => Promise<LedgerClient>, onLost: () => void) {
    this.#connect = connect
    this.#onLost = onLost
  }

  /** How often the connection was lost or given up. */
  get lostCount(): number {
    return this.#lostCount
  }

  /**
   * Sends a statement that is a transaction of its own.
   *
   * @throws Fault `store_unavailable`, `store_misconfigured` when it was not sent, `commit_in_doubt` when the connection was lost
   *   afterwards or the server does not know its result; any other error is the server's, and the statement had no effect
   */
  async send(statement: QueryConfig<unknown[]>): Promise<QueryResult<Row>> {
    const connection = await this.#current()
    const { client } = connection
    const { unprovenCount } = client
    // A process must not exit while a statement is under way.
    if (connection.underWay++ === 0) client.ref()
    try {
      const result = await client.query<Row, unknown[]>(statement)
      // The loss may concern another statement of the line. Treating this one as in doubt as well does no harm.
      if (client.unprovenCount !== unprovenCount) throw inDoubt(new Error(UNPROVEN))
      return result
    } catch (error) {
      if (error instanceof Fault) throw error
      const failure = classify(error)
      // Most errors mean that the transaction was rolled back. During a shutdown an error may follow a successful commit; a server that
      // still answers is not shutting down.
      if (failure !== 'unknown' && (failure !== 'unavailable' || (await answers(client)))) throw error
      throw inDoubt(error)
    } finally {
      if (--connection.underWay === 0) client.unref()
    }
  }

  /** Makes the next statement open a new connection. */
  async reconnect(): Promise<void> {
    const connection = this.#connection
    this.#connection = null
    const current = await connection?.catch(() => null)
    await current?.client.end()
  }

  /** Closes the connection after all statements that were sent. */
  async close(): Promise<void> {
    this.#closed = true
    await this.reconnect()
  }

  /** Every call waits for the same promise, which keeps their order. */
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
        this.#onLost()
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
