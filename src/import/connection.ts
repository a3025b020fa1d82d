/** The port to the old database: one connection, one snapshot, every value as text. */
import type { Table } from './columns.ts'
import type { Dialect } from './dialect.ts'
import type { Cell } from './old-rows.ts'
import type { Query } from './queries.ts'

/** A row by the column names of the query. */
export type SourceRow = Readonly<Record<string, Cell>>

/** A connection in a read-only transaction with one snapshot. */
export interface SourceConnection {
  readonly dialect: Dialect
  /**
   * The declared types of a table's columns, by lower-case name.
   *
   * @param path the name of the table, optionally with its schema
   * @param needed the columns that will be read
   */
  table(path: string, needed: readonly string[]): Promise<Table>
  query(query: Query): Promise<readonly SourceRow[]>
  close(): Promise<void>
}

/** The old database cannot be read, or a table does not exist. */
export class SourceError extends Error {
  override readonly name = 'SourceError'
}
