/** A gift to several users, all or nothing, and commands of several kinds that take effect together. */
import { openLedger, LedgerError } from '../src/index.ts' // outside this repository: from 'holdfast'

await using ledger = await openLedger('memory:')
await ledger.declare({ asset: 'star', name: 'Star coin' })
await ledger.deposit({ account: 'user:110', asset: 'star', amount: 1_000n })

const fans = ['user:3', 'user:1', 'user:2']
const gift = await ledger.transfer({
  requestId: 'gift-1',
  legs: fans.map((to) => ({ from: 'user:110', to, asset: 'star', amount: 150n })),
  memo: 'Happy birthday',
})
for (const { account, availableDelta, available } of gift.postings) {
  console.log(`${account.padEnd(8)} ${String(availableDelta).padStart(5)} → ${available}`)
}

try {
  await ledger.transfer({
    requestId: 'gift-2',
    legs: fans.map((to) => ({ from: 'user:110', to, asset: 'star', amount: 200n })),
  })
} catch (error) {
  if (!(error instanceof LedgerError)) throw error
  console.log(
    `gift-2: ${error.code}: ${String(error.details['required'])} required, ${String(error.details['available'])} available`,
  )
}

const outcomes = await ledger.batch(
  [
    { kind: 'charge', requestId: 'fee-1', account: 'user:1', asset: 'star', amount: 10n },
    { kind: 'charge', requestId: 'fee-2', account: 'user:2', asset: 'star', amount: 1_000n },
  ],
  { atomic: true },
)
for (const outcome of outcomes) console.log(outcome.status === 'applied' ? 'applied' : outcome.error.code)
const [balance] = (await ledger.account('user:1')).balances
console.log(`user:1 still has ${balance!.available}`)
