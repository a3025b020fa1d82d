import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Scales } from './scales.ts'

const SCALES = new Scales([
  { code: 'credit', decimals: 0 },
  { code: 'gold', decimals: 2 },
  { code: 'gem', decimals: 3 },
])

test('an amount is read and shown in the decimal places of its asset', () => {
  assert.equal(SCALES.amount('1.5', 'amount', 'gold'), 150n)
  assert.equal(SCALES.amount('1', 'amount', 'gem'), 1_000n)
  assert.equal(SCALES.amount('7', 'amount'), 7n)
  assert.equal(SCALES.whole('-0.05', '--floor', 'gold'), -5n)
  assert.equal(SCALES.text(150n, 'gold'), '1.50')
  assert.deepEqual(
    [SCALES.signed(5n, 'gold'), SCALES.signed(-5n, 'gold'), SCALES.signed(0n, 'gold')],
    ['+0.05', '-0.05', '0.00'],
  )
})

test('what does not fit the asset is refused by the name of the argument', () => {
  const cases: readonly (readonly [read: () => unknown, says: object])[] = [
    [
      () => SCALES.amount('1.505', 'amount', 'gold'),
      { name: 'SettingError', message: /^amount: 1\.505 has 3 decimal places, but the asset has 2/ },
    ],
    [
      () => SCALES.amount('0', '--amount', 'gold'),
      { message: '--amount must be from 0.01 to 100000000000000.00 gold, not 0.' },
    ],
    [() => SCALES.amount('-1', 'amount', 'gold', 0n), { message: /^amount must be from 0\.00 to/ }],
    [() => SCALES.amount('100000000000000.01', 'amount', 'gold'), { message: /not 100000000000000\.01\.$/ }],
    [() => SCALES.amount('1', 'amount', 'silver'), { name: 'LedgerError', code: 'unknown_asset' }],
  ]
  for (const [read, says] of cases) assert.throws(read, says)
})

test('the receivers of a transfer add up to its legs, each side at its own scale', () => {
  const none = { asset: undefined, toAsset: undefined }
  const shares = [
    { to: 'user:9', amount: '20', toAmount: undefined },
    { to: 'user:10', amount: '30', toAmount: undefined },
  ]
  assert.deepEqual(SCALES.legs('user:8', shares, none), [
    { from: 'user:8', to: 'user:9', amount: 20n },
    { from: 'user:8', to: 'user:10', amount: 30n },
  ])
  const assets = { asset: 'gold', toAsset: 'gem' }
  assert.deepEqual(SCALES.legs('user:8', [{ to: 'user:9', amount: '20', toAmount: '3' }], assets), [
    { from: 'user:8', to: 'user:9', amount: 2_000n, ...assets, toAmount: 3_000n },
  ])
})
