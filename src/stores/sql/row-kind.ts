/** A kind of row: how one statement writes a record. */
import type { SqlValue } from './values.ts'

/** The value of a column that a later update sets: NULL, or 0 in MySQL, see its table. */
export type Unset = 0 | null

type WrittenRow<Column extends string = string> = Readonly<Record<Column, SqlValue>>

/** Makes the row of a record, always with the same columns in the same order. */
type RowOf<Of, Column extends string> = (record: Of, unset: Unset) => WrittenRow<Column>

export interface RowColumns<Column extends string = string> {
  readonly table: 'accounts' | 'assets' | 'balances' | 'hold_steps' | 'postings' | 'rates' | 'requests'
  /** In the order of a row's values. */
  readonly columns: readonly Column[]
  /** The columns of text; the others have whole numbers. */
  readonly texts: ReadonlySet<string>
}

export interface RowKind<Of, Column extends string = string> extends RowColumns<Column> {
  readonly rowOf: RowOf<Of, Column>
  /** A record with a value in every column. */
  readonly sample: Of
}

/** @throws Error for a sample that has no value in some column */
export function rowKind<Of, Column extends string>(
  table: RowColumns['table'],
  rowOf: RowOf<Of, Column>,
  sample: NoInfer<Of>,
): RowKind<Of, Column> {
  const row = rowOf(sample, null)
  const columns = Object.keys(row) as Column[]
  const empty = columns.find((column) => row[column] === null)
  if (empty !== undefined) throw new Error(`The sample for ${table} has no ${empty}.`)
  return { table, columns, texts: new Set(columns.filter((column) => typeof row[column] === 'string')), rowOf, sample }
}

/**
 * An update of one row by its `id`.
 *
 * A column `before_…` of its rows has the value that the stored column must still have; all others but `id` are assigned.
 */
export interface RowUpdate<Of, Column extends string = string> extends RowKind<Of, Column> {
  readonly assigned: readonly Column[]
  /** The columns that have a `before_…` column, in their order. */
  readonly compared: readonly string[]
}

const BEFORE = 'before_'

/** @param kind of rows that have the columns to assign, then `id`, then those to compare. @throws Error for others */
export function rowUpdate<Of, Column extends string>(kind: RowKind<Of, Column>): RowUpdate<Of, Column> {
  const { columns } = kind
  const assigned = columns.slice(0, columns.indexOf('id' as Column))
  const compared = columns.slice(assigned.length + 1)
  const isInOrder = columns[assigned.length] === 'id' && !assigned.some(isBefore) && compared.every(isBefore)
  if (!isInOrder || assigned.length === 0) {
    throw new Error(`The columns of an update of ${kind.table} are out of order.`)
  }
  return { ...kind, assigned, compared: compared.map((column) => column.slice(BEFORE.length)) }
}

function isBefore(column: string): boolean {
  return column.startsWith(BEFORE)
}
