import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AMOUNT_MAX } from '../domain/amount.ts'
import type { Hold } from '../domain/hold.ts'
import type { Fix } from './finding.ts'
import { extraFinding, judge } from './judgement.ts'
import type { ListRow } from './list.ts'

const OPEN: Hold = {
  id: 'call-1',
  account: 'user:8',
  asset: 'credit',
  payee: '@revenue',
  state: 'open',
  amount: 616n,
  held: 616n,
  settled: 0n,
  released: 0n,
  drawn: 0n,
  shortfall: 0n,
  refunded: 0n,
  settledLate: 0n,
  onExpiry: null,
  expiresAt: 2,
  createdAt: 1,
  endedAt: null,
  steps: 0,
  metadata: null,
}
const SETTLED: Hold = { ...OPEN, state: 'settled', held: 0n, settled: 500n, released: 116n, endedAt: 2 }
const RELEASED: Hold = { ...OPEN, state: 'released', held: 0n, released: 616n, endedAt: 2 }
const EXPIRED: Hold = { ...RELEASED, state: 'expired' }

const NAMES = { account: null, counterparty: null, asset: null }
const DONE: ListRow = { line: 2, requestId: 'call-1', state: 'done', amount: 500n, ...NAMES }
const DONE_AT_700: ListRow = { ...DONE, amount: 700n }
const FAILED: ListRow = { ...DONE, state: 'failed', amount: null }
const PENDING: ListRow = { ...DONE, state: 'pending', amount: null }

const settle = (amount: bigint, overage: 'reject' | 'draw'): Fix => ({
  kind: 'settle',
  hold: 'call-1',
  ifSteps: 0,
  amount,
  overage,
})
const RELEASE: Fix = { kind: 'release', hold: 'call-1', ifSteps: 0 }

type Case = readonly [row: ListRow, hold: Hold | null, code: string | null, fix?: Fix]

const CASES: readonly Case[] = [
  [DONE, null, 'missing'],
  [FAILED, null, null],
  [PENDING, null, 'missing'],
  [DONE, OPEN, 'unfinished', settle(500n, 'reject')],
  [DONE_AT_700, OPEN, 'unfinished'],
  [
    { ...DONE, account: 'user:8', counterparty: '@revenue', asset: 'credit' },
    OPEN,
    'unfinished',
    settle(500n, 'reject'),
  ],
  [{ ...DONE, account: 'user:9' }, OPEN, 'different'],
  [{ ...DONE, account: 'user:9' }, SETTLED, 'different'],
  [{ ...DONE, counterparty: 'user:9' }, SETTLED, 'different'],
  [{ ...DONE, asset: 'gem' }, SETTLED, 'different'],
  [FAILED, OPEN, 'unfinished', RELEASE],
  [PENDING, OPEN, null],
  [DONE, { ...OPEN, settled: 100n, held: 516n }, 'unfinished'],
  [FAILED, { ...OPEN, settled: 100n, held: 516n }, 'unfinished'],
  [DONE, SETTLED, null],
  [DONE_AT_700, SETTLED, 'different'],
  [FAILED, SETTLED, 'different'],
  [PENDING, SETTLED, 'different'],
  [DONE, RELEASED, 'different'],
  [FAILED, RELEASED, null],
  [FAILED, EXPIRED, null],
  [DONE, EXPIRED, 'different'],
  [DONE, { ...EXPIRED, settled: 500n, settledLate: 500n, drawn: 500n }, null],
  [FAILED, { ...EXPIRED, settled: 30n, released: 586n }, 'different'],
  [DONE, { ...RELEASED, settled: 500n, released: 116n }, null],
  [DONE, { ...SETTLED, refunded: 50n }, 'different'],
  [{ ...DONE, amount: 450n }, { ...SETTLED, refunded: 50n }, null],
  [FAILED, { ...SETTLED, refunded: 500n }, null],
  [DONE, { ...SETTLED, refunded: 500n }, 'different'],
  [{ ...DONE, amount: 0n }, { ...SETTLED, settled: 0n, released: 616n }, null],
  [FAILED, { ...SETTLED, settled: 0n, released: 616n }, 'different'],
  [{ ...DONE, amount: 0n }, RELEASED, 'different'],
  [PENDING, EXPIRED, 'different'],
]

for (const [row, hold, code, fix = null] of CASES) {
  const amount = row.amount === null ? '' : ` at ${row.amount}`
  const here =
    hold === null
      ? 'no hold'
      : `${hold.state}${hold.settled > 0n ? ` at ${hold.settled}` : ''}${hold.refunded > 0n ? ` less ${hold.refunded}` : ''}`
  test(`${row.state}${amount} there and ${here} here is ${code ?? 'agreement'}`, () => {
    const finding = judge(row, hold, 'reject')
    assert.deepEqual([finding?.code ?? null, finding?.fix ?? null], [code, fix])
  })
}

test('more than is held is settled only as somebody said it should be', () => {
  assert.deepEqual(judge(DONE_AT_700, OPEN, 'draw')?.fix, settle(700n, 'draw'))
})

test('an amount that no command can settle at once is reported, and left to people', () => {
  const beyond = judge({ ...DONE, amount: AMOUNT_MAX + 1n }, OPEN, 'draw')
  assert.equal(beyond?.fix, null)
  assert.match(beyond?.message ?? '', /one command can move at most 10000000000000000/)
  assert.deepEqual(judge({ ...DONE, amount: AMOUNT_MAX }, OPEN, 'draw')?.fix, settle(AMOUNT_MAX, 'draw'))
})

test('a hold that nobody knows is given back only when it is old and untouched', () => {
  assert.equal(extraFinding(OPEN, false).fix, null)
  assert.deepEqual(extraFinding(OPEN, true).fix, RELEASE)
  assert.equal(extraFinding({ ...OPEN, settled: 1n }, true).fix, null)
  assert.equal(extraFinding(SETTLED, true).fix, null)
})

test('a refunded amount is reported and subtracted', () => {
  const { message, ours } = extraFinding({ ...SETTLED, refunded: 20n }, false)
  assert.deepEqual(
    [message, ours],
    ['unknown in the external system, settled at 500 with 20 of it refunded in the ledger', 480n],
  )
  const open = extraFinding({ ...OPEN, settled: 100n, held: 516n }, false)
  assert.deepEqual(
    [open.message, open.ours],
    ['unknown in the external system, open with 516 held and 100 settled in the ledger', 516n],
  )
})
