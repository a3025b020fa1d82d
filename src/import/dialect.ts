/** What differs between the SQL of the old databases. */
import type { Column, WholeRange } from './columns.ts'
import { bytesOfName, isUuid, nameOfBytes, type KeyFormat } from './key-format.ts'
import type { Cell } from './old-rows.ts'

export interface Dialect {
  /** The quote around a name. Checked names do not contain it. */
  readonly quote: '"' | '`'
  /** Any value as text. */
  readonly text: (expression: string) => string
  /** Any value as a text that only equals a text of the same bytes, whatever the collation of a column is. */
  readonly exact: (expression: string) => string
  /** The smallest or largest of exact texts, as text. */
  readonly exactBound: (bound: 'MIN' | 'MAX', expression: string) => string
  /** Bytes as lower-case hexadecimal digits. */
  readonly hex: (expression: string) => string
  readonly bytesCount: (expression: string) => string
  /** A parameter that is compared with a column. */
  readonly parameter: (column: Column) => string
  /** `expression` in the collation of another column. */
  readonly collated: (expression: string, collation: string) => string
}

/** Reads a key column, and compares it with a key. */
export class KeyReader {
  readonly #dialect: Dialect
  readonly #column: Column
  readonly #format: KeyFormat

  /** @param format of a binary column */
  constructor(dialect: Dialect, column: Column, format: KeyFormat | null) {
    this.#dialect = dialect
    this.#column = column
    this.#format = format ?? 'hex'
  }

  get kind(): Column['kind'] {
    return this.#column.kind
  }

  get collation(): string | null {
    return this.#column.collation
  }

  /** The SQL of the cell that `nameIn` reads. */
  cell(expression: string): string {
    return this.kind === 'binary' ? this.#dialect.hex(expression) : this.#dialect.text(expression)
  }

  nameIn(cell: Cell): Cell {
    return this.kind === 'binary' && cell !== null ? nameOfBytes(cell, this.#format) : cell
  }

  get parameter(): string {
    return this.#dialect.parameter(this.#column)
  }

  /** The value of the parameter; null if the column cannot contain this name. */
  valueOf(name: string): unknown {
    if (this.kind === 'binary') return bytesOfName(name, this.#format)
    if (this.kind === 'whole') return wholeOf(name, this.#column.range)
    if (this.kind === 'uuid') return isUuid(name) ? name : null
    return name.includes('\0') ? null : name
  }
}

/** MySQL would compare a number with a text as doubles. */
function wholeOf(name: string, range: WholeRange | null): bigint | null {
  if (!/^-?[0-9]{1,65}$/.test(name)) return null
  const whole = BigInt(name)
  return range === null || (whole >= range.least && whole <= range.most) ? whole : null
}
