/** One call to a model: freeze what it may cost, settle what it did cost, or give everything back. */
import { openLedger, LedgerError } from '../src/index.ts' // from 'holdfast', outside of this repository

await using ledger = await openLedger('memory:') // or sqlite:FILE

await ledger.deposit({ requestId: 'top-up-1', account: 'user:8', amount: 10_000n })

// Before the call: set aside what it may cost at most. The request id is the hold's id.
const hold = await ledger.freeze({ requestId: 'call-1', account: 'user:8', amount: 616n })
console.log(`${hold.id}: ${hold.held} held, ${hold.state}`)

// The same request again, because the first answer got lost: the same hold, nothing more is taken.
const again = await ledger.freeze({ requestId: 'call-1', account: 'user:8', amount: 616n })
console.log(`${again.id}: ${again.held} held, ${again.state}`)

// After the call: take what it did cost. 116 go back.
const settled = await ledger.settle('call-1', { amount: 500n })
console.log(`${settled.id}: ${settled.settled} settled, ${settled.released} released, ${settled.state}`)

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
