/** One statement run for many rows, which come as one flat list of values. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { RowColumns } from '../sql/row-kind.ts'
import type { SqlValue } from '../sql/values.ts'

/** Rows of one INSERT. A posting took 1.7 µs when they went one by one, 1.1 µs by 16, and no less by 64. */
const ROWS_PER_INSERT = 16

/** A parameter for each value of each row. */
export function insertOf({ table, columns }: RowColumns, rowCount = 1): string {
  const row = `(${columns.map(() => '?').join(', ')})`
  return `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${Array.from({ length: rowCount }, () => row).join(', ')}`
}

export class RowInserter {
  readonly #columns: number
  readonly #one: StatementSync
  readonly #many: StatementSync

  constructor(database: DatabaseSync, kind: RowColumns) {
    this.#columns = kind.columns.length
    this.#one = database.prepare(insertOf(kind, 1))
    this.#many = database.prepare(insertOf(kind, ROWS_PER_INSERT))
  }

  /** In order; the first row that SQLite refuses ends it with SQLite's error. */
  insert(values: readonly SqlValue[]): void {
    const many = this.#columns * ROWS_PER_INSERT
    let next = 0
    for (; next + many <= values.length; next += many) this.#many.run(...values.slice(next, next + many))
    for (; next < values.length; next += this.#columns) this.#one.run(...values.slice(next, next + this.#columns))
  }
}

export class RowGuard {
  readonly #parameters: number
  readonly #statement: StatementSync

  /** `sql` must find a row exactly where what it asks for is so. */
  constructor(database: DatabaseSync, sql: string, parameters: number) {
    this.#parameters = parameters
    this.#statement = database.prepare(sql)
  }

  /** Whether all of it is so. */
  holds(values: readonly SqlValue[]): boolean {
    for (let next = 0; next < values.length; next += this.#parameters) {
      if (this.#statement.get(...values.slice(next, next + this.#parameters)) === undefined) return false
    }
    return true
  }
}

export class RowChanger {
  readonly #parameters: number
  readonly #statement: StatementSync

  /** `sql` must change one row, and have `parameters` of them. */
  constructor(database: DatabaseSync, sql: string, parameters: number) {
    this.#parameters = parameters
    this.#statement = database.prepare(sql)
  }

  /** In order; false when a row was not there to be changed, or not as expected, and the rest was left alone. */
  change(values: readonly SqlValue[]): boolean {
    for (let next = 0; next < values.length; next += this.#parameters) {
      const { changes } = this.#statement.run(...values.slice(next, next + this.#parameters))
      if (Number(changes) !== 1) return false
    }
    return true
  }
}
