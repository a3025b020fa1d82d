import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Changes } from '../../domain/changes.ts'
import { compareLocks, inLockOrder } from './lock-order.ts'

function name(account: string, asset = 'credit', stripe = 0) {
  return { account, asset, stripe }
}

test('people come before house accounts, then names go by code unit, asset and stripe', () => {
  const ordered = [
    name('Z'),
    name('a', 'credit'),
    name('a', 'gem'),
    name('user:10'),
    name('user:9'),
    name('@issuer', 'credit', 2),
    name('@issuer', 'credit', 10),
    name('@revenue'),
  ]
  assert.deepEqual(ordered.toReversed().toSorted(compareLocks), ordered)
})

test('balances and their postings are written in that order, and the postings of one balance stay in theirs', () => {
  const balance = (id: number, account: string) => {
    const before = { id, ...name(account), available: 0n, held: 0n, floor: 0n, version: 1 }
    return { before, after: { ...before, version: 3 } }
  }
  const posting = (balanceId: number, version: number) => ({
    balanceId,
    version,
    entryId: 'e',
    kind: 'charge' as const,
    availableDelta: 0n,
    heldDelta: 0n,
    available: 0n,
    held: 0n,
    at: 0,
  })
  const changes: Changes = {
    entries: [],
    holdsOpened: [],
    holdsChanged: [],
    holdsStepped: [],
    holdSteps: [],
    postings: [posting(1, 2), posting(2, 2), posting(9, 7), posting(1, 3), posting(2, 3)],
    balances: [balance(1, '@revenue'), balance(2, 'user:8')],
    accounts: [],
    assets: [],
    rates: [],
    ratesUsed: [],
  }
  const ordered = inLockOrder(changes)
  assert.deepEqual(
    ordered.balances.map(({ after }) => after.id),
    [2, 1],
  )
  assert.deepEqual(
    ordered.postings.map(({ balanceId, version }) => [balanceId, version]),
    [
      [2, 2],
      [2, 3],
      [1, 2],
      [1, 3],
      // A balance that does not change is written too: the database checks its version.
      [9, 7],
    ],
  )
})
