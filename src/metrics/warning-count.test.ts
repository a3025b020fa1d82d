import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { WarningCount, WARNINGS_AGE_MS_MAX } from './warning-count.ts'

function open(inspect: () => Promise<readonly string[]>) {
  const clock = new ManualClock()
  const storage = { warnings: ['A'], inspect, looks: 0 }
  const counted = {
    ...storage,
    inspect: async () => {
      storage.looks++
      return await inspect()
    },
  }
  return { clock, storage, count: new WarningCount(counted, clock) }
}

test('the warnings are read again at most once per age limit, and the number is that of the last look', async () => {
  const { clock, storage, count } = open(() => Promise.resolve(['A', 'B']))
  assert.equal(count.current(), 1)
  await clock.advance(WARNINGS_AGE_MS_MAX - 1)
  assert.equal(count.current(), 1)
  assert.equal(storage.looks, 0)
  await clock.advance(1)
  assert.equal(count.current(), 1)
  await clock.advance(0)
  assert.equal(count.current(), 2)
  assert.equal(count.current(), 2)
  assert.equal(storage.looks, 1)
})

test('a database that does not answer is asked once at a time, and nobody waits for it', async () => {
  const { clock, storage, count } = open(() => new Promise(() => undefined))
  for (let round = 0; round < 3; round++) {
    await clock.advance(WARNINGS_AGE_MS_MAX)
    assert.equal(count.current(), 1)
  }
  assert.equal(storage.looks, 1)
})

test('a look that fails leaves the number, and is tried again after the age limit', async () => {
  const answers = [() => Promise.reject(new Error('No.')), () => Promise.resolve([])]
  const { clock, storage, count } = open(() => answers.shift()!())
  await clock.advance(WARNINGS_AGE_MS_MAX)
  count.current()
  await clock.advance(0)
  assert.equal(count.current(), 1)
  assert.equal(storage.looks, 1)
  await clock.advance(WARNINGS_AGE_MS_MAX)
  count.current()
  await clock.advance(0)
  assert.equal(count.current(), 0)
})
