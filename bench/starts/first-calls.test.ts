import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstCalls } from './first-calls.ts'

/** So long that a busy machine does not end the warm-up. */
const WARM_UP_MS = 30_000
const ROUNDS = 3

test('the first calls of a warmed-up service are faster than those of a cold one', async (t) => {
  const cold: number[] = []
  const warm: number[] = []
  // The first process also reads the files of the program, and this process is cold too.
  await firstCalls('memory:', 0, 1)
  for (let round = 0; round < ROUNDS; round++) {
    cold.push((await firstCalls('memory:', 0, 1)).meansMs[0]!)
    warm.push((await firstCalls('memory:', WARM_UP_MS, 1)).meansMs[0]!)
  }
  const [coldMs, warmMs] = [Math.min(...cold), Math.min(...warm)]
  t.diagnostic(`cold ${coldMs.toFixed(1)} ms, warm ${warmMs.toFixed(1)} ms`)
  // Without other load it is a quarter.
  assert.ok(warmMs < 0.75 * coldMs, `cold ${cold.join(', ')}; warm ${warm.join(', ')}`)
})
