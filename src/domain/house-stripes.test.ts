import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HOUSE_STRIPE_TURNS, HOUSE_STRIPES, HouseStripes } from './house-stripes.ts'

test('a house account has the stripe of its engine, and everybody else has the only one', () => {
  const stripes = new HouseStripes(5)
  assert.deepEqual([stripes.of('@issuer', 'credit'), stripes.of('user:8', 'credit')], [5, 0])
})

test('the next stripe applies to one account and asset alone, and from then on', () => {
  const before = new HouseStripes(5)
  const after = before.followedBy({ account: '@issuer', asset: 'gem', stripe: 1_029 })
  const further = after.followedBy({ account: '@revenue', asset: 'gem', stripe: 2_053 })
  const of = (stripes: HouseStripes): number[] => [
    stripes.of('@issuer', 'gem'),
    stripes.of('@issuer', 'credit'),
    stripes.of('@revenue', 'gem'),
    stripes.of('user:8', 'gem'),
  ]
  assert.deepEqual(
    [of(before), of(after), of(further)],
    [
      [5, 5, 5, 0],
      [1_029, 5, 5, 0],
      [1_029, 5, 2_053, 0],
    ],
  )
})

test('the stripes that one engine writes are none of another one', () => {
  const seen = new Set<number>()
  for (const first of [0, 1, 2, HOUSE_STRIPES - 1]) {
    const names = new HouseStripes(first).turnsOf('@issuer', 'credit')
    assert.equal(names[0]!.stripe, first)
    for (const { stripe } of names) seen.add(stripe)
  }
  assert.equal(seen.size, 4 * HOUSE_STRIPE_TURNS)
})
