import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stateIn } from './replica.ts'

const caughtUp = { role: 'replica', isCaughtUp: true, ageMs: 0, unknown: null }

test('a replica of several sources is as old as the oldest one, and a second is added to whole seconds', () => {
  assert.deepEqual(stateIn([{ Seconds_Behind_Source: '0' }], true), caughtUp)
  assert.deepEqual(stateIn([{ Seconds_Behind_Master: '0' }], false), caughtUp)
  const rows = [{ Seconds_Behind_Source: '0' }, { Seconds_Behind_Source: '3' }]
  assert.deepEqual(stateIn(rows, true), { ...caughtUp, isCaughtUp: false, ageMs: 4_000 })
})

test('a replica with a stopped source, and a read-only server without one, are of an unknown age', () => {
  for (const rows of [[{ Seconds_Behind_Source: '0' }, { Seconds_Behind_Source: null }], []]) {
    const state = stateIn(rows, true)
    assert.ok(state.role === 'replica' && state.ageMs === null && !state.isCaughtUp)
    assert.match(state.unknown!, /stopped|follows no other/)
  }
  assert.deepEqual(stateIn([], false), { role: 'primary' })
})
