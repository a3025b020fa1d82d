import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeKey, type StoredField } from './stored-key.ts'

function field(hex: string, changes: Partial<StoredField> = {}): StoredField {
  return { length: hex.length / 2, hex, ascii: '', isCut: false, ...changes }
}

test('keys are shown as they were stored', () => {
  const keys: readonly (readonly [fields: readonly (StoredField | null)[], text: string])[] = [
    [[field('8000000000000001')], '1'],
    [[field('80000007')], '7'],
    [[field('757365723a31'), field('800000000000000a')], "'user:1', 10"],
    [[field('7573'), null], "'us', NULL"],
    [[field('00ff')], '0x00ff'],
    [[field('75736572', { isCut: true })], "'user…'"],
    // The transaction and the pointer that follow a primary key, and the columns after them.
    [[field('8000000000000001'), field('00000000d40b'), field('0100000183184d'), field('616c')], '1'],
    [[field('73757072656d756d', { ascii: 'supremum' })], 'the supremum of the index'],
    [[], ''],
  ]
  for (const [fields, text] of keys) assert.equal(decodeKey(fields), text)
})
