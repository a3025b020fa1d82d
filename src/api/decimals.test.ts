import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BALANCE_MAX, BALANCE_MIN } from '../domain/amount.ts'
import { ASSET_DECIMALS_MAX } from '../domain/asset.ts'
import { formatAmount, parseAmount } from './decimals.ts'

test('an amount has exactly the decimal places of its asset', () => {
  const cases: readonly (readonly [amount: bigint, decimals: number, text: string])[] = [
    [150n, 2, '1.50'],
    [5n, 2, '0.05'],
    [-5n, 2, '-0.05'],
    [0n, 2, '0.00'],
    [10_000n, 0, '10000'],
    [BALANCE_MAX, 9, '9223372036.854775807'],
    [BALANCE_MIN, 9, '-9223372036.854775808'],
  ]
  for (const [amount, decimals, text] of cases) {
    assert.equal(formatAmount(amount, decimals), text)
    assert.equal(parseAmount(text, decimals), amount)
  }
  assert.equal(parseAmount('1.5', 2), 150n)
  assert.equal(parseAmount('1', 2), 100n)
  assert.equal(parseAmount('-0', 2), 0n)
})

test('every amount is read as it was written', () => {
  const amounts = fc.bigInt({ min: BALANCE_MIN, max: BALANCE_MAX })
  fc.assert(
    fc.property(amounts, fc.integer({ min: 0, max: ASSET_DECIMALS_MAX }), (amount, decimals) => {
      assert.equal(parseAmount(formatAmount(amount, decimals), decimals), amount)
    }),
  )
})

test('what is not exactly an amount of the asset is refused, and the message says how to write it', () => {
  const cases: readonly (readonly [text: string, decimals: number, says: string])[] = [
    ['1.505', 2, '1.505 has 3 decimal places, but the asset has 2. If the point separates thousands, leave it out.'],
    ['1.5', 0, '1.5 has 1 decimal place, but the asset has none.'],
    ['1.500', 2, '1.500 has 3 decimal places, but the asset has 2. If the point separates thousands, leave it out.'],
    ['10,000', 0, 'Write 10,000 without separators: 10000.'],
    ['1,000,000.50', 2, 'Write 1,000,000.50 without separators: 1000000.50.'],
    ['1_000', 0, 'Write 1_000 without separators: 1000.'],
    ['1 000', 0, 'Write 1 000 without separators: 1000.'],
    ['1.000,50', 2, 'Write 1.000,50 without separators, and with a point for the comma: 1000.50.'],
    ['1.000.000', 2, 'Write 1.000.000 without separators: 1000000.'],
    ['1,50', 2, 'Write 1,50 with a point: 1.50.'],
    ['1e3', 0, 'Write 1e3 in digits, without an exponent: 1e3 is 1000.'],
    ['+5', 0, 'Write +5 without the plus sign: 5.'],
    ['+.5', 2, 'Write +.5 without the plus sign.'],
    ['.5', 2, 'Write .5 with a zero before the point: 0.5.'],
    ['-.5', 2, 'Write -.5 with a zero before the point: -0.5.'],
    ['5.', 2, 'Write 5. without the point at the end: 5.'],
    ['007', 0, 'Write 007 without zeros in front: 7.'],
    ['', 2, 'An amount is a number such as 10000 or 1.50.'],
    ['0x10', 2, 'An amount is a number such as 10000 or 1.50.'],
    ['ten', 2, 'An amount is a number such as 10000 or 1.50.'],
    ['9'.repeat(100), 2, 'An amount is a number such as 10000 or 1.50.'],
    [
      '92233720368547758.08',
      2,
      '92233720368547758.08 is out of range; the highest possible amount is 92233720368547758.07.',
    ],
    [
      '-9223372036854775809',
      0,
      '-9223372036854775809 is out of range; the lowest possible amount is -9223372036854775808.',
    ],
  ]
  for (const [text, decimals, message] of cases) {
    assert.throws(() => parseAmount(text, decimals), { code: 'invalid_request', message }, text)
  }
})

test('what is not an amount, or no number of decimal places, is refused', () => {
  for (const decimals of [-1, 0.5, 10, Number.NaN]) {
    assert.throws(() => parseAmount('1', decimals), /decimals must be a whole number from 0 to 9/)
    assert.throws(() => formatAmount(1n, decimals), /decimals must be a whole number from 0 to 9/)
  }
  assert.throws(() => parseAmount(1 as unknown as string, 0), /must be a text/)
  assert.throws(() => formatAmount(1 as unknown as bigint, 0), /must be a bigint/)
  assert.throws(() => formatAmount(BALANCE_MAX + 1n, 0), /must be a bigint/)
})
