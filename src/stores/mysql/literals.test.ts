import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Bytes } from '../sql/values.ts'
import { literal, literals } from './literals.ts'

test('numbers are digits, whatever their size', () => {
  assert.equal(
    literals([0, -5, 9_007_199_254_740_991, 2n ** 63n - 1n, -(2n ** 63n), null]),
    '0,-5,9007199254740991,9223372036854775807,-9223372036854775808,NULL',
  )
})

test('a number that is not whole is a defect, not a statement', () => {
  for (const value of [0.5, NaN, Infinity, 2 ** 53]) assert.throws(() => literal(value), TypeError)
})

test('names and ids stand between quotes as they are', () => {
  for (const text of ['user:8', '@issuer', 'A-z_0/9.=+', '', 'h~settle']) assert.equal(literal(text), `'${text}'`)
})

test('bytes are hexadecimal digits', () => {
  assert.equal(literals([new Bytes('00ff'), new Bytes('27')]), '0x00ff,0x27')
})

test('a text cannot end its own quotes', () => {
  for (const text of [`'`, `\\`, `\\'`, `''`, `a'; DROP TABLE x; --`, `"`, '\0', '\n', '\x1a', `長'`]) {
    const written = literal(text)
    assert.ok(written.startsWith(`'`) && written.endsWith(`'`))
    // Without the backslashes and the characters they escape, no quote is left inside the literal.
    assert.ok(!written.slice(1, -1).replaceAll(/\\[^]/g, '').includes(`'`), written)
    assert.ok(!written.slice(1, -1).replaceAll(/\\[^]/g, '').includes('\\'), written)
  }
})
