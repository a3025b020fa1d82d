import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newBalanceId } from './balance-ids.ts'

const HOUR_MS = 3_600_000

test('an id is a safe integer above zero, now and in the year 2140', () => {
  for (const now of [0, Date.UTC(2025, 0, 1), Date.now(), Date.UTC(2140, 0, 1)]) {
    for (let index = 0; index < 100; index++) {
      const id = newBalanceId(now)
      assert.ok(Number.isSafeInteger(id) && id > 0, String(id))
    }
  }
})

test('ids of a later hour are greater', () => {
  const now = Date.UTC(2030, 5, 1)
  for (let index = 0; index < 100; index++) assert.ok(newBalanceId(now) < newBalanceId(now + HOUR_MS))
})

test('ids of one hour differ', () => {
  const ids = Array.from({ length: 1_000 }, () => newBalanceId())
  assert.equal(new Set(ids).size, ids.length)
})
