import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { labStores } from '../stores.ts'
import { strategiesThatPlay, type StrategyName } from './catalogue.ts'
import { codeOf, Rehearsal } from './rehearsal.ts'

/** Strategies that start a process. A service treats a repeat alike on every store. */
const SERVICES: readonly StrategyName[] = ['holdfast-http', 'holdfast-client']

const CALLS = 100

for (const { name, url: store } of labStores()) {
  describe(`on ${name}`, () => {
    for (const strategy of strategiesThatPlay('transfers')) {
      // PostgreSQL takes a second to detect a deadlock.
      const calls =
        name === 'postgres' && ['transfer-unsorted', 'transfer-journal-first'].includes(strategy) ? 6 : CALLS

      test(`${strategy} keeps the books exact when many pay each other at once`, async () => {
        await using rehearsal = await Rehearsal.prepare({ store, strategy, users: 50 })
        const { tally, commands, errors } = await rehearsal.load('transfer', calls)
        assert.ok(commands > 0, JSON.stringify(errors))
        assert.deepEqual(await rehearsal.findings(tally), [])
      })

      // It neither detects repeats nor checks funds.
      if (strategy === 'raw') continue
      if (SERVICES.includes(strategy) && name !== 'sqlite') continue

      test(`${strategy} applies a repeated transfer once, and refuses what the payer cannot pay`, async () => {
        await using rehearsal = await Rehearsal.prepare({ store, strategy, users: 11, funds: 100 })
        const { transfers } = await rehearsal.player()
        const shares = [
          { to: 3, amount: 30 },
          { to: 2, amount: 40 },
        ]
        for (const requestId of ['a', 'a']) await transfers!.transfer({ requestId, from: 1, shares })
        assert.equal(await codeOf(transfers!.transfer({ requestId: 'b', from: 1, shares })), 'insufficient_funds')
        assert.deepEqual(await rehearsal.findings({ transfers: 1 }), [])
      })
    }
  })
}
