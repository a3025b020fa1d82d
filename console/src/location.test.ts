import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hrefOf, locationIn } from './location.ts'

const NAME = fc.string({
  unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCodePoint(code)),
  minLength: 1,
  maxLength: 128,
})

test('every name gets into an address and out of it', () => {
  fc.assert(
    fc.property(NAME, fc.string(), (name, value) => {
      const { steps, query } = locationIn(hrefOf(['accounts', name], { memo: value, kind: null }))
      assert.deepEqual(steps, ['accounts', name])
      assert.equal(query.get('memo') ?? '', value)
      assert.equal(query.has('kind'), false)
    }),
  )
})

test('usual names stay readable, and a mistyped address is shown as it is', () => {
  assert.equal(hrefOf(['accounts', 'user:8'], { asset: 'gold' }), '#/accounts/user:8?asset=gold')
  assert.equal(hrefOf(['accounts', '@revenue']), '#/accounts/@revenue')
  assert.deepEqual(locationIn('#/accounts/50%').steps, ['accounts', '50%'])
  assert.deepEqual(locationIn('').steps, [])
})
