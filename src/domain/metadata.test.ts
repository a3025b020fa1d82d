import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalMetadata, type Metadata } from './metadata.ts'

const scalars = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null))
const metadata: fc.Arbitrary<Metadata> = fc.dictionary(fc.string(), scalars, { maxKeys: 5 })

function sorted(record: Metadata): unknown {
  return Object.entries(record).toSorted(([left], [right]) => (left < right ? -1 : 1))
}

test('the order of the keys makes no difference', () => {
  fc.assert(
    fc.property(metadata, (one) => {
      const other = Object.fromEntries(Object.entries(one).reverse())
      assert.equal(canonicalMetadata(one), canonicalMetadata(other))
    }),
  )
})

test('contents that differ have texts that differ', () => {
  fc.assert(
    fc.property(metadata, metadata, (one, other) => {
      const same = canonicalMetadata(one) === canonicalMetadata(other)
      const equal = JSON.stringify(sorted(one)) === JSON.stringify(sorted(other))
      assert.equal(same, equal)
    }),
  )
})

test('none is not the same as empty', () => {
  assert.notEqual(canonicalMetadata(null), canonicalMetadata({}))
})

test('a number is not the same as its text', () => {
  assert.notEqual(canonicalMetadata({ a: 1 }), canonicalMetadata({ a: '1' }))
  assert.notEqual(canonicalMetadata({ a: null }), canonicalMetadata({ a: 'null' }))
  assert.notEqual(canonicalMetadata({ a: 1 }), canonicalMetadata({ a: true }))
})
