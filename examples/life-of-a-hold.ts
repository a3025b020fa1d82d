/**
 * A streamed answer: it is settled in parts while it arrives, the hold is raised when it is too small, and a part is refunded.
 * The hold of a caller that vanished is settled by its expiry. When the bill arrives late, only the rest of it is taken.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { openLedger, type Hold } from '../src/index.ts' // outside this repository: from 'holdfast'

await using ledger = await openLedger('memory:') // or sqlite:FILE

function print(what: string, { state, amount, held, settled, released, refunded }: Hold): void {
  const amounts = `${amount} frozen, ${held} held, ${settled} settled, ${released} released, ${refunded} refunded`
  console.log(`${what.padEnd(12)} ${state.padEnd(8)} ${amounts}`)
}

await ledger.deposit({ requestId: 'top-up-1', account: 'user:8', amount: 10_000n })

// While the answer arrives, every chunk is settled at once. Each part has its own request id, so it can be repeated.
print('freeze', await ledger.freeze({ requestId: 'chat-1', account: 'user:8', amount: 600n, expiresInMs: 600_000 }))
for (const [number, cost] of [180n, 220n].entries()) {
  const requestId = `chat-1:${number + 1}`
  print(`part ${number + 1}`, await ledger.settle('chat-1', { requestId, amount: cost, final: false }))
}

// The answer is longer than expected: more coins and more time. The new total is 1,000.
print('amend', await ledger.amend('chat-1', { requestId: 'chat-1:more', amount: 1_000n, expiresInMs: 600_000 }))

// The last chunk ends the hold; the unused coins are released.
print('settle', await ledger.settle('chat-1', { amount: 150n }))

// One chunk was wrong: refund it.
print(
  'refund',
  await ledger.refund('chat-1', { requestId: 'chat-1:sorry', amount: 50n, memo: 'The answer was cut off' }),
)

// A caller that may vanish: in that case 30 are owed for the model.
const onExpiry = { settle: 30n }
await ledger.freeze({ requestId: 'chat-2', account: 'user:8', amount: 600n, expiresInMs: 50, onExpiry })
let lost = await ledger.hold('chat-2')
while (lost.state === 'open') {
  await sleep(50)
  lost = await ledger.hold('chat-2')
}
print('expiry', lost)

// The bill of 400 arrives after all. 30 of it are paid; the rest comes from what is available, and what is not there would be the shortfall.
const late = await ledger.settle('chat-2', { amount: 400n, late: true })
print('late settle', late)
console.log(`${late.settledLate} settled late, shortfall ${late.shortfall}`)

console.log('\nhistory of chat-1:')
const history = await ledger.holdHistory('chat-1')
for (const { number, kind, entry, hold } of history.items)
  console.log(`${number} ${kind.padEnd(7)} ${entry.padEnd(14)} ${hold.settled}`)

const [balance] = (await ledger.account('user:8')).balances
const [revenue] = (await ledger.account('@revenue')).balances
console.log(`\nuser:8 has ${balance!.available} available, ${balance!.held} held; @revenue got ${revenue!.available}`)
