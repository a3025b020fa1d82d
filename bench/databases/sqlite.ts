/**
 * SQLite through node:sqlite, with the same durability as Holdfast.
 *
 * Calls are synchronous, so a second connection in the same process could only deadlock with the first: there is one, and transactions take
 * turns. Every transaction begins IMMEDIATE, because a read transaction cannot always be upgraded to a write transaction.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import {
  DatabaseFailure,
  type Connection,
  type Database,
  type DatabaseOptions,
  type FailureCode,
  type Row,
  type Value,
} from './database.ts'
import { ConnectionQueue } from './connection-queue.ts'

/** https://www.sqlite.org/rescode.html */
const CODES: Readonly<Record<number, FailureCode>> = {
  5: 'lock_timeout', // SQLITE_BUSY
  6: 'lock_timeout', // SQLITE_LOCKED
  1555: 'duplicate', // SQLITE_CONSTRAINT_PRIMARYKEY
  2067: 'duplicate', // SQLITE_CONSTRAINT_UNIQUE
}

export function openSqlite(path: string, { lockTimeoutMs }: DatabaseOptions): Database {
  const file = new DatabaseSync(path, { timeout: lockTimeoutMs })
  file.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;')
  const connection = new SqliteConnection(file)
  const turns = new ConnectionQueue([connection])
  return {
    dialect: 'sqlite',
    transaction: (work) =>
      turns.use(async () => {
        try {
          connection.run('BEGIN IMMEDIATE')
          const result = await work(connection)
          connection.run('COMMIT')
          // Calls are synchronous, so without this turn of the event loop no timer of the process would fire.
          await yieldTurn()
          return result
        } catch (error) {
          if (file.isTransaction) connection.run('ROLLBACK')
          throw error
        }
      }),
    run: (statements) =>
      turns.use(async () => {
        for (const sql of statements) attempt(() => file.exec(sql))
      }),
    async [Symbol.asyncDispose]() {
      file.close()
    },
  }
}

function yieldTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

class SqliteConnection implements Connection {
  readonly #file: DatabaseSync
  readonly #prepared = new Map<string, StatementSync>()

  constructor(file: DatabaseSync) {
    this.#file = file
  }

  async select(sql: string, parameters: readonly Value[]): Promise<readonly Row[]> {
    return attempt(() => this.#statement(sql).all(...parameters))
  }

  async change(sql: string, parameters: readonly Value[]): Promise<number> {
    return attempt(() => Number(this.#statement(sql).run(...parameters).changes))
  }

  run(sql: string): void {
    attempt(() => this.#statement(sql).run())
  }

  #statement(sql: string): StatementSync {
    let statement = this.#prepared.get(sql)
    if (statement === undefined) {
      statement = this.#file.prepare(sql)
      this.#prepared.set(sql, statement)
    }
    return statement
  }
}

function attempt<Result>(action: () => Result): Result {
  try {
    return action()
  } catch (error) {
    const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0
    throw new DatabaseFailure(CODES[code] ?? CODES[code & 0xff] ?? 'database', error)
  }
}
