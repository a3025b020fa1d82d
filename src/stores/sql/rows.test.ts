/** Every field of a record has a column: what is written is read again. A field without a column fails here for every store. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Asset } from '../../domain/asset.ts'
import type { BalanceRecord } from '../../domain/balance.ts'
import { showHold, type HoldRecord } from '../../domain/hold.ts'
import type { EntryRecord, Posting, PostingRecord } from '../../domain/journal.ts'
import { describe } from '../../domain/post.ts'
import type { Rate } from '../../domain/rate.ts'
import { assetOf, assetRow } from './asset-row.ts'
import { balanceOf, balanceRow } from './balance-row.ts'
import { entryOf, stepEntryRow } from './entry-row.ts'
import { HOLD_CHANGED, holdOf, steppedHoldRow } from './hold-row.ts'
import { postingOf, postingRow } from './posting-row.ts'
import { rateOf, rateRow } from './rate-row.ts'

const BALANCE: BalanceRecord = {
  id: 8,
  account: 'user:8',
  asset: 'gem',
  stripe: 3,
  available: 1n,
  held: 2n,
  floor: -4n,
  version: 5,
}
const PLAIN: HoldRecord = {
  id: 'job-616',
  kind: 'freeze',
  account: BALANCE.account,
  asset: BALANCE.asset,
  payee: '@promo',
  state: 'expired',
  amount: 10n,
  held: 11n,
  settled: 12n,
  released: 13n,
  drawn: 14n,
  shortfall: 15n,
  refunded: 16n,
  settledLate: 17n,
  onExpiry: { settle: 18n },
  expiresAt: 19,
  createdAt: 20,
  metadata: { model: 'llama' },
  fingerprint: 21,
  balanceId: BALANCE.id,
  openedVersion: 22,
  end: { at: 23, fingerprint: 24, version: 25, payee: { balanceId: 26, version: 27 } },
  steps: 28,
  firstAnswers: null,
}
const HOLD: HoldRecord = {
  ...PLAIN,
  firstAnswers: { freeze: showHold(PLAIN), end: showHold({ ...PLAIN, onExpiry: null }) },
}
const POSTING: PostingRecord = {
  balanceId: BALANCE.id,
  version: 30,
  entryId: 'job-616~late',
  kind: 'settle',
  availableDelta: 31n,
  heldDelta: 32n,
  available: 33n,
  held: 34n,
  at: 35,
}
const DESCRIBED: Posting = describe(POSTING, BALANCE)
const ENTRY: EntryRecord = {
  id: 'job-616~late',
  kind: 'settle',
  at: 40,
  fingerprint: 41,
  memo: 'a memo',
  metadata: { a: 1 },
  floor: -42n,
  legs: [
    { from: 'a', to: 'b', asset: 'gem', amount: 43n, toAsset: 'gem', toAmount: 43n, rate: null },
    {
      from: 'a',
      to: 'b',
      asset: 'gem',
      amount: 44n,
      toAsset: 'usd',
      toAmount: 45n,
      rate: { version: 46, numerator: 47n, denominator: 48n, rounding: 'up', remainder: -49n },
    },
  ],
  step: { hold: HOLD.id, number: 50, after: showHold(HOLD) },
  postings: [{ balanceId: BALANCE.id, posting: DESCRIBED }],
}
const RATE: Rate = {
  from: 'gem',
  to: 'usd',
  version: 60,
  numerator: 61n,
  denominator: 62n,
  rounding: 'half-even',
  tolerancePpm: 63,
  declaredAt: 64,
}
const ASSET: Asset = { code: 'gem', decimals: 2, name: 'Gem', createdAt: 70 }

const { account, asset, stripe } = BALANCE

test('a balance', () => assert.deepEqual(balanceOf(balanceRow(BALANCE)), BALANCE))
test('a rate', () => assert.deepEqual(rateOf(rateRow(RATE)), RATE))
test('an asset', () => assert.deepEqual(assetOf(assetRow(ASSET)), ASSET))
test('a posting, with the names of its balance', () => {
  assert.deepEqual(postingOf({ ...postingRow(POSTING), account, asset, stripe }), DESCRIBED)
})
test('an entry, with everything that an entry can have', () => {
  assert.deepEqual(entryOf(stepEntryRow(ENTRY), [DESCRIBED]), ENTRY)
})
for (const unset of [0, null] as const) {
  test(`a hold, where ${unset} is what its end fills in`, () => {
    const names = { account, asset }
    assert.deepEqual(holdOf({ ...steppedHoldRow(HOLD, unset), ...names }), HOLD)
    const open: HoldRecord = { ...HOLD, state: 'open', end: null, onExpiry: null, metadata: null }
    assert.deepEqual(holdOf({ ...steppedHoldRow(open, unset), ...names }), open)
    // A step may change every field that the freeze has not fixed.
    const before: HoldRecord = { ...open, metadata: HOLD.metadata, steps: 0, firstAnswers: null }
    const changed = HOLD_CHANGED.rowOf({ before, after: HOLD }, unset)
    assert.deepEqual(holdOf({ ...steppedHoldRow(before, unset), ...changed, ...names }), HOLD)
  })
}
