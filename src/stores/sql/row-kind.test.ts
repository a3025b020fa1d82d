import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describe as describePosting } from '../../domain/post.ts'
import { ASSET, assetOf } from './asset-row.ts'
import { BALANCE_CHANGED, BALANCE_OPENED, balanceOf } from './balance-row.ts'
import { entryOf, STEP_ENTRY } from './entry-row.ts'
import { HOLD_CHANGED, HOLD_ENDED, HOLD_OPENED, HOLD_OPENED_STEPPED, holdOf } from './hold-row.ts'
import { POSTING, postingOf } from './posting-row.ts'
import { RATE, rateOf } from './rate-row.ts'
import { rowKind, rowUpdate, type RowKind } from './row-kind.ts'

/** The row as a driver may give it: integers as text. */
function stored<Of>(kind: RowKind<Of>, record = kind.sample, unset: 0 | null = null): Record<string, unknown> {
  const row = Object.entries(kind.rowOf(record, unset))
  return Object.fromEntries(row.map(([column, value]) => [column, value === null ? null : String(value)]))
}

test('every record is read from its row as it was written', () => {
  const { account, asset } = HOLD_OPENED_STEPPED.sample
  const hold = { ...stored(HOLD_OPENED_STEPPED), account, asset }
  assert.deepEqual(holdOf(hold), HOLD_OPENED_STEPPED.sample)
  assert.deepEqual(entryOf(stored(STEP_ENTRY), []), STEP_ENTRY.sample)
  assert.deepEqual(balanceOf(stored(BALANCE_OPENED)), BALANCE_OPENED.sample)
  const balance = BALANCE_OPENED.sample
  const posting = { ...stored(POSTING), account: balance.account, asset: balance.asset, stripe: balance.stripe }
  assert.deepEqual(postingOf(posting), describePosting(POSTING.sample, balance))
  assert.deepEqual(rateOf(stored(RATE)), RATE.sample)
  assert.deepEqual(assetOf(stored(ASSET)), ASSET.sample)
})

test('an open hold has no end, whatever stands for what its end fills in', () => {
  const { account, asset } = HOLD_OPENED.sample
  const open = { ...HOLD_OPENED_STEPPED.sample, state: 'open', end: null } as const
  for (const unset of [0, null] as const) {
    assert.deepEqual(holdOf({ ...stored(HOLD_OPENED_STEPPED, open, unset), account, asset }), open)
  }
})

test('an update makes of a row what an insert of the record would', () => {
  const { sample } = HOLD_OPENED_STEPPED
  const inserted = HOLD_OPENED_STEPPED.rowOf(sample, null) as Record<string, unknown>
  for (const row of [HOLD_ENDED.rowOf(sample, null), HOLD_CHANGED.rowOf({ before: sample, after: sample }, null)]) {
    for (const [column, value] of Object.entries(row))
      assert.equal(value, inserted[column.replace('before_', '')], column)
  }
  const { rowOf, compared } = BALANCE_CHANGED
  const before = { ...BALANCE_OPENED.sample, available: -1n, held: -2n, floor: -3n, version: -4 }
  const row = rowOf({ before, after: BALANCE_OPENED.sample }, null) as Record<string, unknown>
  for (const column of compared) assert.equal(row[`before_${column}`], before[column as keyof typeof before], column)
})

test('the types of columns are those of the sample', () => {
  assert.deepEqual([...POSTING.texts], ['entry_id', 'kind'])
})

test('a sample that shows no type of a column, and rows out of order, are refused', () => {
  assert.throws(
    () => rowKind('assets', ({ name }: { name: string | null }) => ({ name }), { name: null }),
    /has no name/,
  )
  const idFirst = rowKind('assets', (id: string) => ({ id, name: id }), 'x')
  const beforeFirst = rowKind('assets', (id: string) => ({ before_name: id, name: id, id }), 'x')
  const noId = rowKind('assets', (name: string) => ({ name }), 'x')
  for (const refused of [() => rowUpdate(idFirst), () => rowUpdate(beforeFirst), () => rowUpdate(noId)]) {
    assert.throws(refused, /out of order/)
  }
})
