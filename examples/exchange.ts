/** A gift of star coins to several users, who receive star diamonds, with the rounding remainders. */
import { openLedger, LedgerError } from '../src/index.ts' // outside this repository: from 'holdfast'

await using ledger = await openLedger('memory:')
await ledger.declare({ asset: 'star', name: '星币' })
await ledger.declare({ asset: 'diamond', name: '星钻' })
await ledger.deposit({ account: 'user:110', asset: 'star', amount: 10_000n })

// One diamond for seven coins. An amount that the caller names may differ by 2 %.
await ledger.rate({ from: 'star', to: 'diamond', numerator: 1n, denominator: 7n, tolerancePpm: 20_000 })

const fans = ['user:3', 'user:1', 'user:2', 'user:3']
const gift = await ledger.transfer({
  requestId: 'gift-1',
  legs: fans.map((to) => ({ from: 'user:110', to, asset: 'star', amount: 520n, toAsset: 'diamond' })),
  memo: '生日快乐',
})
for (const { to, amount, toAmount, rate } of gift.legs!) {
  const { numerator, denominator, remainder } = rate!
  console.log(`${to}: ${amount} × ${numerator}/${denominator} = ${toAmount}, remainder ${remainder}/${denominator}`)
}
for (const { account, asset, availableDelta, available } of gift.postings) {
  console.log(`${account.padEnd(9)} ${String(availableDelta).padStart(5)} ${asset.padEnd(7)} → ${available}`)
}

// The caller can name the amount to receive, and can exchange coins within one account.
for (const [requestId, toAmount] of [
  ['swap-1', 101n],
  ['swap-2', 103n],
] as const) {
  try {
    const legs = [{ from: 'user:110', to: 'user:110', asset: 'star', amount: 700n, toAsset: 'diamond', toAmount }]
    await ledger.transfer({ requestId, legs })
    console.log(`${requestId}: ${toAmount} diamonds`)
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error
    console.log(`${requestId}: ${error.code}: ${error.message}`)
  }
}

// A new rate applies from here on. A repeat gets the first answer, at the old rate.
await ledger.rate({ from: 'star', to: 'diamond', numerator: 1n, denominator: 5n })
const { legs } = await ledger.transfer({
  requestId: 'gift-1',
  legs: fans.map((to) => ({ from: 'user:110', to, asset: 'star', amount: 520n, toAsset: 'diamond' })),
  memo: '生日快乐',
})
console.log(`gift-1 again: rate ${legs![0]!.rate!.version}, ${legs![0]!.toAmount} diamonds each`)
for (const { version, numerator, denominator } of (await ledger.rateHistory('star', 'diamond')).items) {
  console.log(`rate ${version}: ${numerator} diamond for ${denominator} stars`)
}
