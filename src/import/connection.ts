/** The port to the old database: one connection, one moment, every value as text. */
import type { Cell } from './old-rows.ts'
import type { Dialect, Statement } from './statements.ts'

/** Rows by the names that the statements give their columns. */
export type SourceRow = Readonly<Record<string, Cell>>

/** A connection in a read-only transaction that sees one moment. */
export interface SourceConnection {
  readonly dialect: Dialect
  query(statement: Statement): Promise<readonly SourceRow[]>
  close(): Promise<void>
}

/** The old database cannot be read, or not with these names. */
export class SourceError extends Error {
  override readonly name = 'SourceError'
}
