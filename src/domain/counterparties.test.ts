import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alternating, COUNTERPARTIES_MAX, COUNTERPARTY_POSTINGS_MAX, oppositeCounterparties } from './counterparties.ts'

test('payers and payees alternate as long as there are both, and those without a change come last', () => {
  const order = (changes: readonly bigint[]): readonly bigint[] => alternating(changes, (change) => change)
  assert.deepEqual(order([0n, -1n, -2n, 3n, 0n]), [-1n, 3n, -2n, 0n, 0n])
  assert.deepEqual(order([5n, 6n, 7n, -18n]), [-18n, 5n, 6n, 7n])
  assert.deepEqual(order([]), [])
})

test('there may be more counterparties only if as many as fit were seen before the bound', () => {
  const side = { account: 'user:8', asset: 'credit', change: -1n }
  const opposite = (count: number, asset = 'credit') =>
    Array.from({ length: count }, (_, index) => ({ account: `user:${index}`, asset }))
  const isMore = (found: readonly { account: string; asset: string }[], count: number): boolean =>
    oppositeCounterparties(side, found, count).moreCounterparties
  assert.equal(isMore(opposite(COUNTERPARTIES_MAX), 1_000), false)
  assert.equal(isMore(opposite(COUNTERPARTIES_MAX + 1), COUNTERPARTIES_MAX + 2), true)
  assert.equal(isMore(opposite(COUNTERPARTIES_MAX + 1, 'gem'), COUNTERPARTY_POSTINGS_MAX), false)
  assert.equal(isMore(opposite(COUNTERPARTIES_MAX + 1, 'gem'), COUNTERPARTY_POSTINGS_MAX + 1), true)
})
