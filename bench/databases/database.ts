/**
 * A database as the write-ups' strategies use it: few connections, short transactions, one statement at a time.
 *
 * Statements use `?` for parameters in every dialect, and are prepared once per connection. Isolation levels are the server's defaults, as
 * in the incidents.
 */

export type Dialect = 'sqlite' | 'mysql' | 'postgres'

/** Amounts and ids in the lab are safe integers. */
export type Value = string | number | null

export type Row = Readonly<Record<string, unknown>>

export interface Connection {
  /** @throws DatabaseFailure */
  select(sql: string, parameters: readonly Value[]): Promise<readonly Row[]>
  /** Returns the number of changed rows. @throws DatabaseFailure */
  change(sql: string, parameters: readonly Value[]): Promise<number>
}

export interface Database extends AsyncDisposable {
  readonly dialect: Dialect
  /**
   * Runs `work` in a transaction on a lent connection, and commits. If it throws, the transaction is rolled back. Callers wait for a free
   * connection in the order of their calls.
   *
   * @throws DatabaseFailure, and what `work` throws
   */
  transaction<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result>
  /** Runs statements one after another, outside of a transaction: DDL, for example. @throws DatabaseFailure */
  run(statements: readonly string[]): Promise<void>
}

export interface DatabaseOptions {
  readonly connectionsMax: number
  /** How long a statement waits for a lock before it fails with `lock_timeout`. */
  readonly lockTimeoutMs: number
}

export type FailureCode = 'duplicate' | 'lock_timeout' | 'deadlock' | 'serialization' | 'database'

/** An error that a database reported. */
export class DatabaseFailure extends Error {
  override readonly name = 'DatabaseFailure'
  readonly code: FailureCode

  constructor(code: FailureCode, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.code = code
  }
}

/** `SELECT …` with row locks. SQLite locks the whole database when a transaction begins. */
export function forUpdate(dialect: Dialect): string {
  return dialect === 'sqlite' ? '' : ' FOR UPDATE'
}
