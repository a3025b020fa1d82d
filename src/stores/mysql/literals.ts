/**
 * Values as SQL text. Every value of every statement of this folder is written here, or by the driver's `format`.
 *
 * Multi-row statements change with the number of their rows, so a prepared statement would be prepared anew each time.
 */
import { escape } from 'mysql2'
import type { SqlValue } from '../sql/rows.ts'

/** Names, ids and codes, which most texts are: nothing in them means anything to SQL. */
const PLAIN = /^[\w:./@+=~-]*$/

/** @throws TypeError for a number that is not a safe integer */
export function literal(value: SqlValue): string {
  if (value === null) return 'NULL'
  // Backslashes escape, because the connection's sql_mode says so, and every byte of utf8mb4 above 127 stands for itself.
  if (typeof value === 'string') return PLAIN.test(value) ? `'${value}'` : escape(value)
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new TypeError(`${value} is not a whole number.`)
  return String(value)
}

/** `1,'a',NULL` */
export function literals(values: readonly SqlValue[]): string {
  let text = ''
  for (let index = 0; index < values.length; index++) {
    if (index > 0) text += ','
    text += literal(values[index]!)
  }
  return text
}
