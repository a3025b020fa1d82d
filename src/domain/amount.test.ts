import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AMOUNT_MAX, BALANCE_MAX, BALANCE_MIN, isInt64, amountIn, parseInt64 } from './amount.ts'

test('a balance ends at 2^63 − 1 and at −2^63', () => {
  assert.equal(BALANCE_MAX, 2n ** 63n - 1n)
  assert.equal(BALANCE_MIN, -(2n ** 63n))
  assert.ok(isInt64(BALANCE_MAX) && isInt64(BALANCE_MIN) && isInt64(0n))
  assert.ok(!isInt64(BALANCE_MAX + 1n) && !isInt64(BALANCE_MIN - 1n))
})

test('a balance has room for hundreds of the largest amounts', () => {
  assert.equal(AMOUNT_MAX, 10n ** 16n)
  assert.equal(BALANCE_MAX / AMOUNT_MAX, 922n)
})

test('an amount is 0 or more, and at most its bound, however it is written', () => {
  for (const amount of [0n, 1n, AMOUNT_MAX]) {
    for (const written of [amount, String(amount)]) assert.equal(amountIn(written), amount)
  }
  for (const amount of [-1n, AMOUNT_MAX + 1n, BALANCE_MAX, BALANCE_MIN]) {
    for (const written of [amount, String(amount), Number(amount)]) assert.equal(amountIn(written), null)
  }
  assert.equal(amountIn('1e3'), null)
})

const ACCEPTED: readonly (readonly [input: unknown, amount: bigint])[] = [
  ['0', 0n],
  ['7', 7n],
  ['-7', -7n],
  ['9223372036854775807', BALANCE_MAX],
  ['-9223372036854775808', BALANCE_MIN],
  ['9007199254740993', 2n ** 53n + 1n],
  [0, 0n],
  [-0, 0n],
  [Number.MAX_SAFE_INTEGER, 2n ** 53n - 1n],
  [Number.MIN_SAFE_INTEGER, 1n - 2n ** 53n],
  [BALANCE_MAX, BALANCE_MAX],
  [BALANCE_MIN, BALANCE_MIN],
]

for (const [input, amount] of ACCEPTED) {
  test(`${typeof input} ${String(input)} is a whole number within int64`, () => {
    assert.equal(parseInt64(input), amount)
  })
}

const REFUSED: readonly unknown[] = [
  '9223372036854775808',
  '-9223372036854775809',
  '99999999999999999999',
  BALANCE_MAX + 1n,
  BALANCE_MIN - 1n,
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
  test(`${typeof input} ${shown} is not a whole number within int64`, () => {
    assert.equal(parseInt64(input), null)
  })
}

test('every int64 is read back from its decimals', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: BALANCE_MIN, max: BALANCE_MAX }), (amount) => {
      assert.equal(parseInt64(String(amount)), amount)
    }),
  )
})

test('whatever the text, only the decimals of an int64 are one', () => {
  const texts = fc.oneof(fc.string(), fc.stringMatching(/^-?[0-9]{0,22}$/))
  fc.assert(
    fc.property(texts, (text) => {
      const amount = parseInt64(text)
      if (amount !== null) assert.equal(String(amount), text)
    }),
  )
})
