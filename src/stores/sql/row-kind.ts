/** A kind of row: how one statement writes a record. */
import { Bytes, type SqlValue } from './values.ts'

type WrittenRow<Column extends string = string> = Readonly<Record<Column, SqlValue>>

/** Makes the row of a record, always with the same columns in the same order. */
type RowOf<Of, Column extends string> = (record: Of) => WrittenRow<Column>

export interface RowColumns<Column extends string = string> {
  readonly table:
    | 'accounts'
    | 'actors'
    | 'assets'
    | 'balances'
    | 'commits'
    | 'feed'
    | 'hold_changes'
    | 'house_accounts'
    | 'journal'
    | 'rates'
    | 'requests'
    | 'standings'
  /** In the order of a row's values. */
  readonly columns: readonly Column[]
  /** The columns of text, and those of bytes; the others have whole numbers. */
  readonly texts: ReadonlySet<string>
  readonly bytes: ReadonlySet<string>
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
  const row = rowOf(sample)
  const columns = Object.keys(row) as Column[]
  const empty = columns.find((column) => row[column] === null)
  if (empty !== undefined) throw new Error(`The sample for ${table} has no ${empty}.`)
  const texts = new Set(columns.filter((column) => typeof row[column] === 'string'))
  const bytes = new Set(columns.filter((column) => row[column] instanceof Bytes))
  return { table, columns, texts, bytes, rowOf, sample }
}

/**
 * An update of one row by its key.
 *
 * A column `before_…` of its rows has the value that the stored column must still have; all others but the key are assigned.
 */
export interface RowUpdate<Of, Column extends string = string> extends RowKind<Of, Column> {
  /** The primary key. */
  readonly key: Column
  readonly assigned: readonly Column[]
  /** The columns that have a `before_…` column, in their order. */
  readonly compared: readonly string[]
}

const BEFORE = 'before_'

/** @param kind of rows that have the columns to assign, then the key, then those to compare. @throws Error for others */
export function rowUpdate<Of, Column extends string>(
  kind: RowKind<Of, Column>,
  key: NoInfer<Column>,
): RowUpdate<Of, Column> {
  const { columns } = kind
  const assigned = columns.slice(0, columns.indexOf(key))
  const compared = columns.slice(assigned.length + 1)
  const isInOrder = columns[assigned.length] === key && !assigned.some(isBefore) && compared.every(isBefore)
  if (!isInOrder || assigned.length === 0) {
    throw new Error(`The columns of an update of ${kind.table} are out of order.`)
  }
  return { ...kind, key, assigned, compared: compared.map((column) => column.slice(BEFORE.length)) }
}

function isBefore(column: string): boolean {
  return column.startsWith(BEFORE)
}
