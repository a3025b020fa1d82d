/**
 * The code of the incident: insert the log, then update the balance.
 *
 * "第一步：创建冻结记录 … 第二步：更新用户余额". No retry: lock timeouts and deadlocks are returned to the caller.
 */
import type { Database } from '../databases/database.ts'
import {
  endBalance,
  endLog,
  findOpenLog,
  freezeBalance,
  freezeStrategy,
  insertLog,
  LogLives,
  onceByRequestId,
} from './freeze-logs.ts'
import type { FreezeRequest, HoldRequest } from './strategy.ts'

export const insertFirst = freezeStrategy({
  summary: 'the code of the incident: insert the log, then update the balance',
  play: (database) => new InsertFirst(database),
})

export class InsertFirst extends LogLives {
  readonly #database: Database

  constructor(database: Database) {
    super()
    this.#database = database
  }

  async freeze(request: FreezeRequest): Promise<void> {
    await onceByRequestId(this.#database, request.requestId, () =>
      this.#database.transaction(async (connection) => {
        await insertLog(connection, request)
        await freezeBalance(connection, request)
      }),
    )
  }

  protected async end(hold: HoldRequest, ending: Parameters<typeof endLog>[2]): Promise<void> {
    await this.#database.transaction(async (connection) => {
      const log = await findOpenLog(connection, hold)
      if (log === null || !(await endLog(connection, hold, ending))) return
      await endBalance(connection, hold.user, log, ending)
    })
  }
}
