/**
 * The old methods `freeze_amount`, `unfreeze_and_deduct` and `refund_full`: lock the user's row, read, then write.
 *
 * The lock is taken first, so values that are read afterwards cannot change. No retry.
 */
import type { Database } from '../databases/database.ts'
import {
  endBalance,
  type Ending,
  endLog,
  findLog,
  findOpenLog,
  freezeBalance,
  freezeStrategy,
  insertLog,
  insufficient,
  lockUser,
  LogLives,
  onceByRequestId,
} from './freeze-logs.ts'
import type { FreezeRequest, HoldRequest } from './strategy.ts'

export const rowLock = freezeStrategy({
  summary: 'the old methods: SELECT … FOR UPDATE, check, write',
  play: (database) => new RowLock(database),
})

class RowLock extends LogLives {
  readonly #database: Database

  constructor(database: Database) {
    super()
    this.#database = database
  }

  async freeze(request: FreezeRequest): Promise<void> {
    const { requestId, user, amount } = request
    await onceByRequestId(this.#database, requestId, () =>
      this.#database.transaction(async (connection) => {
        const { balance, frozen } = await lockUser(connection, this.#database.dialect, user)
        if ((await findLog(connection, requestId)) !== null) return
        if (balance - frozen < amount) throw insufficient(user)
        await freezeBalance(connection, request)
        await insertLog(connection, request)
      }),
    )
  }

  protected async end(hold: HoldRequest, ending: Ending): Promise<void> {
    await this.#database.transaction(async (connection) => {
      await lockUser(connection, this.#database.dialect, hold.user)
      const log = await findOpenLog(connection, hold)
      if (log === null) return
      await endBalance(connection, hold.user, log, ending)
      await endLog(connection, hold, ending)
    })
  }
}
