/** The port to the old database: one connection, one snapshot, every value as text. */
import type { Cell } from './old-rows.ts'
import type { Dialect, Query } from './queries.ts'

/** A row by the column names of the query. */
export type SourceRow = Readonly<Record<string, Cell>>

/** A connection in a read-only transaction with one snapshot. */
export interface SourceConnection {
  readonly dialect: Dialect
  query(query: Query): Promise<readonly SourceRow[]>
  close(): Promise<void>
}

/** The old database cannot be read, or a table or column does not exist. */
export class SourceError extends Error {
  override readonly name = 'SourceError'
}
