/** Statements of the reader and the auditor, on a connection of the thread that runs them. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { Fault } from '../../engine/faults.ts'
import type { Query } from '../sql/dialect.ts'
import { unusable } from './errors.ts'

export function queryOf(connection: () => DatabaseSync): Query {
  return async (sql, parameters) => {
    try {
      const database = connection()
      if (!database.isOpen) throw new Fault('store_unavailable', 'The ledger is closed.')
      return database.prepare(sql).all(...(parameters as SQLInputValue[]))
    } catch (error) {
      throw error instanceof Fault ? error : unusable(error)
    }
  }
}
