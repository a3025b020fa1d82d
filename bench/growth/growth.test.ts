import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openScratchServer } from '../databases/scratch.ts'
import { strategiesThatPlay, STRATEGIES } from '../strategies/catalogue.ts'
import { grow, type GrowthStep } from './growth.ts'

const OPTIONS = { lives: 50, steps: 2, users: 3, inFlight: 10, ids: 'v4' } as const

for (const name of ['holdfast', 'update-first'] as const) {
  test(`${name} is measured in steps of equally many lives`, async () => {
    assert.ok(strategiesThatPlay('lives').includes(name))
    await using server = await openScratchServer('sqlite:')
    const steps: GrowthStep[] = []
    const { signal } = new AbortController()
    await grow(server, STRATEGIES[name], { ...OPTIONS, signal }, (step) => steps.push(step))
    assert.deepEqual(
      steps.map(({ lives }) => lives),
      [25, 50],
    )
    for (const { commandsPerSecond, p50Ms, p99Ms, bytes, lives, bytesPerLife } of steps) {
      assert.ok(commandsPerSecond > 0 && p50Ms > 0 && p99Ms >= p50Ms && bytes > 0)
      assert.equal(bytesPerLife, bytes / lives)
    }
  })
}

test('an interrupted run ends without another step', async () => {
  await using server = await openScratchServer('sqlite:')
  const interruption = new AbortController()
  const steps: GrowthStep[] = []
  await grow(server, STRATEGIES.holdfast, { ...OPTIONS, steps: 10, signal: interruption.signal }, (step) => {
    steps.push(step)
    interruption.abort()
  })
  assert.equal(steps.length, 1)
})
