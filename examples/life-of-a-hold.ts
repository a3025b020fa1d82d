/**
 * An answer that is streamed: it is paid in parts while it comes, the hold is raised when it is not enough, a part goes back, and
 * a caller that never came back is settled by the expiry, and late.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { openLedger, type Hold } from '../src/index.ts' // from 'holdfast', outside of this repository

await using ledger = await openLedger('memory:') // or sqlite:FILE

function tell(what: string, { state, amount, held, settled, released, refunded }: Hold): void {
  const amounts = `${amount} frozen, ${held} held, ${settled} settled, ${released} back, ${refunded} refunded`
  console.log(`${what.padEnd(12)} ${state.padEnd(8)} ${amounts}`)
}

await ledger.deposit({ requestId: 'top-up-1', account: 'user:8', amount: 10_000n })

// While the answer comes, every chunk is paid at once. Each part has a request id of its own, so it can be repeated.
tell('freeze', await ledger.freeze({ requestId: 'chat-1', account: 'user:8', amount: 600n, expiresInMs: 600_000 }))
for (const [number, cost] of [180n, 220n].entries()) {
  const requestId = `chat-1:${number + 1}`
  tell(`part ${number + 1}`, await ledger.settle('chat-1', { requestId, amount: cost, final: false }))
}

// It becomes longer than expected: more coins, and more time. The total is 1,000 from here on.
tell('amend', await ledger.amend('chat-1', { requestId: 'chat-1:more', amount: 1_000n, expiresInMs: 600_000 }))

// The last chunk ends it; what nobody needed goes back.
tell('settle', await ledger.settle('chat-1', { amount: 150n }))

// One chunk was nonsense.
tell(
  'refund',
  await ledger.refund('chat-1', { requestId: 'chat-1:sorry', amount: 50n, memo: 'The answer was cut off' }),
)

// A caller that may vanish: at least 30 are due to the model when it does.
const onExpiry = { settle: 30n }
await ledger.freeze({ requestId: 'chat-2', account: 'user:8', amount: 600n, expiresInMs: 50, onExpiry })
let lost = await ledger.hold('chat-2')
while (lost.state === 'open') {
  await sleep(50)
  lost = await ledger.hold('chat-2')
}
tell('expiry', lost)

// The bill comes after all. It is taken from what is available; what is not there would be the shortfall.
const late = await ledger.settle('chat-2', { amount: 400n, late: true })
tell('late settle', late)
console.log(`${late.settledLate} of it late, ${late.shortfall} short`)

console.log('\nchat-1, from the beginning:')
const history = await ledger.holdHistory('chat-1')
for (const { number, kind, entry, hold } of history.items)
  console.log(`${number} ${kind.padEnd(7)} ${entry.padEnd(14)} ${hold.settled}`)

const [balance] = (await ledger.account('user:8')).balances
const [revenue] = (await ledger.account('@revenue')).balances
console.log(`\nuser:8 has ${balance!.available} available, ${balance!.held} held; @revenue got ${revenue!.available}`)
