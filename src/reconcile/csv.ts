/**
 * A strict streaming reader of comma-separated values (RFC 4180). A malformed record is an error with its line, because a truncated or
 * corrupted list must not look like a shorter list.
 */
import { ListError } from './list-error.ts'

export interface CsvRecord {
  /** The line where the record begins, from 1. */
  readonly line: number
  readonly fields: readonly string[]
}

export const FIELD_CHARACTERS_MAX = 65_536
export const FIELDS_MAX = 1_000

/**
 * - `start`: before a field.
 * - `plain`: in a field without quotes.
 * - `quoted`: in a field with quotes.
 * - `quote`: after a quote in a quoted field, which ends the field or is the first of two.
 * - `return`: after a carriage return, which must be followed by a line feed.
 */
type State = 'start' | 'plain' | 'quoted' | 'quote' | 'return'

export class CsvReader {
  #state: State = 'start'
  #field = ''
  #fields: string[] = []
  #line = 1
  /** The line where the record begins. */
  #recordLine = 1
  /** Whether the record's line is empty so far. */
  #isBlank = true
  #records: CsvRecord[] = []

  /** Returns the records that end in this piece. @throws ListError */
  push(piece: string): readonly CsvRecord[] {
    for (let index = 0; index < piece.length; index++) this.#take(piece[index]!)
    return this.#taken()
  }

  /** Returns the last record if no line break follows it. @throws ListError */
  end(): readonly CsvRecord[] {
    if (this.#state === 'quoted')
      throw this.#error('a quoted field that begins in this record is not closed', this.#recordLine)
    if (this.#state === 'return') throw this.#error('a carriage return without a line feed')
    if (this.#state !== 'start' || this.#fields.length > 0) this.#endRecord()
    return this.#taken()
  }

  #take(character: string): void {
    if (this.#state === 'quoted') return this.#takeQuoted(character)
    if (this.#state === 'return') {
      if (character !== '\n') throw this.#error('a carriage return without a line feed')
      return this.#endRecord()
    }
    if (character !== '\n' && character !== '\r') this.#isBlank = false
    if (character === ',') return this.#endField()
    if (character === '\n') return this.#endRecord()
    if (character === '\r') {
      this.#state = 'return'
      return
    }
    if (character === '"') return this.#takeQuote()
    if (this.#state === 'quote') throw this.#error('a character after the closing quote of a field')
    this.#state = 'plain'
    this.#add(character)
  }

  #takeQuoted(character: string): void {
    if (character === '"') {
      this.#state = 'quote'
      return
    }
    if (character === '\n') this.#line += 1
    this.#add(character)
  }

  #takeQuote(): void {
    if (this.#state === 'plain') throw this.#error('a quote inside a field without quotes')
    if (this.#state === 'quote') this.#add('"')
    this.#state = 'quoted'
  }

  #add(character: string): void {
    if (this.#field.length >= FIELD_CHARACTERS_MAX)
      throw this.#error(`a field has more than ${FIELD_CHARACTERS_MAX} characters`)
    this.#field += character
  }

  #endField(): void {
    if (this.#fields.length >= FIELDS_MAX) throw this.#error(`a record has more than ${FIELDS_MAX} fields`)
    this.#fields.push(this.#field)
    this.#field = ''
    this.#state = 'start'
  }

  #endRecord(): void {
    this.#endField()
    if (!this.#isBlank) this.#records.push({ line: this.#recordLine, fields: this.#fields })
    this.#fields = []
    this.#isBlank = true
    this.#line += 1
    this.#recordLine = this.#line
  }

  #taken(): readonly CsvRecord[] {
    const records = this.#records
    this.#records = []
    return records
  }

  #error(what: string, line = this.#line): ListError {
    return new ListError(`Line ${line}: ${what}.`)
  }
}
