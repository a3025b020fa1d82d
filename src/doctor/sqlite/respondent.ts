/** A file of SQLite that is asked, without a change to it or to the files next to it. */
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { Fault } from '../../engine/faults.ts'
import type { Query } from '../../stores/sql/dialect.ts'
import { openReadConnection } from '../../stores/sqlite/connection.ts'
import { logOf } from '../../stores/sqlite/database-file.ts'
import { queryOf } from '../../stores/sqlite/query.ts'
import { QUESTION_MS_MAX, Refusal, type Respondent } from '../examination.ts'

export class SqliteRespondent implements Respondent {
  readonly rightsRemedy = null
  /** Whether other processes may have the file open. */
  readonly isInUse: boolean
  readonly database: DatabaseSync
  readonly #query: Query

  /** @throws the error of SQLite when the file cannot be opened, or is no database */
  constructor(file: string) {
    this.isInUse = isInUse(file)
    this.database = this.isInUse ? openReadConnection(file, { busyTimeoutMs: QUESTION_MS_MAX }) : openAtRest(file)
    this.#query = queryOf(() => this.database)
    try {
      // SQLite opens any file, and reads it only now.
      this.database.prepare('SELECT count(*) FROM sqlite_master').get()
    } catch (error) {
      this.database.close()
      throw error
    }
  }

  readonly query: Query = async (sql, parameters) => {
    try {
      return await this.#query(sql, parameters)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      const isBusy = error instanceof Fault && /locked|busy/i.test(message)
      throw new Refusal(isBusy ? 'time' : 'failed', message, { cause: error })
    }
  };

  [Symbol.asyncDispose](): Promise<void> {
    if (this.database.isOpen) this.database.close()
    return Promise.resolve()
  }
}

/** Every process that has the file open has made the log; the journal is that of a program that uses none. */
export function isInUse(file: string): boolean {
  return existsSync(logOf(file)) || existsSync(`${file}-journal`)
}

/**
 * A file that nobody has open. SQLite would make the files of a log next to it to read it, and could not remove them: `immutable` promises
 * that nobody changes the file, so it needs none.
 */
function openAtRest(file: string): DatabaseSync {
  const url = pathToFileURL(file)
  url.searchParams.set('immutable', '1')
  const database = new DatabaseSync(url, { readBigInts: true, readOnly: true })
  database.exec('PRAGMA trusted_schema = OFF')
  return database
}
