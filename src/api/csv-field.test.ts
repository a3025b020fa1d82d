import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { guarded, unguarded } from './csv-field.ts'

test('what a spreadsheet could read as a formula has an apostrophe before it, and only that', () => {
  const texts = ['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx', '\nx', '＝1', '＋1', '－1', '＠x', "'x", "'"]
  for (const text of texts) assert.equal(guarded(text), `'${text}`)
  for (const text of ['', 'x', 'user:8', '8-1', ' =1']) assert.equal(guarded(text), text)
})

test('a guarded text is read as it was, whatever it begins with', () => {
  const beginning = fc.constantFrom('', "'", "''", '=', "'=", '－', "'－", '\t', 'x')
  fc.assert(
    fc.property(beginning, fc.string(), (first, rest) => {
      assert.equal(unguarded(guarded(first + rest)), first + rest)
    }),
  )
})
