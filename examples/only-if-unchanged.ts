/** An automatic top-up that fires once, and two workers that cannot overwrite each other: commands that apply only if nothing changed. */
import { openLedger, LedgerError, type Ledger } from '../src/index.ts' // outside this repository: from 'holdfast'

await using ledger = await openLedger('memory:')

/** Whoever tops up charges the card then, under the same request id. Whoever is refused as `changed_meanwhile` charges nothing. */
async function topUp(account: string): Promise<'topped up' | 'enough' | 'somebody else was first'> {
  const { available, version } = await ledger.balance(account)
  if (available >= 100n) return 'enough'
  try {
    await ledger.deposit({ account, amount: 500n, ifVersion: version, memo: 'automatic top-up' })
    return 'topped up'
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'changed_meanwhile') return 'somebody else was first'
    throw error
  }
}

await ledger.deposit({ account: 'user:8', amount: 60n })
const results = await Promise.all(Array.from({ length: 30 }, () => topUp('user:8')))
for (const [result, all] of Map.groupBy(results, (each) => each)) console.log(`${all.length} × ${result}`)
console.log(`user:8 has ${(await ledger.balance('user:8')).available}`)

/** Doubles what is held, unless that is more than 400 then. Decided on what was read, so it must still be so. */
async function double(of: Ledger, hold: string): Promise<string> {
  const { amount, steps } = await of.hold(hold)
  if (amount * 2n > 400n) return `${amount} is enough`
  try {
    const after = await of.amend(hold, { amount: amount * 2n, ifSteps: steps })
    return `raised from ${amount} to ${after.amount}`
  } catch (error) {
    if (!(error instanceof LedgerError) || error.code !== 'changed_meanwhile') throw error
    return `${error.message} Look again: ${await double(of, hold)}`
  }
}

await ledger.freeze({ requestId: 'chat-1', account: 'user:8', amount: 200n })
for (const said of await Promise.all([double(ledger, 'chat-1'), double(ledger, 'chat-1')])) console.log(said)

// A change that does not depend on what is there needs no condition.
await Promise.all([ledger.amend('chat-1', { by: 30n }), ledger.amend('chat-1', { by: -10n })])
const { amount, steps } = await ledger.hold('chat-1')
console.log(`chat-1 has ${amount} after ${steps} steps`)
