/** The simulation must be able to fail: every deliberate bug is caught, and the product without one passes. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hunt } from './bug-hunt.ts'
import { DELIBERATE_BUGS } from './deliberate-bugs.ts'
import { replaceIn } from './patched-modules.ts'
import { makeScenario } from './scenario.ts'
import { simulate } from './simulation.ts'

/** Every bug is tried on the same seeds. */
const SEEDS_MAX = 3_000

describe('deliberate bugs', () => {
  test('without a bug, the first seeds are clean', async () => {
    for (let seed = 1; seed <= 50; seed++) {
      assert.deepEqual((await simulate(makeScenario(seed))).violations, [], `seed ${seed}`)
    }
  })

  for (const bug of DELIBERATE_BUGS) {
    test(`${bug.name} is caught`, async (t) => {
      const { seeds, what } = await hunt(bug, SEEDS_MAX)
      assert.ok(what !== null, `${bug.name} was not noticed in ${seeds} seeds`)
      t.diagnostic(`${bug.name}: ${seeds} seeds, ${what.slice(0, 120)}`)
    })
  }

  test('a bug whose text is gone, or is there twice, does not pass for one', () => {
    const replacement = { path: 'src/a.ts', find: 'one', put: 'two' }
    assert.equal(replaceIn('just one here', replacement), 'just two here')
    assert.throws(() => replaceIn('nothing here', replacement), /0 places/)
    assert.throws(() => replaceIn('one and one', replacement), /2 places/)
  })
})
