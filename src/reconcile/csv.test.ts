import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CsvReader, FIELD_CHARACTERS_MAX, FIELDS_MAX } from './csv.ts'

function fieldsOf(text: string, pieceLength = text.length): readonly (readonly string[])[] {
  const reader = new CsvReader()
  const records = []
  for (let from = 0; from < text.length; from += Math.max(pieceLength, 1)) {
    records.push(...reader.push(text.slice(from, from + pieceLength)))
  }
  return [...records, ...reader.end()].map(({ fields }) => fields)
}

test('fields, quotes and line ends are read as RFC 4180 has them', () => {
  assert.deepEqual(fieldsOf('a,b\r\n1,2\r\n'), [
    ['a', 'b'],
    ['1', '2'],
  ])
  assert.deepEqual(fieldsOf('a,b\n1,'), [
    ['a', 'b'],
    ['1', ''],
  ])
  assert.deepEqual(fieldsOf('"a,""b""","line\r\nline"\n,'), [
    ['a,"b"', 'line\r\nline'],
    ['', ''],
  ])
  assert.deepEqual(fieldsOf('""\n\n\r\n"x"'), [[''], ['x']])
  assert.deepEqual(fieldsOf(''), [])
})

test('whatever was written is read back, in pieces of any length', () => {
  const field = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r\n', '李', ' ') })
  const table = fc.array(fc.array(field, { minLength: 1, maxLength: 4 }), { maxLength: 6 })
  fc.assert(
    fc.property(table, fc.integer({ min: 1, max: 9 }), (rows, pieceLength) => {
      const text = rows.map((row) => `${row.map((each) => `"${each.replaceAll('"', '""')}"`).join(',')}\r\n`).join('')
      assert.deepEqual(fieldsOf(text, pieceLength), rows)
    }),
  )
})

test('a malformed row is reported with its line', () => {
  const broken: readonly (readonly [text: string, message: RegExp])[] = [
    ['a\n"b', /^Line 2: a quoted field that begins in this record is not closed/],
    ['a\n"b\n\n', /^Line 2: a quoted field/],
    ['"a\nb",c\nd"e', /^Line 3: a quote inside/],
    ['a\n"b"c', /^Line 2: a character after the closing quote/],
    ['a\rb', /^Line 1: a carriage return without a line feed/],
    ['a\r', /^Line 1: a carriage return without a line feed/],
    ['x'.repeat(FIELD_CHARACTERS_MAX + 1), /^Line 1: a field has more than/],
    [','.repeat(FIELDS_MAX + 1), /^Line 1: a record has more than/],
  ]
  for (const [text, message] of broken) assert.throws(() => fieldsOf(text), { name: 'ListError', message })
})

test('a record knows the line where it begins', () => {
  const reader = new CsvReader()
  const records = [...reader.push('a\n"b\nc"\n\nd\n'), ...reader.end()]
  assert.deepEqual(
    records.map(({ line }) => line),
    [1, 2, 5],
  )
})
