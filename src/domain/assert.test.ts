import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertLaw, assertTransition, type Transitions } from './assert.ts'

test('an assertion that fails names its law', () => {
  assertLaw(3, true, 'versions have no gaps')
  assert.throws(
    () => assertLaw(3, false, 'versions have no gaps'),
    /^Error: Law 3 would be broken: versions have no gaps$/,
  )
})

test('a state is followed by those of its table only', () => {
  const transitions: Transitions<'open' | 'ended'> = { open: ['ended'], ended: [] }
  assertTransition(transitions, 'open', 'ended')
  assert.throws(() => assertTransition(transitions, 'ended', 'open'), /"ended" to "open"/)
  assert.throws(() => assertTransition(transitions, 'open', 'open'), /"open" to "open"/)
})
