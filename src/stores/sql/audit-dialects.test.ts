import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import fc from 'fast-check'
import { BALANCE_MAX, BALANCE_MIN } from '../../domain/amount.ts'
import { AUDIT_DIALECTS } from './audit-dialects.ts'

const { sum, total, same } = AUDIT_DIALECTS.sqlite

/** Any int64. Values whose sums are near a carry, an overflow or zero come first. */
const int64 = fc.oneof(
  fc.constantFrom(
    BALANCE_MAX,
    BALANCE_MIN,
    BALANCE_MAX - 1n,
    BALANCE_MIN + 1n,
    0n,
    1n,
    -1n,
    1n << 32n,
    (1n << 32n) - 1n,
    -(1n << 32n),
  ),
  fc.bigInt({ min: BALANCE_MIN, max: BALANCE_MAX }),
)

function sumOf(values: readonly bigint[]): bigint {
  return values.reduce((left, right) => left + right, 0n)
}

/** The first row. Values are bound to ?1, ?2, …, so that no literal is read as floating point. */
function firstRow(database: DatabaseSync, sql: string, values: readonly bigint[]): Record<string, unknown> {
  const statement = database.prepare(sql)
  statement.setReadBigInts(true)
  return statement.get(...values) as Record<string, unknown>
}

function parameters(count: number, first = 1): string[] {
  return Array.from({ length: count }, (_, index) => `?${first + index}`)
}

test('sums of a row are the same exactly when they are equal, also beyond int64', () => {
  using database = new DatabaseSync(':memory:')
  const row = fc.array(int64, { maxLength: 4 })
  const pairs = fc.oneof(
    fc.tuple(row, row),
    // The same sum in another order and in other parts, or a sum that differs by one.
    fc
      .tuple(row, fc.constantFrom(-1n, 0n, 0n, 1n))
      .map(([left, off]) => [left, [...left.toReversed(), off, 7n, -7n]] as const),
  )
  let equal = 0
  fc.assert(
    fc.property(pairs, ([left, right]) => {
      const sql = `SELECT ${same(sum(parameters(left.length)), sum(parameters(right.length, left.length + 1)))} AS same`
      const isEqual = sumOf(left) === sumOf(right)
      if (isEqual) equal++
      assert.equal(firstRow(database, sql, [...left, ...right])['same'] === 1n, isEqual)
    }),
    { numRuns: 500, seed: 616 },
  )
  assert.ok(equal > 100, `${equal} were equal`)
})

test('totals of columns are exact, also beyond int64', () => {
  using database = new DatabaseSync(':memory:')
  const { high, low } = total(['a', 'b'])
  fc.assert(
    fc.property(fc.array(fc.tuple(int64, int64), { minLength: 1, maxLength: 8 }), (rows) => {
      const values = rows.flat()
      const list = rows.map((_, index) => `(?${2 * index + 1}, ?${2 * index + 2})`).join(', ')
      const sql = `WITH t (a, b) AS (VALUES ${list}) SELECT ${high} AS high, ${low} AS low FROM t`
      const row = firstRow(database, sql, values)
      assert.equal(((row['high'] as bigint) << 32n) + (row['low'] as bigint), sumOf(values))
    }),
    { numRuns: 300, seed: 616 },
  )
})

test('a total that is zero only after a wrap around is not zero', () => {
  using database = new DatabaseSync(':memory:')
  const isZero = same(total(['a']), sum([]))
  const sql = `WITH t (a) AS (VALUES (?1), (?2)) SELECT ${isZero} AS zero FROM t`
  assert.equal(firstRow(database, sql, [BALANCE_MIN, BALANCE_MIN])['zero'], 0n)
  assert.equal(firstRow(database, sql, [BALANCE_MAX, -BALANCE_MAX])['zero'], 1n)
})
