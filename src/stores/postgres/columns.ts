/** Rows as parameters: each column of a statement's rows is sent as an array, or as the one value that all of them have. */
import type { RowColumns, RowKind } from '../sql/row-kind.ts'
import { Bytes, type SqlValue } from '../sql/values.ts'
import { columnArray, type ElementType } from './arrays.ts'

export function typeOf({ texts, bytes }: Pick<RowColumns, 'texts' | 'bytes'>, column: string): ElementType {
  if (texts.has(column)) return 'text'
  return bytes.has(column) ? 'bytea' : 'bigint'
}

/**
 * Two parameters per column: an array of its values, or the one value that all rows have, and null for the other. Most columns of a
 * batch have one value: the time, a kind, a balance, the amounts that are 0 in a new hold.
 */
export function addColumns<Of>(parameters: unknown[], kind: RowKind<Of>, records: readonly Of[]): void {
  const { columns, rowOf } = kind
  const count = records.length
  const values = columnsOf(rowOf, records, columns.length)
  let isCounted = false
  for (let index = 0; index < columns.length; index++) {
    const from = index * count
    const isLast = index === columns.length - 1
    // At least one column has to be an array, which defines the number of rows.
    if ((isCounted || !isLast) && isOfOneValue(values, from, count)) {
      parameters.push(null, parameterOf(values[from]!))
    } else {
      isCounted = true
      parameters.push(columnArray(typeOf(kind, columns[index]!), values, from, count), null)
    }
  }
}

function parameterOf(value: SqlValue): unknown {
  return value instanceof Bytes ? Buffer.from(value.hex, 'hex') : value
}

/** The values of all rows, column after column. */
function columnsOf<Of>(rowOf: RowKind<Of>['rowOf'], records: readonly Of[], width: number): readonly SqlValue[] {
  const count = records.length
  // A null first: an array that held only numbers would be copied when the first text comes.
  const values = Array<SqlValue>(count * width)
  values[0] = null
  for (let place = 0; place < count; place++) {
    const row = rowOf(records[place]!)
    let at = place
    for (const column in row) {
      values[at] = row[column]!
      at += count
    }
  }
  return values
}

/** Each type has a loop of its own, which takes half the time of one for all. */
function isOfOneValue(values: readonly SqlValue[], from: number, count: number): boolean {
  const first = values[from]!
  const to = from + count
  if (typeof first === 'bigint') return isOfOneBigint(values, first, from, to)
  if (typeof first === 'number') return isOfOneNumber(values, first, from, to)
  for (let index = from; index < to; index++) if (values[index] !== first) return false
  return true
}

function isOfOneBigint(values: readonly SqlValue[], first: bigint, from: number, to: number): boolean {
  for (let index = from; index < to; index++) {
    const value = values[index]
    if (typeof value !== 'bigint' || value !== first) return false
  }
  return true
}

function isOfOneNumber(values: readonly SqlValue[], first: number, from: number, to: number): boolean {
  for (let index = from; index < to; index++) {
    const value = values[index]
    if (typeof value !== 'number' || value !== first) return false
  }
  return true
}
