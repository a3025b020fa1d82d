import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSources } from './source.ts'
import { timeOfDayViolations } from './time-of-day.ts'

test('nothing waits by the time of day: only what is named asks for it', () => {
  assert.deepEqual(timeOfDayViolations(readSources('src/**/*.ts')), [])
})

test('every way to ask for the time of day is refused', () => {
  for (const text of [
    'const until = Date.now() + 5',
    "const now = Date['now']()",
    'const clock = Date.now',
    'new Date()',
  ]) {
    assert.deepEqual(timeOfDayViolations([{ path: 'src/client/pause.ts', text }]), [
      'src/client/pause.ts:1: reads the time of day; measure durations by performance.now()',
    ])
    assert.deepEqual(timeOfDayViolations([{ path: 'src/engine/clock.ts', text }]), [])
  }
})

test('instants that are given can be written', () => {
  assert.deepEqual(timeOfDayViolations([{ path: 'src/api/wire.ts', text: 'new Date(instant).toISOString()' }]), [])
})
