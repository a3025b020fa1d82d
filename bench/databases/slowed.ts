/** Simulates a distant database: a pause follows each statement of a transaction, before the next statement or the commit. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection, Database } from './database.ts'

export function slowed(database: Database, pauseMs: number): Database {
  if (pauseMs === 0) return database
  const later = async <Result>(answer: Promise<Result>): Promise<Result> => {
    const result = await answer
    await sleep(pauseMs)
    return result
  }
  const slow = (connection: Connection): Connection => ({
    select: (sql, parameters) => later(connection.select(sql, parameters)),
    change: (sql, parameters) => later(connection.change(sql, parameters)),
  })
  return {
    dialect: database.dialect,
    transaction: (work) => database.transaction((connection) => work(slow(connection))),
    run: (statements) => database.run(statements),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  }
}
