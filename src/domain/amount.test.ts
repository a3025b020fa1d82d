import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AMOUNT_MAX, AMOUNT_MIN, isInt64, parseAmount } from './amount.ts'

test('int64 ends at 2^63 − 1 and at −2^63', () => {
  assert.equal(AMOUNT_MAX, 2n ** 63n - 1n)
  assert.equal(AMOUNT_MIN, -(2n ** 63n))
  assert.ok(isInt64(AMOUNT_MAX) && isInt64(AMOUNT_MIN) && isInt64(0n))
  assert.ok(!isInt64(AMOUNT_MAX + 1n) && !isInt64(AMOUNT_MIN - 1n))
})

const ACCEPTED: readonly (readonly [input: unknown, amount: bigint])[] = [
  ['0', 0n],
  ['7', 7n],
  ['-7', -7n],
  ['9223372036854775807', AMOUNT_MAX],
  ['-9223372036854775808', AMOUNT_MIN],
  ['9007199254740993', 2n ** 53n + 1n],
  [0, 0n],
  [-0, 0n],
  [Number.MAX_SAFE_INTEGER, 2n ** 53n - 1n],
  [Number.MIN_SAFE_INTEGER, 1n - 2n ** 53n],
  [AMOUNT_MAX, AMOUNT_MAX],
  [AMOUNT_MIN, AMOUNT_MIN],
]

for (const [input, amount] of ACCEPTED) {
  test(`${typeof input} ${String(input)} is an amount`, () => {
    assert.equal(parseAmount(input), amount)
  })
}

const REFUSED: readonly unknown[] = [
  '9223372036854775808',
  '-9223372036854775809',
  '99999999999999999999',
  AMOUNT_MAX + 1n,
  AMOUNT_MIN - 1n,
  2 ** 53,
  -(2 ** 53),
  1.5,
  NaN,
  Infinity,
  '',
  ' 1',
  '1 ',
  '1\n',
  '+1',
  '-0',
  '-',
  '01',
  '00',
  '1.0',
  '1e3',
  '0x10',
  '1_000',
  '1n',
  '１',
  null,
  undefined,
  true,
  [],
  ['1'],
  {},
  { valueOf: () => 1 },
]

for (const input of REFUSED) {
  const shown = typeof input === 'string' ? JSON.stringify(input) : String(input)
  test(`${typeof input} ${shown} is not an amount`, () => {
    assert.equal(parseAmount(input), null)
  })
}

test('every int64 is read back from its decimals', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: AMOUNT_MIN, max: AMOUNT_MAX }), (amount) => {
      assert.equal(parseAmount(String(amount)), amount)
    }),
  )
})

test('whatever the text, only the decimals of an int64 are an amount', () => {
  const texts = fc.oneof(fc.string(), fc.stringMatching(/^-?[0-9]{0,22}$/))
  fc.assert(
    fc.property(texts, (text) => {
      const amount = parseAmount(text)
      if (amount !== null) assert.equal(String(amount), text)
    }),
  )
})
