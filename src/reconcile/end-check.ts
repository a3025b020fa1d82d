/** Checks that a list is complete: its end row, if it has one, must match the number of rows before it. */
import { STATEMENT_COLUMNS } from '../api/statement.ts'
import { ListError } from './list-error.ts'

export interface EndRow {
  readonly line: number
  /** The unchecked value in the list. */
  readonly count: unknown
}

export class EndCheck {
  #rowsCount = 0
  #endLine: number | null = null
  #isNeeded = false

  /** Whether the list has an end row. Only a Holdfast statement must have one. */
  get isCounted(): boolean {
    return this.#endLine !== null
  }

  /** Recognizes a Holdfast statement by its columns: without an end row it is truncated. */
  head(columns: ReadonlySet<string>): void {
    this.#isNeeded = STATEMENT_COLUMNS.every((column) => columns.has(column))
  }

  /** @throws ListError */
  row(line: number): void {
    if (this.#endLine !== null) {
      throw new ListError(`Line ${line}: a row after the end row in line ${this.#endLine}. Give one complete file.`)
    }
    this.#rowsCount += 1
  }

  /** @throws ListError */
  end({ line, count }: EndRow): void {
    if (this.#endLine !== null)
      throw new ListError(`Line ${line}: a second end row; the first is in line ${this.#endLine}.`)
    if (String(count) !== String(this.#rowsCount)) {
      const counted = `it says ${JSON.stringify(count)} rows, but there are ${this.#rowsCount} before it`
      throw new ListError(`Line ${line}: the end row does not match: ${counted}. Export the list again.`)
    }
    this.#endLine = line
  }

  /** Called at the end of the file. @throws ListError */
  close(): void {
    if (!this.#isNeeded || this.#endLine !== null) return
    throw new ListError('The list is a Holdfast statement without an end row, so it is truncated. Export it again.')
  }
}
