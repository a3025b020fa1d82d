import assert from 'node:assert/strict'
import { test } from 'node:test'
import { examineUser, type Duplicates } from './examination.ts'
import { accountOf, checkMapping, correctionId, MAPPING_DEFAULT, type Mapping } from './mapping.ts'

const NONE: Duplicates = { users: new Set(), requestIds: new Set() }

function codesOf(balance: string | null, frozen: string | null, mapping: Partial<Mapping> = {}): readonly string[] {
  const user = { key: '8', balance, frozen }
  const { breaches } = examineUser(
    { user, freezes: [], duplicates: NONE },
    { ...MAPPING_DEFAULT, ...mapping },
    { freezesMax: 1 },
  )
  return breaches.map(({ code }) => code)
}

test('amounts are read exactly or not at all', () => {
  for (const whole of ['0', '007', '10000000000000000', '5.000', '-0']) assert.deepEqual(codesOf(whole, '0'), [], whole)
  for (const whole of ['10000000000000001', '9223372036854775807', '9223372036854775808'])
    assert.deepEqual(codesOf(whole, '0'), ['out_of_range'], whole)
  assert.deepEqual(codesOf('10000000000000000', '1', { balanceMeans: 'available' }), [
    'freezes_unlike_frozen',
    'out_of_range',
  ])
  for (const text of ['1e3', '$5', '', 'NaN', '5.', '+5', '0x5'])
    assert.deepEqual(codesOf(text, '0'), ['not_a_number'], text)
  assert.deepEqual(codesOf('1.005', '0', { scale: 2 }), ['decimals'])
  assert.deepEqual(codesOf('1.05', '0', { scale: 2 }), [])
  assert.deepEqual(codesOf('-1', '0'), ['negative'])
})

test('what is frozen counts into the balance or comes on top of it, as the mapping says', () => {
  const read = (balanceMeans: Mapping['balanceMeans']) => {
    const freezes = [{ key: '1', requestId: 'call-1', user: '8', amount: '30' }]
    const user = { key: '8', balance: '100', frozen: '30' }
    return examineUser({ user, freezes, duplicates: NONE }, { ...MAPPING_DEFAULT, balanceMeans }, { freezesMax: 1 })
      .opening
  }
  assert.equal(read('total')?.total, 100n)
  assert.equal(read('available')?.total, 130n)
})

test('more open freezes than are summed at once are reported', () => {
  const freezes = ['1', '2'].map((key) => ({ key, requestId: `call-${key}`, user: '8', amount: '5' }))
  const user = { key: '8', balance: '10', frozen: '10' }
  const { opening, breaches } = examineUser({ user, freezes, duplicates: NONE }, MAPPING_DEFAULT, { freezesMax: 1 })
  assert.equal(opening, null)
  assert.deepEqual(
    breaches.map(({ code }) => code),
    ['too_many_freezes'],
  )
})

test('a key becomes part of a name, never more', () => {
  assert.equal(accountOf(MAPPING_DEFAULT, '8'), 'user:8')
  assert.equal(accountOf(MAPPING_DEFAULT, '$&'), null)
  assert.equal(accountOf({ ...MAPPING_DEFAULT, account: '{id}' }, '@revenue'), null)
})

test('names and templates that cannot be right are refused', () => {
  const wrong: readonly Partial<Mapping>[] = [
    { account: 'user' },
    { account: '{id}{id}' },
    { account: '@user:{id}' },
    { asset: 'Gold' },
    { prefix: 'longer-than-8' },
    { openStatuses: [] },
    { users: { ...MAPPING_DEFAULT.users, table: 'a.b.c' } },
    { users: { ...MAPPING_DEFAULT.users, balance: 'balance`' } },
    { freezes: { ...MAPPING_DEFAULT.freezes, status: 'a b' } },
  ]
  for (const mapping of wrong) {
    assert.throws(
      () => checkMapping({ ...MAPPING_DEFAULT, ...mapping }),
      { code: 'invalid_request' },
      JSON.stringify(mapping),
    )
  }
  assert.doesNotThrow(() =>
    checkMapping({ ...MAPPING_DEFAULT, users: { ...MAPPING_DEFAULT.users, table: 'shop.users' } }),
  )
})

test('the longest request id of a correction is one', () => {
  const mapping = { ...MAPPING_DEFAULT, prefix: 'p'.repeat(8), asset: 'a'.repeat(16) }
  assert.ok(correctionId(mapping, 'x'.repeat(64), 999_999_999_999_999, 9_223_372_036_854_775_807n).length <= 128)
})
