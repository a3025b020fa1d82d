import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { delimiterOf, readCsv, RECORD_BYTES_MAX, type CsvRecord } from './csv.ts'
import type { Delimiter } from './delimiters.ts'

async function recordsOf(
  text: string,
  {
    pieceLength = text.length,
    delimiter = 'comma',
  }: { readonly pieceLength?: number; readonly delimiter?: Delimiter } = {},
): Promise<readonly CsvRecord[]> {
  async function* pieces(): AsyncGenerator<string> {
    for (let from = 0; from < text.length; from += Math.max(pieceLength, 1)) yield text.slice(from, from + pieceLength)
  }
  const records: CsvRecord[] = []
  for await (const some of readCsv(pieces(), delimiter)) records.push(...some)
  return records
}

async function fieldsOf(text: string, pieceLength = text.length): Promise<readonly (readonly string[])[]> {
  return (await recordsOf(text, { pieceLength })).map(({ fields }) => fields)
}

test('fields, quotes and line ends are read as RFC 4180 has them', async () => {
  assert.deepEqual(await fieldsOf('a,b\r\n1,2\r\n'), [
    ['a', 'b'],
    ['1', '2'],
  ])
  assert.deepEqual(await fieldsOf('a,b\n1,'), [
    ['a', 'b'],
    ['1', ''],
  ])
  assert.deepEqual(await fieldsOf('"a,""b""","line\r\nline"\n,'), [
    ['a,"b"', 'line\r\nline'],
    ['', ''],
  ])
  assert.deepEqual(await fieldsOf('""\n\n\r\n"x"'), [[''], ['x']])
  assert.deepEqual(await fieldsOf(''), [])
})

test('whatever was written is read back, in pieces of any length', async () => {
  const field = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r\n', '李', ' ') })
  const table = fc.array(fc.array(field, { minLength: 1, maxLength: 4 }), { maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(table, fc.integer({ min: 1, max: 9 }), async (rows, pieceLength) => {
      const text = rows.map((row) => `${row.map((each) => `"${each.replaceAll('"', '""')}"`).join(',')}\r\n`).join('')
      assert.deepEqual(await fieldsOf(text, pieceLength), rows)
    }),
  )
})

test('a malformed row is reported with its line', async () => {
  const broken: readonly (readonly [text: string, message: RegExp])[] = [
    ['a\n"b', /^Line 2: a quoted field that begins in this record is not closed/],
    ['a\n"b\n\n', /^Line 2: a quoted field/],
    ['"a\nb",c\nd"e', /^Line 3: a quote inside/],
    ['a\n"b"c', /^Line 2: a character after the closing quote/],
    ['a\rb', /^Line 1: a carriage return without a line feed/],
    ['a\r', /^Line 1: a carriage return without a line feed/],
    ['a\n\nb\rc', /^Line 3: a carriage return without a line feed/],
    ['a\n' + 'x'.repeat(2 * RECORD_BYTES_MAX), /^Line 2: a record has more than/],
  ]
  for (const [text, message] of broken) await assert.rejects(fieldsOf(text), { name: 'ListError', message })
})

test('a record knows the line where it begins', async () => {
  const records = await recordsOf('a\n"b\nc"\n\nd\n')
  assert.deepEqual(
    records.map(({ line }) => line),
    [1, 2, 5],
  )
})

test('the delimiter is the one that finds the columns in the header', async () => {
  const columns = ['id', 'amount']
  assert.equal(delimiterOf('id,amount,note', columns), 'comma')
  assert.equal(delimiterOf('id;amount;"a,b"', columns), 'semicolon')
  assert.equal(delimiterOf('"id"\tamount\r', columns), 'tab')
  for (const head of ['id,cost', 'id|amount', '"id,amount', '']) {
    assert.throws(() => delimiterOf(head, columns), { name: 'ListError', message: /^Line 1: the columns id, amount/ })
  }
  const records = await recordsOf('id;amount\n"a;b";1,5\n', { delimiter: 'semicolon' })
  assert.deepEqual(records[1], { line: 2, fields: ['a;b', '1,5'] })
})
