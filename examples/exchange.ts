/** A gift of star coins to many, who get star diamonds for them; and what rounding left over. */
import { openLedger, LedgerError } from '../src/index.ts' // from 'holdfast', outside of this repository

await using ledger = await openLedger('memory:')
await ledger.declare({ asset: 'star', name: '星币' })
await ledger.declare({ asset: 'diamond', name: '星钻' })
await ledger.deposit({ account: 'user:110', asset: 'star', amount: 10_000n })

// One diamond for seven coins; a named amount may be 2 % off.
await ledger.rate({ from: 'star', to: 'diamond', numerator: 1n, denominator: 7n, tolerancePpm: 20_000 })

const fans = ['user:3', 'user:1', 'user:2', 'user:3']
const gift = await ledger.transfer({
  requestId: 'gift-1',
  legs: fans.map((to) => ({ from: 'user:110', to, asset: 'star', amount: 520n, toAsset: 'diamond' })),
  memo: '生日快乐',
})
for (const { to, amount, toAmount, rate } of gift.legs!) {
  const { numerator, denominator, remainder } = rate!
  console.log(`${to}: ${amount} × ${numerator}/${denominator} = ${toAmount}, and ${remainder}/${denominator} left over`)
}
for (const { account, asset, availableDelta, available } of gift.postings) {
  console.log(`${account.padEnd(9)} ${String(availableDelta).padStart(5)} ${asset.padEnd(7)} → ${available}`)
}

// What arrives may be named, and one's own coins may be exchanged.
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

// A new rate counts from here on; a repeat gets the first answer, at the old one.
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
