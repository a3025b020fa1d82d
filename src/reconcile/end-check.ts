/** Whether a list is whole: its end row, where it has one, counts the rows before it. */
import { STATEMENT_COLUMNS } from '../api/statement.ts'
import { ListError } from './list-error.ts'

export interface EndRow {
  readonly line: number
  /** As it is written. */
  readonly count: unknown
}

export class EndCheck {
  #rowsCount = 0
  #endLine: number | null = null
  #isNeeded = false

  /** Whether the list says how many rows it has. Another than one of Holdfast may leave it out. */
  get isCounted(): boolean {
    return this.#endLine !== null
  }

  /** A statement of Holdfast always has an end row, so that one without was cut. */
  head(columns: ReadonlySet<string>): void {
    this.#isNeeded = STATEMENT_COLUMNS.every((column) => columns.has(column))
  }

  /** @throws ListError */
  row(line: number): void {
    if (this.#endLine !== null) {
      throw new ListError(`Line ${line}: a row after the end row, which is line ${this.#endLine}. Give one whole file.`)
    }
    this.#rowsCount += 1
  }

  /** @throws ListError */
  end({ line, count }: EndRow): void {
    if (this.#endLine !== null)
      throw new ListError(`Line ${line}: a second end row; the first is line ${this.#endLine}.`)
    if (String(count) !== String(this.#rowsCount)) {
      const counted = `it counts ${JSON.stringify(count)} rows, but ${this.#rowsCount} come before it`
      throw new ListError(`Line ${line}: the end row does not agree: ${counted}. Export the list again.`)
    }
    this.#endLine = line
  }

  /** At the end of the file. @throws ListError */
  close(): void {
    if (!this.#isNeeded || this.#endLine !== null) return
    throw new ListError('The list is a statement of Holdfast without its end row, so it was cut. Export it again.')
  }
}
