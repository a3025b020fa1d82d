/** The same seed gives the same run, on every machine and at every time. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { makeScenario } from './scenario.ts'
import { simulate } from './simulation.ts'

const SEEDS = [1, 2, 3, 5, 8, 13, 21, 34]

async function digestsOf(seeds: readonly number[]): Promise<readonly string[]> {
  const digests: string[] = []
  for (const seed of seeds) digests.push((await simulate(makeScenario(seed), { traced: true })).digest)
  return digests
}

test('the same seed gives the same run, byte for byte', async () => {
  const first = await digestsOf(SEEDS)
  assert.equal(new Set(first).size, SEEDS.length)
  assert.deepEqual(await digestsOf(SEEDS), first)
  // Earlier runs do not influence later ones.
  assert.deepEqual(await digestsOf(SEEDS.toReversed()), first.toReversed())
})

test('no clock, chance or timer but the simulated ones takes part', async (t) => {
  const expected = await digestsOf(SEEDS)
  const asked = forgeMachine(t)
  const found = await digestsOf(SEEDS)
  t.mock.restoreAll()
  assert.deepEqual(found, expected)
  assert.deepEqual(asked, [])
})

/** Changes the time and the random numbers on every call, and lists every module that asks for a timer. */
function forgeMachine(t: TestContext): readonly string[] {
  const asked: string[] = []
  let readings = 0
  const reading = (): number => ++readings * 7_919
  t.mock.method(Date, 'now', reading)
  t.mock.method(performance, 'now', reading)
  t.mock.method(Math, 'random', () => (reading() % 1_000) / 1_000)
  for (const name of ['setTimeout', 'setInterval', 'setImmediate'] as const) {
    t.mock.method(globalThis, name, () => {
      asked.push(new Error(name).stack ?? name)
      throw new Error(`${name} takes part.`)
    })
  }
  return asked
}
