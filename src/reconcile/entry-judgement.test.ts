import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entry, EntryKind, Posting } from '../domain/journal.ts'
import { extraEntry, judgeEntry, type EntryRules } from './entry-judgement.ts'
import type { Fix } from './finding.ts'
import type { ListRow } from './list.ts'

const BASE = { entryId: 'e', kind: 'deposit' as EntryKind, stripe: 0, version: 1, heldDelta: 0n, held: 0n, at: 1 }

function entry(
  kind: EntryKind,
  ...moves: readonly (readonly [account: string, delta: bigint, asset?: string])[]
): Entry {
  const postings: Posting[] = moves.map(([account, availableDelta, asset = 'credit'], stripe) => {
    return { ...BASE, kind, account, asset, stripe, availableDelta, available: availableDelta }
  })
  return {
    id: 'e',
    kind,
    hold: null,
    by: null,
    at: 1,
    memo: null,
    metadata: null,
    floor: null,
    overdraft: false,
    legs: null,
    postings,
  }
}

const DEPOSIT = entry('deposit', ['@issuer', -40n], ['user:8', 40n])
const CHARGE = entry('charge', ['user:8', -40n], ['@revenue', 40n])
const SPLIT = entry('transfer', ['user:8', -40n], ['user:9', 30n], ['user:7', 10n])
const STRIPED = entry('transfer', ['@pool', -10n], ['@pool', -30n], ['user:9', 40n])
const ACROSS = entry('transfer', ['user:8', -40n], ['@exchange', 40n], ['@exchange', -4n, 'gem'], ['user:8', 4n, 'gem'])

const ROW: ListRow = {
  line: 2,
  requestId: 'e',
  state: 'done',
  amount: 40n,
  account: null,
  counterparty: null,
  asset: null,
}
const OTHERS = {
  failed: { ...ROW, state: 'failed', amount: null },
  pending: { ...ROW, state: 'pending', amount: null },
} as const

const CASES: readonly (readonly [kind: EntryRules['kind'], row: ListRow, entry: Entry | null, code: string | null])[] =
  [
    ['deposit', ROW, DEPOSIT, null],
    ['deposit', ROW, null, 'missing'],
    ['deposit', OTHERS.failed, null, null],
    ['deposit', OTHERS.pending, null, null],
    ['deposit', OTHERS.failed, DEPOSIT, 'different'],
    ['deposit', OTHERS.pending, DEPOSIT, 'different'],
    ['deposit', { ...ROW, amount: 41n }, DEPOSIT, 'different'],
    ['deposit', { ...ROW, account: 'user:8', asset: 'credit' }, DEPOSIT, null],
    ['deposit', { ...ROW, account: '@issuer' }, DEPOSIT, 'different'],
    ['deposit', { ...ROW, asset: 'gem' }, DEPOSIT, 'different'],
    ['deposit', ROW, CHARGE, 'different'],
    ['deposit', ROW, entry('freeze', ['user:8', -40n]), 'different'],
    ['charge', { ...ROW, account: 'user:8', counterparty: '@revenue' }, CHARGE, null],
    ['charge', { ...ROW, account: '@revenue' }, CHARGE, 'different'],
    ['charge', { ...ROW, counterparty: 'user:9' }, CHARGE, 'different'],
    ['transfer', { ...ROW, account: 'user:8', counterparty: 'user:7' }, SPLIT, null],
    ['transfer', { ...ROW, counterparty: 'user:8' }, SPLIT, 'different'],
    ['transfer', { ...ROW, account: '@pool' }, STRIPED, null],
    ['transfer', ROW, ACROSS, 'different'],
    ['transfer', { ...ROW, account: 'user:8' }, ACROSS, null],
    ['transfer', { ...ROW, asset: 'gem', amount: 4n }, ACROSS, null],
  ]

test('an entry agrees with a row of its kind, amount, asset and accounts', () => {
  for (const [kind, row, found, code] of CASES) {
    const finding = judgeEntry(row, found, { kind, asset: 'credit', bookMissing: false })
    assert.equal(finding?.code ?? null, code, JSON.stringify([kind, row.state, String(row.amount), found?.kind]))
    assert.equal(finding?.fix ?? null, null)
  }
})

test('a missing entry is booked only if it is asked for, with every account known', () => {
  const fixOf = (kind: EntryRules['kind'], row: Partial<ListRow>, bookMissing = true): Fix | null =>
    judgeEntry({ ...ROW, ...row }, null, { kind, asset: 'gem', bookMissing })!.fix
  const movement = { requestId: 'e', amount: 40n }
  const both = { account: 'user:8', counterparty: 'user:9' }
  assert.equal(fixOf('deposit', both, false), null)
  assert.equal(fixOf('deposit', {}), null)
  assert.equal(fixOf('deposit', { account: 'user:8', amount: 0n }), null)
  assert.deepEqual(fixOf('deposit', both), { kind: 'deposit', account: 'user:8', ...movement, asset: 'gem' })
  assert.deepEqual(fixOf('charge', both), {
    kind: 'charge',
    account: 'user:8',
    payee: 'user:9',
    ...movement,
    asset: 'gem',
  })
  assert.equal(fixOf('transfer', { account: 'user:8' }), null)
  assert.deepEqual(fixOf('transfer', { ...both, asset: 'credit' }), {
    kind: 'transfer',
    requestId: 'e',
    legs: [{ from: 'user:8', to: 'user:9', asset: 'credit', amount: 40n }],
  })
})

test('an entry that the list does not have is described by its balances', () => {
  const { code, ours, asset, message } = extraEntry(SPLIT)
  assert.deepEqual([code, ours, asset], ['extra', 40n, 'credit'])
  assert.match(message, /transfer \(user:8 -40 credit, user:9 \+30 credit, user:7 \+10 credit\) in the ledger/)
})
