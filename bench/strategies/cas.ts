/**
 * The second proposal: compare-and-swap on a version column, at most 50 retries 1 ms apart, for freeze, settle and refund.
 *
 * Each attempt is a separate transaction: within one, InnoDB's REPEATABLE READ would return the old version again. Lock timeouts and
 * deadlocks are returned to the caller; the write-up expects none.
 */
import type { Connection, Database } from '../databases/database.ts'
import type { Counter } from './counting.ts'
import {
  type Ending,
  endLogAtLast,
  findLog,
  findOpenLog,
  freezeStrategy,
  insertLog,
  insufficient,
  LogLives,
  onceByRequestId,
  pause,
  unlessEnded,
} from './freeze-logs.ts'
import { CallFailure, type FreezeRequest, type HoldRequest } from './strategy.ts'

const RETRIES_MAX = 50
const PAUSE_MS = 1

export const cas = freezeStrategy({
  summary: 'proposal 2: compare-and-swap on a version column, at most 50 retries 1 ms apart',
  version: true,
  play: (database, counter) => new Cas(database, counter),
})

/** Rolls back an attempt whose version had changed. */
class VersionMoved extends Error {
  override readonly name = 'VersionMoved'
}

interface User {
  readonly version: number
  readonly spendable: number
}

class Cas extends LogLives {
  readonly #database: Database
  readonly #counter: Counter

  constructor(database: Database, counter: Counter) {
    super()
    this.#database = database
    this.#counter = counter
  }

  async freeze(request: FreezeRequest): Promise<void> {
    const { requestId, user, amount } = request
    await onceByRequestId(this.#database, requestId, () =>
      this.#retried(async (connection) => {
        if ((await findLog(connection, requestId)) !== null) return
        const { version, spendable } = await readUser(connection, user)
        if (spendable < amount) throw insufficient(user)
        await this.#swap(connection, {
          sql: `UPDATE users SET frozen_balance = frozen_balance + ?, version = version + 1, updated_at = CURRENT_TIMESTAMP
                WHERE id = ? AND version = ? AND balance - frozen_balance >= ?`,
          parameters: [amount, user, version, amount],
        })
        await insertLog(connection, request)
      }),
    )
  }

  protected async end(hold: HoldRequest, ending: Ending): Promise<void> {
    await unlessEnded(
      this.#retried(async (connection) => {
        const log = await findOpenLog(connection, hold)
        if (log === null) return
        const { version } = await readUser(connection, hold.user)
        await this.#swap(connection, {
          sql: `UPDATE users SET balance = balance - ?, frozen_balance = frozen_balance - ?, version = version + 1,
                  updated_at = CURRENT_TIMESTAMP
                WHERE id = ? AND version = ?`,
          parameters: [ending.cost, log.amount, hold.user, version],
        })
        await endLogAtLast(connection, hold, ending)
      }),
    )
  }

  /** @throws VersionMoved when no row matched */
  async #swap(connection: Connection, update: { sql: string; parameters: readonly number[] }): Promise<void> {
    if ((await connection.change(update.sql, update.parameters)) === 1) {
      this.#counter.casWins++
    } else {
      this.#counter.casLosses++
      throw new VersionMoved()
    }
  }

  async #retried(work: (connection: Connection) => Promise<void>): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#database.transaction(work)
      } catch (error) {
        if (!(error instanceof VersionMoved)) throw error
        if (attempt === RETRIES_MAX) throw new CallFailure('cas_exhausted', `The version changed ${RETRIES_MAX} times.`)
        this.#counter.retries++
        await pause(PAUSE_MS)
      }
    }
  }
}

async function readUser(connection: Connection, user: number): Promise<User> {
  const [row] = await connection.select('SELECT balance, frozen_balance, version FROM users WHERE id = ?', [user])
  if (row === undefined) throw insufficient(user)
  return { version: Number(row['version']), spendable: Number(row['balance']) - Number(row['frozen_balance']) }
}
