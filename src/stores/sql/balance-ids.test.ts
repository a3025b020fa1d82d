import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BalanceIds } from './balance-ids.ts'

const STRETCH_MS = 2 ** 20

test('no id is given out twice, whatever the clock does', () => {
  let now = Date.UTC(2030, 0, 1)
  const ids = new BalanceIds(() => now)
  const given = new Set<number>()
  for (let index = 0; index < 10_000; index++) {
    now += index % 3 === 0 ? -STRETCH_MS : STRETCH_MS / 2
    given.add(ids.next())
  }
  assert.equal(given.size, 10_000)
})

test('ids of balances that appear together are neighbours', () => {
  const ids = new BalanceIds(() => Date.UTC(2030, 0, 1))
  const first = ids.next()
  assert.deepEqual([ids.next(), ids.next()], [first + 1, first + 2])
})

test('a later stretch of time has greater ids', () => {
  let now = Date.UTC(2030, 0, 1)
  const early = new BalanceIds(
    () => now,
    (below) => below - 1,
  ).next()
  now += STRETCH_MS
  const late = new BalanceIds(
    () => now,
    () => 1,
  ).next()
  assert.ok(late > early)
})

test('processes start at places of their own', () => {
  const now = (): number => Date.UTC(2030, 0, 1)
  const starts = new Set(Array.from({ length: 100 }, () => new BalanceIds(now).next()))
  assert.ok(starts.size > 95)
})

test('ids are safe integers above 0, from a clock that is behind to the year 2090', () => {
  for (const year of [1970, 2025, 2090]) {
    const ids = new BalanceIds(
      () => Date.UTC(year, 0, 1),
      (below) => below - 1,
    )
    const id = ids.next()
    assert.ok(Number.isSafeInteger(id) && id > 0, `${year}: ${id}`)
  }
})
