import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changesOf } from '../../test/conformance/books.ts'
import { FaultyStore } from '../../test/support/faulty-store.ts'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { openMemoryStorage } from '../stores/memory/storage.ts'
import { BreakerStore } from './breaker.ts'
import { Measures } from './measures.ts'

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
