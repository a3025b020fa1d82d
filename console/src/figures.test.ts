import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { amountIn, amountText, durationText } from './figures.ts'

describe('amounts', () => {
  test('are exact, with the decimal places of their asset', () => {
    assert.equal(amountText('123456789012345678901', 2), '1,234,567,890,123,456,789.01')
    assert.equal(amountText('-5', 2), '−0.05')
    assert.equal(amountText(1_000n, 0, true), '+1,000')
    assert.equal(amountText('0', 0, true), '0')
  })

  test('are read as they are shown', () => {
    const amounts = fc.bigInt({ min: 0n, max: 9_223_372_036_854_775_807n })
    fc.assert(
      fc.property(amounts, fc.integer({ min: 0, max: 9 }), (amount, decimals) => {
        assert.equal(amountIn(amountText(amount, decimals), decimals), amount)
      }),
    )
  })

  test('that are none, or below zero, or too fine, are not read', () => {
    for (const text of ['', '-1', '1e3', 'x', '1.5', '١']) assert.equal(amountIn(text, 0), null, text)
    assert.equal(amountIn('1.50', 2), 150n)
  })
})

test('durations have the largest unit that fits', () => {
  const texts = [0, 999, 1_500, 90_000, 5_400_000, 864_000_000].map((ms) => durationText(ms, 'en'))
  assert.deepEqual(texts, ['0 ms', '999 ms', '2 s', '1.5 min', '1.5 h', '10 d'])
})
