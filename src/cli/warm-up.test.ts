import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLevel, warmUp } from './warm-up.ts'

test('a process is warm when its rounds get no faster', () => {
  const falling = Array.from({ length: 40 }, (_, round) => 200 * 0.9 ** round)
  assert.equal(isLevel([]), false)
  assert.equal(isLevel(falling), false)
  assert.equal(isLevel([...falling.slice(0, 10), 60, 61, 59, 60]), false, 'a level of 60 after 77 is a gain')
  assert.equal(isLevel([...falling.slice(0, 10), 78, 76, 79, 77]), true)
  // One slow round, of a machine that was busy, does not hide the level.
  assert.equal(isLevel([...falling.slice(0, 10), 78, 500, 76, 77]), true)
  assert.equal(isLevel(Array.from({ length: 5 }, () => 10)), false, 'a few rounds say little')
})

test('a warm-up ends at its time limit, and when it is not wanted any more', async () => {
  let rounds = 0
  const ended = await warmUp(3_600_000, () => rounds++ < 3)
  assert.equal(ended.roundsCount, 3)
  assert.ok(ended.firstMs > 0 && ended.lastMs > 0)
  assert.equal((await warmUp(0)).roundsCount, 0)
})
