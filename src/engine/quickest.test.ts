import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Quickest } from './quickest.ts'

test('is the shortest of the last values, and forgets the ones before', () => {
  const quickest = new Quickest()
  assert.equal(quickest.value, 0)
  for (const value of [5, 3, 9]) quickest.observe(value)
  assert.equal(quickest.value, 3)
  for (let index = 0; index < 64; index++) quickest.observe(7)
  assert.equal(quickest.value, 3)
  for (let index = 0; index < 128; index++) quickest.observe(7)
  assert.equal(quickest.value, 7)
})
