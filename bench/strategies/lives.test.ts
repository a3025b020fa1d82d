import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { labStores } from '../stores.ts'
import { strategiesThatPlay, type StrategyName } from './catalogue.ts'
import { codeOf, insist, Rehearsal } from './rehearsal.ts'

/** Strategies that start a process. A service treats a repeat alike on every store. */
const SERVICES: readonly StrategyName[] = ['holdfast-http', 'holdfast-client']

const ALICE = 8
const CALLS = 100

for (const { name, url: store } of labStores()) {
  describe(`on ${name}`, () => {
    for (const strategy of strategiesThatPlay('lives')) {
      test(`${strategy} keeps the books exact when many freeze, settle and release at once`, async () => {
        await using rehearsal = await Rehearsal.prepare({ store, strategy })
        const { tally, commands, errors } = await rehearsal.load('life', CALLS)
        const refused = Object.values(errors).reduce((sum, count) => sum + count, 0)
        assert.equal(commands + refused, CALLS)
        assert.ok(tally.settles > 0, JSON.stringify(errors))
        assert.deepEqual(await rehearsal.findings(tally), [])
      })

      // They neither detect repeats nor check funds.
      if (strategy === 'raw' || strategy === 'limit') continue
      if (SERVICES.includes(strategy) && name !== 'sqlite') continue

      test(`${strategy} applies a repeated freeze, settle and release once`, async () => {
        await using rehearsal = await Rehearsal.prepare({ store, strategy })
        const { lives } = await rehearsal.player()
        const freeze = (requestId: string) => insist(() => lives!.freeze({ requestId, user: ALICE, amount: 616 }))
        for (const id of ['a', 'a', 'b', 'b']) await freeze(id)
        await Promise.all([freeze('c'), freeze('c'), freeze('c')])
        const settle = () => insist(() => lives!.settle({ requestId: 'a', user: ALICE }, 500))
        const release = () => insist(() => lives!.release({ requestId: 'b', user: ALICE }))
        await Promise.all([settle(), settle(), release(), release()])
        await Promise.all([settle(), release()])
        assert.deepEqual(await rehearsal.findings({ freezes: 3, settles: 1, releases: 1 }), [])
      })

      test(`${strategy} refuses what the user cannot pay, and what was never frozen`, async () => {
        await using rehearsal = await Rehearsal.prepare({ store, strategy, funds: 1_000 })
        const { lives } = await rehearsal.player()
        await lives!.freeze({ requestId: 'a', user: ALICE, amount: 616 })
        assert.equal(await codeOf(lives!.freeze({ requestId: 'b', user: ALICE, amount: 616 })), 'insufficient_funds')
        assert.equal(await codeOf(lives!.settle({ requestId: 'c', user: ALICE }, 1)), 'hold_not_found')
        assert.equal(await codeOf(lives!.release({ requestId: 'c', user: ALICE })), 'hold_not_found')
        assert.deepEqual(await rehearsal.findings({ freezes: 1 }), [])
      })
    }
  })
}
