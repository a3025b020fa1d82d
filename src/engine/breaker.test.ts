import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changesOf } from '../../test/conformance/books.ts'
import { FaultyStore } from '../../test/support/faulty-store.ts'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { openMemoryStorage } from '../stores/memory/storage.ts'
import { BreakerStore } from './breaker.ts'
import { Measures } from './measures.ts'
import type { Trouble } from './observer.ts'

const CHANGES = changesOf({})

test('a database that loses connections in the middle of commits is given a pause as one that does not answer', async () => {
  for (const failure of ['doubt-lost', 'unavailable'] as const) {
    const clock = new ManualClock()
    const store = new FaultyStore(openMemoryStorage().store)
    const guarded = new BreakerStore(store, clock, { breakerFailures: 3, breakerOpenMs: 1_000 }, new Measures(clock))
    store.script.push(failure, failure, failure)
    for (let attempt = 1; attempt <= 3; attempt++) await assert.rejects(guarded.commit(CHANGES))
    const calls = store.calls.length
    await assert.rejects(guarded.commit(CHANGES), { code: 'store_unavailable', applied: 'no' })
    assert.equal(store.calls.length, calls, 'nobody asks the database during the pause')
    await clock.advance(1_000)
    assert.equal(await guarded.commit(CHANGES), 'committed')
  }
})

test('lock trouble is no failure: a row that many want does not end the service of the others', async () => {
  const clock = new ManualClock()
  const measures = new Measures(clock)
  const store = new FaultyStore(openMemoryStorage().store)
  const guarded = new BreakerStore(store, clock, { breakerFailures: 2, breakerOpenMs: 1_000 }, measures)
  store.script.push('unavailable', ...Array<'contended'>(10).fill('contended'), 'unavailable')
  await assert.rejects(guarded.commit(CHANGES))
  for (let attempt = 1; attempt <= 10; attempt++) assert.equal(await guarded.commit(CHANGES), 'deadlock')
  await assert.rejects(guarded.commit(CHANGES))
  assert.equal(guarded.isOpen, false, 'the database has answered between the two failures')
  assert.equal(await guarded.commit(CHANGES), 'committed')
  assert.deepEqual(measures.breakerOpened, { reads: 0, writes: 0 })
})

test('observers are told when it opens, with the fault, and when it closes, with the time that it was open', async () => {
  const clock = new ManualClock()
  const measures = new Measures(clock)
  const store = new FaultyStore(openMemoryStorage().store)
  const troubles: Trouble[] = []
  const observer = { onTrouble: (trouble: Trouble): void => void troubles.push(trouble) }
  const guarded = new BreakerStore(store, clock, { breakerFailures: 2, breakerOpenMs: 1_000 }, measures, observer)
  // The probe fails once: the circuit stays open, which is no second opening.
  store.script.push('unavailable', 'unavailable', 'unavailable')
  for (let attempt = 1; attempt <= 2; attempt++) await assert.rejects(guarded.commit(CHANGES))
  await clock.advance(1_000)
  await assert.rejects(guarded.commit(CHANGES))
  await clock.advance(1_000)
  assert.equal(await guarded.commit(CHANGES), 'committed')
  const [opened, closed, ...more] = troubles
  assert.ok(opened?.kind === 'breaker_opened' && opened.fault?.code === 'store_unavailable', JSON.stringify(opened))
  assert.deepEqual(
    [opened.circuit, closed, more],
    ['writes', { kind: 'breaker_closed', circuit: 'writes', openMs: 2_000 }, []],
  )
  assert.deepEqual(measures.breakerOpened, { reads: 0, writes: 1 })
})
