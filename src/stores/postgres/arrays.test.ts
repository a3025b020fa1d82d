import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PostgresDatabase, WITHOUT_POSTGRES } from '../../../harness/postgres-database.ts'
import { Bytes } from '../sql/values.ts'
import { arrayOf, columnArray } from './arrays.ts'

test('an array is its header, and every element after its length', () => {
  const header = '00000001 00000000 00000014 00000002 00000001'
  const elements = '00000008 ffffffffffffffff 00000008 0020000000000001'
  assert.equal(arrayOf('bigint', [-1, 2n ** 53n + 1n]).toString('hex'), (header + elements).replaceAll(' ', ''))
  const text = '00000001 00000001 00000019 00000002 00000001 00000003 e58585 ffffffff'
  assert.equal(arrayOf('text', ['充', null]).toString('hex'), text.replaceAll(' ', ''))
  const bytes = '00000001 00000001 00000011 00000003 00000001 00000002 00ff ffffffff 00000000'
  const values = [new Bytes('00ff'), null, new Bytes('')]
  assert.equal(arrayOf('bytea', values).toString('hex'), bytes.replaceAll(' ', ''))
})

test('a column is taken out of its rows', () => {
  assert.deepEqual(columnArray('bigint', ['a', 'b', 1, 2, 3n], 2, 2), arrayOf('bigint', [1, 2]))
})

test('texts are the same bytes whether or not all of them are short and ASCII', () => {
  const bytesOf = (texts: readonly string[]) => arrayOf('text', texts).subarray(20).toString('hex')
  const others = ['é', 'ab', '充', '🎞', 'x'.repeat(127), 'x'.repeat(128), '']
  for (const other of others) {
    assert.equal(bytesOf(['a', other, 'bc']), ['a', other, 'bc'].map((text) => bytesOf([text])).join(''), other)
    assert.equal(bytesOf([other]).slice(8), Buffer.from(other).toString('hex'))
  }
})

test('what is not of the element type is refused', () => {
  assert.throws(() => arrayOf('bigint', ['1']), TypeError)
  assert.throws(() => arrayOf('text', [1]), TypeError)
  assert.throws(() => arrayOf('text', [new Bytes('00')]), TypeError)
  assert.throws(() => arrayOf('bytea', ['00']), TypeError)
})

test('the server reads the values that were written', { skip: WITHOUT_POSTGRES }, async () => {
  await using database = await PostgresDatabase.create()
  const numbers = [
    0,
    1,
    -1,
    255,
    2 ** 32 - 1,
    2 ** 32,
    -(2 ** 32) - 1,
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER,
  ]
  const bigints = [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n]
  const texts = ['', ' ', 'NULL', '{}', '"', '\\', ',', 'a\nb', '充值', '🎞', "'", '$1', 'x'.repeat(100_000)]
  for (const [type, values] of [
    ['bigint', [...numbers, ...bigints, null]],
    ['bigint', []],
    ['text', [...texts, null]],
    ['text', []],
  ] as const) {
    const { rows } = await database.client.query<{ read: string | null }>(
      `SELECT unnest($1::${type}[])::text AS read`,
      [arrayOf(type, values)],
    )
    assert.deepEqual(
      rows.map(({ read }) => read),
      values.map((value) => (value === null ? null : String(value))),
    )
  }
  const digits = ['', '00', '5c', 'ff', '00'.repeat(16), 'ab'.repeat(127), 'cd'.repeat(128), 'ef'.repeat(100_000)]
  const { rows } = await database.client.query<{ read: string | null }>(
    `SELECT encode(unnest($1::bytea[]), 'hex') AS read`,
    [arrayOf('bytea', [...digits.map((hex) => new Bytes(hex)), null])],
  )
  assert.deepEqual(
    rows.map(({ read }) => read),
    [...digits, null],
  )
})
