/** One very busy user: 100 concurrent requests, coins for 60. No request waits for a lock, and nothing is overdrawn. */
import { openLedger } from '../src/index.ts' // outside this repository: from 'holdfast'

await using ledger = await openLedger('memory:')
await ledger.deposit({ account: 'user:8', amount: 60n * 616n })

const requests = Array.from({ length: 100 }, (_, index) =>
  ledger.freeze({ requestId: `call-${index}`, account: 'user:8', amount: 616n }),
)
const results = await Promise.allSettled(requests)
const frozen = results.filter((result) => result.status === 'fulfilled')
const refused = results.filter((result) => result.status === 'rejected')
console.log(`${frozen.length} frozen, ${refused.length} refused`)

await Promise.all(frozen.map(({ value: hold }) => ledger.settle(hold.id, { amount: 500n })))

const [balance] = (await ledger.account('user:8')).balances
const [revenue] = (await ledger.account('@revenue')).balances
console.log(`user:8 has ${balance!.available} available and ${balance!.held} held; @revenue got ${revenue!.available}`)
