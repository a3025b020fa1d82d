/** A statement: running balances, filters, a balance as of a moment, and iteration over all lines. */
import { setTimeout as sleep } from 'node:timers/promises'
import { openLedger } from '../src/index.ts' // outside this repository: from 'holdfast'

await using ledger = await openLedger('memory:')
const account = 'user:8'
await ledger.deposit({ requestId: 'top-up', account, amount: 1_000n, memo: 'Invoice 17' })
await ledger.freeze({ requestId: 'job-1', account, amount: 100n, metadata: { model: 'llama-70b' } })
await ledger.settle('job-1', { amount: 80n })
await sleep(5)
const monthEnd = Date.now()
await sleep(5)
await ledger.charge({ requestId: 'fee', account, amount: 20n, memo: 'Storage' })
await ledger.freeze({ requestId: 'job-2', account, amount: 300n, metadata: { model: 'llama-70b' } })

console.log('kind     entry           change  available  held  total  with       memo')
for await (const line of ledger.exportPostings(account)) {
  const { kind, entryId, change, available, held, total, counterparties, memo } = line
  const amounts = [`${change}`.padStart(6), `${available}`.padStart(9), `${held}`.padStart(4), `${total}`.padStart(5)]
  console.log(
    [kind.padEnd(7), entryId.padEnd(14), ...amounts, counterparties.join().padEnd(9), memo ?? ''].join('  ').trimEnd(),
  )
}

const then = await ledger.account(account, { at: monthEnd })
const now = await ledger.account(account)
console.log(`at the end of the month ${then.balances[0]!.total}, now ${now.balances[0]!.total}`)

const { items } = await ledger.postings(account, { metadata: { model: 'llama-70b' }, until: monthEnd })
console.log(`llama-70b until then: ${items.map(({ entryId }) => entryId).join(', ')}`)
