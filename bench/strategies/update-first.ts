/**
 * The proposed final solution: check for a repeat, update the balance, then insert the log, and retry lock timeouts.
 *
 * The write-up promises three retries, after 100, 200 and 300 ms; its loop makes two. This code follows the text. Like the write-up's, it
 * only retries lock timeouts.
 */
import { DatabaseFailure, type Connection, type Database } from '../databases/database.ts'
import type { Counter } from './counting.ts'
import {
  endBalance,
  type Ending,
  endLogAtLast,
  findLog,
  findOpenLog,
  freezeBalance,
  freezeStrategy,
  insertLog,
  LogLives,
  onceByRequestId,
  pause,
  unlessEnded,
} from './freeze-logs.ts'
import type { FreezeRequest, HoldRequest } from './strategy.ts'

const RETRIES_MAX = 3
const PAUSE_STEP_MS = 100

export const updateFirst = freezeStrategy({
  summary: 'proposal 1: check for a repeat, update the balance, insert the log; lock timeouts retried 3 times',
  play: (database, counter) => new UpdateFirst(database, counter),
})

export class UpdateFirst extends LogLives {
  readonly #database: Database
  readonly #counter: Counter

  constructor(database: Database, counter: Counter) {
    super()
    this.#database = database
    this.#counter = counter
  }

  async freeze(request: FreezeRequest): Promise<void> {
    await onceByRequestId(this.#database, request.requestId, () =>
      this.#patiently(async (connection) => {
        if ((await findLog(connection, request.requestId)) !== null) return
        await freezeBalance(connection, request)
        await insertLog(connection, request)
      }),
    )
  }

  protected async end(hold: HoldRequest, ending: Ending): Promise<void> {
    await unlessEnded(
      this.#patiently(async (connection) => {
        const log = await findOpenLog(connection, hold)
        if (log === null) return
        await endBalance(connection, hold.user, log, ending)
        await endLogAtLast(connection, hold, ending)
      }),
    )
  }

  async #patiently(work: (connection: Connection) => Promise<void>): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#database.transaction(work)
      } catch (error) {
        const isTimeout = error instanceof DatabaseFailure && error.code === 'lock_timeout'
        if (!isTimeout || attempt > RETRIES_MAX) throw error
        this.#counter.retries++
        await pause(attempt * PAUSE_STEP_MS)
      }
    }
  }
}
