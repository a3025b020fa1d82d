/**
 * A database as the strategies of the write-ups see it: a few connections, short transactions, one statement at a time.
 *
 * Statements are written with `?` for their parameters and prepared once per connection, in every dialect. Isolation levels
 * are the server's own defaults, as they were in the incidents.
 */

export type Dialect = 'sqlite' | 'mysql' | 'postgres'

/** Amounts and ids in the lab are safe integers. */
export type Value = string | number | null

export type Row = Readonly<Record<string, unknown>>

export interface Connection {
  /** @throws DatabaseFailure */
  select(sql: string, parameters: readonly Value[]): Promise<readonly Row[]>
  /** The number of rows that were changed. @throws DatabaseFailure */
  change(sql: string, parameters: readonly Value[]): Promise<number>
}

export interface Database extends AsyncDisposable {
  readonly dialect: Dialect
  /**
   * Lends a connection to `work` and commits what it did. When it throws, everything is rolled back. Calls wait for a free
   * connection in the order in which they came.
   *
   * @throws DatabaseFailure, and what `work` throws
   */
  transaction<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result>
  /** Statements outside of any transaction, one after another: tables and the like. @throws DatabaseFailure */
  run(statements: readonly string[]): Promise<void>
}

export interface DatabaseOptions {
  readonly connectionsMax: number
  /** How long a statement waits for a lock before it fails with `lock_timeout`. */
  readonly lockTimeoutMs: number
}

export type FailureCode = 'duplicate' | 'lock_timeout' | 'deadlock' | 'serialization' | 'database'

/** What a database answered in place of a result. */
export class DatabaseFailure extends Error {
  override readonly name = 'DatabaseFailure'
  readonly code: FailureCode

  constructor(code: FailureCode, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.code = code
  }
}

/** `SELECT …` that locks the rows it reads. SQLite locks the whole database when a transaction begins. */
export function forUpdate(dialect: Dialect): string {
  return dialect === 'sqlite' ? '' : ' FOR UPDATE'
}
