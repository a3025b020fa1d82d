/** Checks that a list is complete: its end row, or the stated number of rows, must match the number of rows before its end. */
import { instantIn } from '../api/input.ts'
import { STATEMENT_COLUMNS } from '../api/statement.ts'
import type { Instant } from '../domain/ids.ts'
import { ListError } from './list-error.ts'

/** With its unchecked values in the list. */
export interface EndRow {
  readonly line: number
  readonly count: unknown
  /** The instant up to which the list is complete; undefined if the row has none. */
  readonly at: unknown
}

/** What shows that a list is complete. */
export type Proof = 'end_row' | 'stated_rows'

export class EndCheck {
  readonly #statedCount: number | null
  #rowsCount = 0
  #endLine: number | null = null
  #at: Instant | null = null
  #isStatement = false

  /** @param statedCount the number of rows that the caller expects, if the caller knows it */
  constructor(statedCount: number | null = null) {
    this.#statedCount = statedCount
  }

  /** Null: the list may be truncated. */
  get proof(): Proof | null {
    if (this.#endLine !== null) return 'end_row'
    return this.#statedCount === null ? null : 'stated_rows'
  }

  /** The rows so far. */
  get rowsCount(): number {
    return this.#rowsCount
  }

  /** The instant in the end row, if it has one. */
  get at(): Instant | null {
    return this.#at
  }

  /** Whether the list is a Holdfast statement. */
  get isStatement(): boolean {
    return this.#isStatement
  }

  /** Recognizes a Holdfast statement by its columns: without an end row it is truncated. */
  head(columns: ReadonlySet<string>): void {
    this.#isStatement = STATEMENT_COLUMNS.every((column) => columns.has(column))
  }

  /** @throws ListError */
  row(line: number): void {
    if (this.#endLine !== null) {
      throw new ListError(`Line ${line}: a row after the end row in line ${this.#endLine}. Give one complete file.`)
    }
    this.#rowsCount += 1
  }

  /** @throws ListError */
  end({ line, count, at }: EndRow): void {
    if (this.#endLine !== null)
      throw new ListError(`Line ${line}: a second end row; the first is in line ${this.#endLine}.`)
    if (String(count) !== String(this.#rowsCount)) {
      const counted = `it says ${JSON.stringify(count)} rows, but there are ${this.#rowsCount} before it`
      throw new ListError(`Line ${line}: the end row does not match: ${counted}. Export the list again.`)
    }
    this.#endLine = line
    try {
      this.#at = instantIn(at, '')
    } catch {
      throw new ListError(`Line ${line}: the end row has ${JSON.stringify(at)} in place of an instant.`)
    }
  }

  /** Called at the end of the file. @throws ListError */
  close(): void {
    if (this.#isStatement && this.#endLine === null)
      throw new ListError('The list is a Holdfast statement without an end row, so it is truncated. Export it again.')
    if (this.#statedCount === null || this.#statedCount === this.#rowsCount) return
    throw new ListError(`The list has ${this.#rowsCount} rows, but --rows says ${this.#statedCount}.`)
  }
}
