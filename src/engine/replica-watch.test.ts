import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../../test/support/manual-clock.ts'
import type { ReplicaState } from './replica.ts'
import { ReplicaWatch } from './replica-watch.ts'

const CAUGHT_UP: ReplicaState = { role: 'replica', isCaughtUp: true, ageMs: 0, unknown: null }

function watchOf(clock: ManualClock) {
  const source = { state: CAUGHT_UP as ReplicaState | Error, count: 0 }
  const replicaState = async (): Promise<ReplicaState> => {
    source.count++
    if (source.state instanceof Error) throw source.state
    return source.state
  }
  return { source, watch: new ReplicaWatch({ replicaState }, { lagMsMax: 5_000 }, clock) }
}

test('nothing is known before the server has answered, and that is too old', async () => {
  const { watch } = watchOf(new ManualClock())
  const { role, lagMs, behind } = watch.current()
  assert.deepEqual([role, lagMs], ['unknown', null])
  assert.match(behind!, /not known. The server has not said it yet/)
  assert.deepEqual(await watch.check(), { role: 'replica', lagMs: 0, behind: null })
})

test('the server is asked once for all, and again after a second', async () => {
  const clock = new ManualClock()
  const { source, watch } = watchOf(clock)
  await Promise.all([watch.check(), watch.check()])
  await watch.check()
  assert.equal(source.count, 1)
  await clock.advance(1_000)
  await watch.check()
  assert.equal(source.count, 2)
})

test('a lag that was found a while ago is that much larger', async () => {
  const clock = new ManualClock()
  const { source, watch } = watchOf(clock)
  source.state = { role: 'replica', isCaughtUp: false, ageMs: 3_000, unknown: null }
  await watch.check()
  await clock.advance(900)
  assert.equal(watch.current().lagMs, 3_900)
})

test('after a pause of the source the age of the last transaction does not count', async () => {
  const clock = new ManualClock()
  const { source, watch } = watchOf(clock)
  await watch.check()
  await clock.advance(1_000)
  source.state = { role: 'replica', isCaughtUp: false, ageMs: 3_600_000, unknown: null }
  assert.deepEqual(await watch.check(), { role: 'replica', lagMs: 1_000, behind: null })
})

test('a replica that is stopped, and one that does not answer, get older until they are too old', async () => {
  for (const state of [
    { role: 'replica', isCaughtUp: false, ageMs: null, unknown: 'It is stopped.' } as const,
    new Error('It is gone.'),
  ]) {
    const clock = new ManualClock()
    const { source, watch } = watchOf(clock)
    await watch.check()
    source.state = state
    await clock.advance(5_000)
    assert.deepEqual(await watch.check(), { role: 'replica', lagMs: 5_000, behind: null })
    await clock.advance(1)
    assert.match(watch.current().behind!, /may be 5001 ms behind; the bound is 5000 ms/)
  }
})

test('without a bound nothing is too old', async () => {
  const clock = new ManualClock()
  const failing = { replicaState: () => Promise.reject(new Error('It is gone.')) }
  const watch = new ReplicaWatch(failing, { lagMsMax: null }, clock)
  assert.deepEqual(await watch.check(), { role: 'unknown', lagMs: null, behind: null })
})

test('a primary is not behind, but one that does not answer any more may be', async () => {
  const clock = new ManualClock()
  const { source, watch } = watchOf(clock)
  source.state = { role: 'primary' }
  assert.equal((await watch.check()).lagMs, 0)
  await clock.advance(4_000)
  assert.equal((await watch.check()).lagMs, 0)
  source.state = new Error('It is gone.')
  await clock.advance(6_000)
  assert.equal((await watch.check()).lagMs, 6_000)
})
