/** A server on which an old system and a ledger are in one scratch database, whatever its kind. */

export type OldRow = Readonly<Record<string, unknown>>

/** A connection of old code. */
export interface OldSession {
  /** @param sql with `?` for each value. Returns the rows, and how many were changed or found. */
  run(sql: string, values?: readonly unknown[]): Promise<{ readonly rows: readonly OldRow[]; readonly changed: number }>
}

export interface OldPool {
  take(): Promise<OldSession & { release(): void }>
  end(): Promise<void>
}

export interface OldDatabase extends AsyncDisposable {
  readonly name: string
  url(by?: { readonly user?: string }): string
  /** As administrator. */
  query(sql: string): Promise<readonly OldRow[]>
  /** Another connection; its transaction ends with the test, however the test ends. */
  rival(): Promise<OldSession & AsyncDisposable>
}

/** What is written differently. */
export interface OldDialect {
  /** `users` and `compute_freeze_logs`, as the write-ups have them. */
  readonly tables: readonly string[]
  /** One row per user and kind of coins, and its log. */
  readonly wallets: readonly string[]
  /** Tables that cannot be bridged, beside a log of freezes, and why not. */
  readonly unfit: readonly (readonly [tables: readonly string[], message: RegExp])[]
  /** Inserts a row of `users` unless its key is there. */
  readonly insertUnlessThere: (row: string) => string
  /** Inserts one, or changes the one that is there. */
  readonly insertOrUpdate: (row: string, assignment: string) => string
  /** Takes 15 coins from the users, the last one first, so that the statement fails after it has changed one. */
  readonly takeFromLast: string
  /** Whether a transaction can only go on from a savepoint after one of its statements failed. */
  readonly failedStatementEndsAll: boolean
  readonly beginWithSnapshot: readonly string[]
  /** Statements that change a user of this id past the triggers. */
  readonly pastTriggers: (update: string) => readonly string[]
  /** The names of the bridge's tables and triggers that are there. */
  readonly tablesMade: string
  readonly triggersMade: string
  /** How the database calls a key that was taken, and a row that refers to none. */
  readonly duplicate: string
  readonly dangling: string
  /** The error that a transaction may get while triggers are made; null: none. */
  readonly disturbance: string | null
}

export interface OldServer {
  readonly name: string
  /** Null when tests should not use it. */
  readonly url: string | null
  readonly reason: string
  readonly dialect: OldDialect
  create(): Promise<OldDatabase>
  pool(url: string, connections: number): OldPool
  /** The name of an error of the database; null for any other error. */
  errorName(error: unknown): string | null
}
