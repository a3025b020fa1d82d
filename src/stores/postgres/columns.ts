/** Rows as parameters: each column of a statement's rows is sent as an array, or as the one value that all of them have. */
import type { RowKind } from '../sql/row-kind.ts'
import type { SqlValue } from '../sql/values.ts'
import { columnArray } from './arrays.ts'

/**
 * Two parameters per column: its values, or the one value that all its rows have, and null for the other. Most columns of
 * a batch are of one value: its moment, a kind, a balance, what a new hold has not had happen to it yet.
 */
export function addColumns<Of>(
  parameters: unknown[],
  { columns, texts, rowOf }: RowKind<Of>,
  records: readonly Of[],
): void {
  const count = records.length
  const values = columnsOf(rowOf, records, columns.length)
  let isCounted = false
  for (let index = 0; index < columns.length; index++) {
    const from = index * count
    const isLast = index === columns.length - 1
    // One column at least has to be an array: it says how many rows there are.
    if ((isCounted || !isLast) && isOfOneValue(values, from, count)) {
      parameters.push(null, values[from])
    } else {
      isCounted = true
      parameters.push(columnArray(texts.has(columns[index]!) ? 'text' : 'bigint', values, from, count), null)
    }
  }
}

/** The values of all rows, column after column. */
function columnsOf<Of>(rowOf: RowKind<Of>['rowOf'], records: readonly Of[], width: number): readonly SqlValue[] {
  const count = records.length
  // Made for values of all types: an array that changes its kind while it is filled is copied.
  const values = Array<SqlValue>(count * width)
  values[0] = null
  for (let place = 0; place < count; place++) {
    const row = rowOf(records[place]!, null)
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
