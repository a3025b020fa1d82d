import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BalanceRecord } from '../../domain/balance.ts'
import type { Changes } from '../../domain/changes.ts'
import type { PostingRecord } from '../../domain/journal.ts'
import { ACTIVE } from '../../domain/standing.ts'
import { RUN } from '../sql/run-row.ts'
import { writesOf } from '../sql/writes.ts'
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

test('balances and their runs are written in that order', () => {
  const balance = (id: number, account: string): BalanceRecord => {
    return { id, ...name(account), available: 0n, held: 0n, floor: 0n, debt: 0n, ...ACTIVE, version: 1 }
  }
  const changed = (id: number, account: string) => {
    const before = balance(id, account)
    return { before, after: { ...before, version: 2 } }
  }
  const opened = (id: number, account: string) => {
    return { before: { ...balance(id, account), version: 0 }, after: balance(id, account) }
  }
  const posting = (balanceId: number): PostingRecord => ({ ...RUN.sample.postings[0]!, balanceId })
  const changes: Changes = {
    entries: [],
    holdsOpened: [],
    charges: [],
    holdChanges: [],
    // A balance that does not change is written too: the database checks its version.
    postings: [1, 9, 2, 3, 4, 1].map(posting),
    balances: [changed(1, '@revenue'), opened(2, 'user:9'), changed(3, 'user:8'), opened(4, 'user:7')],
    entryOrder: [],
    standings: [],
    accounts: [],
    assets: [],
    houses: [],
    housesUsed: [],
    rates: [],
    ratesUsed: [],
  }
  const ordered = inLockOrder(writesOf(changes))
  const ids = (records: readonly { readonly id: number }[]) => records.map(({ id }) => id)
  assert.deepEqual(ids(ordered.balancesChanged.map(({ after }) => after)), [3, 1])
  assert.deepEqual(ids(ordered.balancesOpened), [4, 2])
  assert.deepEqual(
    ordered.runs.map(({ balanceId, postings }) => [balanceId, postings.length]),
    [
      [4, 1],
      [3, 1],
      [2, 1],
      [1, 2],
      [9, 1],
    ],
  )
})
