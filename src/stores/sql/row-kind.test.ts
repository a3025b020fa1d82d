import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BALANCE_CHANGED, BALANCE_OPENED } from './balance-row.ts'
import { HOLD_ENDED, HOLD_OPENED, HOLD_STEPPED } from './hold-row.ts'
import { rowKind, rowUpdate } from './row-kind.ts'
import { RUN } from './run-row.ts'

test('an update makes of a row what an insert of the record would, and compares it with the record before', () => {
  const { rowOf, compared, assigned } = BALANCE_CHANGED
  const before = {
    ...BALANCE_OPENED.sample,
    available: -1n,
    held: -2n,
    floor: -3n,
    standing: 'blocked',
    version: -4,
  } as const
  const row: Readonly<Record<string, unknown>> = rowOf({ before, after: BALANCE_OPENED.sample })
  const inserted: Readonly<Record<string, unknown>> = BALANCE_OPENED.rowOf(BALANCE_OPENED.sample)
  for (const column of [...assigned, 'id']) assert.equal(row[column], inserted[column], column)
  const insertedBefore: Readonly<Record<string, unknown>> = BALANCE_OPENED.rowOf(before)
  for (const column of compared) assert.equal(row[`before_${column}`], insertedBefore[column], column)
})

test('the row of an end has the first columns of the row of a step, and its author', () => {
  const own = ['actor', 'trace']
  assert.deepEqual(
    [...HOLD_STEPPED.columns.slice(0, HOLD_ENDED.columns.length - own.length), ...own],
    HOLD_ENDED.columns,
  )
})

test('the types of columns are those of the sample', () => {
  assert.deepEqual([...RUN.texts], ['packed'])
  assert.deepEqual([...RUN.bytes], [])
  assert.deepEqual([...HOLD_OPENED.texts], ['id_text', 'kind', 'metadata', 'payee'])
  assert.deepEqual([...HOLD_OPENED.bytes], ['id', 'trace'])
})

test('a sample that shows no type of a column, and rows out of order, are refused', () => {
  assert.throws(
    () => rowKind('assets', ({ name }: { name: string | null }) => ({ name }), { name: null }),
    /has no name/,
  )
  const idFirst = rowKind('assets', (id: string) => ({ id, name: id }), 'x')
  const beforeFirst = rowKind('assets', (id: string) => ({ before_name: id, name: id, id }), 'x')
  const noId = rowKind('assets', (name: string) => ({ name }), 'x')
  const refusals = [
    () => rowUpdate(idFirst, 'id'),
    () => rowUpdate(beforeFirst, 'id'),
    () => rowUpdate(noId, 'id' as 'name'),
  ]
  for (const refused of refusals) {
    assert.throws(refused, /out of order/)
  }
})
