/** Counts a strategy's operations on its database. */
import { DatabaseFailure, type Connection, type Database } from '../databases/database.ts'
import type { Counts } from './strategy.ts'

export class Counter {
  retries = 0
  casWins = 0
  casLosses = 0
  #lockTimeouts = 0
  #deadlocks = 0
  #transactions = 0

  /** One command per transaction, so both counts are the same. */
  get counts(): Counts {
    return {
      retries: this.retries,
      lockTimeouts: this.#lockTimeouts,
      deadlocks: this.#deadlocks,
      casWins: this.casWins,
      casLosses: this.casLosses,
      batches: this.#transactions,
      batchedCommands: this.#transactions,
    }
  }

  /** Wraps the database so that its transactions are counted. */
  watch(database: Database): Database {
    return {
      dialect: database.dialect,
      transaction: async <Result>(work: (connection: Connection) => Promise<Result>) => {
        this.#transactions++
        try {
          return await database.transaction(work)
        } catch (error) {
          if (error instanceof DatabaseFailure && error.code === 'lock_timeout') this.#lockTimeouts++
          if (error instanceof DatabaseFailure && error.code === 'deadlock') this.#deadlocks++
          throw error
        }
      },
      run: (statements) => database.run(statements),
      [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
    }
  }
}

/** For a service in another process, whose counts are not visible. */
export const UNCOUNTED: Counts = {
  retries: null,
  lockTimeouts: null,
  deadlocks: null,
  casWins: 0,
  casLosses: 0,
  batches: null,
  batchedCommands: null,
}
