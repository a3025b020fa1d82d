import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sample, seededRandom } from './random.ts'
import { pickerOf, usersOf, type Distribution } from './users.ts'

const DRAWS = 20_000

function shares(distribution: Distribution, count: number): readonly number[] {
  const pick = pickerOf(usersOf(count), distribution, seededRandom(1))
  const drawn = new Map<number, number>()
  for (let draw = 0; draw < DRAWS; draw++) {
    const user = pick()
    drawn.set(user, (drawn.get(user) ?? 0) + 1)
  }
  return usersOf(count).map((user) => (drawn.get(user) ?? 0) / DRAWS)
}

test('the same seed draws the same, another one something else', () => {
  const draw = (seed: number) => {
    const random = seededRandom(seed)
    return Array.from({ length: 10 }, () => random())
  }
  assert.deepEqual(draw(7), draw(7))
  assert.notDeepEqual(draw(7), draw(8))
  for (const value of draw(7)) assert.ok(value >= 0 && value < 1)
})

test('uniform draws every user alike', () => {
  for (const share of shares('uniform', 10)) assert.ok(Math.abs(share - 0.1) < 0.01, String(share))
})

test('Zipf draws the second user half as often as the first, and the tenth a tenth as often', () => {
  const drawn = shares('zipf', 100)
  assert.ok(Math.abs(drawn[1]! / drawn[0]! - 1 / 2) < 0.05, String(drawn[1]! / drawn[0]!))
  assert.ok(Math.abs(drawn[9]! / drawn[0]! - 1 / 10) < 0.03, String(drawn[9]! / drawn[0]!))
  assert.ok(drawn.every((share) => share > 0))
})

test('a sample has nobody twice, and everybody can be in it', () => {
  const random = seededRandom(3)
  const seen = new Set<number>()
  for (let draw = 0; draw < 100; draw++) {
    const drawn = sample(random, usersOf(50), 11)
    assert.equal(new Set(drawn).size, 11)
    for (const user of drawn) seen.add(user)
  }
  assert.equal(seen.size, 50)
})
