import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BALANCE_CHANGED, BALANCE_OPENED } from './balance-row.ts'
import { HOLD_CHANGED, HOLD_ENDED, HOLD_OPENED_STEPPED } from './hold-row.ts'
import { POSTING } from './posting-row.ts'
import { rowKind, rowUpdate } from './row-kind.ts'

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
