/** One call to a model: freeze the maximum cost, settle the actual cost, or release everything. */
import { openLedger, LedgerError } from '../src/index.ts' // outside this repository: from 'holdfast'

await using ledger = await openLedger('memory:') // or sqlite:FILE

await ledger.deposit({ requestId: 'top-up-1', account: 'user:8', amount: 10_000n })

// Before the call: set its maximum cost aside. The request id becomes the hold's id.
const hold = await ledger.freeze({ requestId: 'call-1', account: 'user:8', amount: 616n })
console.log(`${hold.id}: ${hold.held} held, ${hold.state}`)

// The same request again, because the first answer was lost: it returns the same hold and freezes nothing more.
const again = await ledger.freeze({ requestId: 'call-1', account: 'user:8', amount: 616n })
console.log(`${again.id}: ${again.held} held, ${again.state}, replayed ${again.replayed}`)

// After the call: settle the actual cost. The other 116 return to the user.
const settled = await ledger.settle('call-1', { amount: 500n })
console.log(`${settled.id}: ${settled.settled} settled, ${settled.released} released, ${settled.state}`)

// Once more. The answer is still the first one; `current` shows that the hold has ended, so the model is not called again.
const late = await ledger.freeze({ requestId: 'call-1', account: 'user:8', amount: 616n })
console.log(`${late.id}: ${late.state} when it was frozen, ${late.current?.state} now`)

// A call that failed costs nothing.
await ledger.freeze({ requestId: 'call-2', account: 'user:8', amount: 400n })
const released = await ledger.release('call-2')
console.log(`${released.id}: ${released.released} released, ${released.state}`)

try {
  await ledger.freeze({ requestId: 'call-3', account: 'user:8', amount: 1_000_000n })
} catch (error) {
  if (!(error instanceof LedgerError)) throw error
  console.log(`call-3: ${error.code}, ${error.message}`)
}

const { balances } = await ledger.account('user:8')
for (const { asset, available, held, version } of balances) {
  console.log(`user:8: ${available} ${asset} available, ${held} held, after ${version} postings`)
}
