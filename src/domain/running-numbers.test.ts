import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RunningNumbers } from './running-numbers.ts'

const PERIOD_MS = 2 ** 20
const LOWEST = (): number => 0
const HIGHEST = (): number => 1 - Number.EPSILON / 2

function at(now: number, random: () => number = Math.random): RunningNumbers {
  return new RunningNumbers(() => now, random)
}

test('no number is given out twice, whatever the clock does', () => {
  let now = Date.UTC(2030, 0, 1)
  const numbers = new RunningNumbers(() => now, Math.random)
  const given = new Set<number>()
  for (let index = 0; index < 10_000; index++) {
    now += index % 3 === 0 ? -PERIOD_MS : PERIOD_MS / 2
    given.add(numbers.next())
  }
  assert.equal(given.size, 10_000)
})

test('the numbers of rows that are written together are neighbours', () => {
  const { next } = at(Date.UTC(2030, 0, 1))
  const first = next()
  assert.deepEqual([next(), next()], [first + 1, first + 2])
})

test('a later period has greater numbers', () => {
  const now = Date.UTC(2030, 0, 1)
  assert.ok(at(now + PERIOD_MS, LOWEST).next() > at(now, HIGHEST).next())
})

test('a process that met the numbers of another one passes over them', () => {
  const now = Date.UTC(2030, 0, 1)
  const [first, second] = [at(now, () => 0.25), at(now, () => 0.25)]
  const taken = new Set(Array.from({ length: 10_000 }, () => first.next()))
  assert.ok(taken.has(second.next()))
  second.leap()
  assert.ok(Array.from({ length: 10_000 }, () => second.next()).every((number) => !taken.has(number)))
})

test('no number is given out twice by a process that leaps', () => {
  let now = Date.UTC(2030, 0, 1)
  const numbers = new RunningNumbers(() => now, Math.random)
  let last = 0
  for (let index = 0; index < 1_000; index++) {
    if (index % 3 === 0) numbers.leap()
    now += index % 2 === 0 ? PERIOD_MS / 3 : -1
    const number = numbers.next()
    assert.ok(Number.isSafeInteger(number) && number > last)
    last = number
  }
})

test('processes start at places of their own', () => {
  const now = Date.UTC(2030, 0, 1)
  const starts = new Set(Array.from({ length: 100 }, () => at(now).next()))
  assert.ok(starts.size > 95)
})

test('numbers are safe integers above 0, from a clock that is behind to the year 2090', () => {
  for (const year of [1970, 2025, 2090]) {
    for (const random of [LOWEST, HIGHEST]) {
      const number = at(Date.UTC(year, 0, 1), random).next()
      assert.ok(Number.isSafeInteger(number) && number > 0, `${year}: ${number}`)
    }
  }
})
