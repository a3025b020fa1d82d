import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measureCosts } from './observation.ts'

test('a ledger with a log of commands, and one with metrics, are compared with one without', async () => {
  const cases = ['metrics', 'log-all'] as const
  const costs = await measureCosts({ stretches: 1, commands: 1_000, cases })
  assert.deepEqual(
    costs.map(({ name }) => name),
    cases,
  )
  for (const { without, with: observed, rateChange, cpuChange } of costs) {
    assert.ok(without.commandsPerSecond > 0 && without.cpuUs > 0)
    assert.equal(rateChange, observed.commandsPerSecond / without.commandsPerSecond - 1)
    assert.equal(cpuChange, observed.cpuUs / without.cpuUs - 1)
  }
})
